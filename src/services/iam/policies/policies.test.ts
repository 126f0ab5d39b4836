import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { addAccount, allow, openWorld, policy, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const root = <O = object>(operation: string, input: object = {}) =>
    run<O>(world, service, world.root, operation, input);
  return { world, service, root };
}

const DOCUMENT = policy(allow('s3:GetObject', 'arn:aws:s3:::example/*'));
const ARN = 'arn:aws:iam::111122223333:policy/team/Read';
const TRUST = policy({ Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' });

const create = { PolicyName: 'Read', Path: '/team/', PolicyDocument: DOCUMENT, Description: 'reads' };

test('a managed policy is made, shown and listed as IAM does', async () => {
  const { root } = await open();
  const { Policy } = await root<iam.CreatePolicyResponse>('CreatePolicy', create);
  assert.match(Policy?.PolicyId ?? '', /^ANPA[A-Z2-7]{17}$/);
  const listed = {
    PolicyName: 'Read',
    PolicyId: Policy?.PolicyId,
    Arn: ARN,
    Path: '/team/',
    DefaultVersionId: 'v1',
    AttachmentCount: 0,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: new Date('2026-11-22T00:00:00Z'),
    UpdateDate: new Date('2026-11-22T00:00:00Z'),
  };
  assert.deepEqual(await root('GetPolicy', { PolicyArn: ARN }), {
    Policy: { ...listed, Description: 'reads', Tags: [] },
  });
  assert.deepEqual(await root('ListPolicies', { Scope: 'Local' }), {
    Policies: [listed],
    IsTruncated: false,
  });
  await assert.rejects(
    root('CreatePolicy', { ...create, PolicyName: 'READ', Path: '/' }),
    refusal('EntityAlreadyExists', 'A policy called READ already exists. Duplicate names are not allowed.'),
  );
});

test('documents come back URL-encoded as RFC 3986 has it', async () => {
  const { root } = await open();
  const document = policy({
    ...allow('s3:GetObject'),
    Sid: 'x',
    Condition: { StringLike: { 'aws:username': "(a)!'*" } },
  });
  await root('CreatePolicy', { ...create, PolicyDocument: document });
  const { PolicyVersion } = await root<iam.GetPolicyVersionResponse>('GetPolicyVersion', {
    PolicyArn: ARN,
    VersionId: 'v1',
  });
  assert.match(PolicyVersion?.Document ?? '', /^[A-Za-z0-9%._~-]+$/);
  assert.match(PolicyVersion?.Document ?? '', /%28a%29%21%27%2A/);
  assert.equal(decodeURIComponent(PolicyVersion?.Document ?? ''), document);
});

test('a policy has five versions at most; numbers are not used again', async () => {
  const { root } = await open();
  await root('CreatePolicy', create);
  const newVersion = (more: object = {}) =>
    root<iam.CreatePolicyVersionResponse>('CreatePolicyVersion', {
      PolicyArn: ARN,
      PolicyDocument: DOCUMENT,
      ...more,
    });
  for (const VersionId of ['v2', 'v3', 'v4']) {
    assert.deepEqual((await newVersion()).PolicyVersion, {
      VersionId,
      IsDefaultVersion: false,
      CreateDate: new Date('2026-11-22T00:00:00Z'),
    });
  }
  assert.equal((await newVersion({ SetAsDefault: true })).PolicyVersion?.IsDefaultVersion, true);
  await assert.rejects(
    newVersion(),
    refusal(
      'LimitExceeded',
      'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
    ),
  );
  const version = (VersionId: string) => ({ PolicyArn: ARN, VersionId });
  await assert.rejects(
    root('DeletePolicyVersion', version('v5')),
    refusal('DeleteConflict', 'Cannot delete the default version of a policy.'),
  );
  await root('SetDefaultPolicyVersion', version('v2'));
  await root('DeletePolicyVersion', version('v5'));
  assert.equal((await newVersion()).PolicyVersion?.VersionId, 'v6');
  const { Versions } = await root<iam.ListPolicyVersionsResponse>('ListPolicyVersions', { PolicyArn: ARN });
  assert.deepEqual(
    Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
    [
      ['v6', false],
      ['v4', false],
      ['v3', false],
      ['v2', true],
      ['v1', false],
    ],
  );
  await assert.rejects(
    root('GetPolicyVersion', version('v9')),
    refusal('NoSuchEntity', `Policy ${ARN} version v9 does not exist or is not attachable.`),
  );
});

test('a policy is deleted when nobody uses it and only its default version is left', async () => {
  const { root } = await open();
  await root('CreatePolicy', create);
  await root('CreateGroup', { GroupName: 'Staff' });
  await root('AttachGroupPolicy', { GroupName: 'Staff', PolicyArn: ARN });
  await root('CreatePolicyVersion', { PolicyArn: ARN, PolicyDocument: DOCUMENT });
  const refused = (words: RegExp) =>
    assert.rejects(root('DeletePolicy', { PolicyArn: ARN }), refusal('DeleteConflict', words));
  await refused(/^Cannot delete a policy attached to entities\.$/);
  await root('DetachGroupPolicy', { GroupName: 'Staff', PolicyArn: ARN });
  await refused(/^This policy has more than one version\./);
  await root('DeletePolicyVersion', { PolicyArn: ARN, VersionId: 'v2' });
  await root('DeletePolicy', { PolicyArn: ARN });
  await assert.rejects(
    root('GetPolicy', { PolicyArn: ARN }),
    refusal('NoSuchEntity', `Policy ${ARN} was not found.`),
  );
});

test('a policy is found by exactly its ARN', async () => {
  const { world, service, root } = await open();
  await root('CreatePolicy', create);
  for (const PolicyArn of [
    'arn:aws:iam::111122223333:policy/Read',
    'arn:aws:iam::111122223333:policy/team/read',
    'arn:aws:iam::444455556666:policy/team/Read',
    'arn:aws:iam::aws:policy/team/Read',
  ]) {
    await assert.rejects(root('GetPolicy', { PolicyArn }), refusal('NoSuchEntity'));
  }
  await assert.rejects(
    root('GetPolicy', { PolicyArn: 'arn:aws-cn:iam::111122223333:policy/team/Read' }),
    refusal('ValidationError', 'Invalid ARN partition'),
  );
  await assert.rejects(
    root('GetPolicy', { PolicyArn: 'arn:aws:iam::111122223333:user/Read' }),
    refusal('InvalidInput', 'ARN arn:aws:iam::111122223333:user/Read is not valid.'),
  );
  const other = await addAccount(world, '444455556666');
  await assert.rejects(
    run(world, service, other.root, 'GetPolicy', { PolicyArn: ARN }),
    refusal('NoSuchEntity'),
  );
  await assert.rejects(
    run(world, service, other.root, 'CreatePolicyVersion', { PolicyArn: ARN, PolicyDocument: DOCUMENT }),
    refusal('NoSuchEntity'),
  );
});

test("AWS's own policies are there, in the account's partition, and cannot be changed", async () => {
  const { world, service, root } = await open();
  const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  const { Policy } = await root<iam.GetPolicyResponse>('GetPolicy', { PolicyArn });
  assert.equal(Policy?.PolicyName, 'AmazonS3ReadOnlyAccess');
  const read = { PolicyArn, VersionId: Policy!.DefaultVersionId };
  const { PolicyVersion } = await root<iam.GetPolicyVersionResponse>('GetPolicyVersion', read);
  assert.match(decodeURIComponent(PolicyVersion!.Document!), /"s3:Get\*"/);
  for (const operation of ['DeletePolicy', 'CreatePolicyVersion', 'SetDefaultPolicyVersion', 'TagPolicy']) {
    await assert.rejects(
      root(operation, { ...read, PolicyDocument: DOCUMENT, Tags: [] }),
      refusal('AccessDenied'),
    );
  }
  const names: (string | undefined)[] = [];
  for (let Marker: string | undefined, more = true; more; more = Marker !== undefined) {
    const input = { Scope: 'AWS', MaxItems: 1000, Marker };
    const page = await root<iam.ListPoliciesResponse>('ListPolicies', input);
    names.push(...page.Policies!.map(({ PolicyName }) => PolicyName));
    Marker = page.Marker;
  }
  assert.ok(names.length > 1500);
  for (const name of [
    'AdministratorAccess',
    'AmazonS3FullAccess',
    'AmazonS3ReadOnlyAccess',
    'AWSLambdaExecute',
    'AmazonEBSCSIDriverPolicy',
    'IAMFullAccess',
    'IAMReadOnlyAccess',
    'PowerUserAccess',
    'ReadOnlyAccess',
    'SecurityAudit',
  ]) {
    assert.ok(names.includes(name), name);
  }
  const china = await addAccount(world, '444455556666', 'aws-cn');
  const inChina = 'arn:aws-cn:iam::aws:policy/AmazonS3ReadOnlyAccess';
  await run(world, service, china.root, 'GetPolicy', { PolicyArn: inChina });
  await assert.rejects(
    run(world, service, china.root, 'GetPolicy', { PolicyArn }),
    refusal('ValidationError'),
  );
});

test('policies are listed by scope, path and use, in pages', async () => {
  const { root } = await open();
  for (const PolicyName of ['B', 'a', 'C']) {
    await root('CreatePolicy', {
      PolicyName,
      PolicyDocument: DOCUMENT,
      Path: PolicyName === 'C' ? '/x/' : '/',
    });
  }
  await root('CreateUser', { UserName: 'Bob' });
  await root('AttachUserPolicy', { UserName: 'Bob', PolicyArn: 'arn:aws:iam::111122223333:policy/B' });
  const aws = 'arn:aws:iam::aws:policy/IAMReadOnlyAccess';
  await root('AttachUserPolicy', { UserName: 'Bob', PolicyArn: aws });
  await root('PutUserPermissionsBoundary', {
    UserName: 'Bob',
    PermissionsBoundary: 'arn:aws:iam::111122223333:policy/a',
  });
  const names = async (input: object) => {
    const found: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page: iam.ListPoliciesResponse = await root('ListPolicies', { MaxItems: 2, ...input, Marker });
      found.push(...page.Policies!.map(({ PolicyName }) => PolicyName));
      Marker = page.Marker;
    } while (Marker !== undefined);
    return found;
  };
  assert.deepEqual(await names({ Scope: 'Local' }), ['a', 'B', 'C']);
  assert.deepEqual(await names({ Scope: 'Local', PathPrefix: '/x/' }), ['C']);
  assert.deepEqual(await names({ OnlyAttached: true }), ['a', 'B', 'IAMReadOnlyAccess']);
  assert.deepEqual(await names({ PolicyUsageFilter: 'PermissionsPolicy' }), ['B', 'IAMReadOnlyAccess']);
  assert.deepEqual(await names({ PolicyUsageFilter: 'PermissionsBoundary' }), ['a']);
  const all = await names({});
  assert.equal(new Set(all).size, all.length);
  assert.ok(all.length > 10);
});

test('who uses a policy is listed by kind and by use', async () => {
  const { root } = await open();
  await root('CreatePolicy', create);
  await root('CreateUser', { UserName: 'Bob', Path: '/u/' });
  await root('CreateGroup', { GroupName: 'Staff' });
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST, PermissionsBoundary: ARN });
  await root('AttachUserPolicy', { UserName: 'Bob', PolicyArn: ARN });
  await root('AttachGroupPolicy', { GroupName: 'Staff', PolicyArn: ARN });
  const list = async (input: object = {}) => {
    const found = await root<iam.ListEntitiesForPolicyResponse>('ListEntitiesForPolicy', {
      PolicyArn: ARN,
      ...input,
    });
    return [
      ...found.PolicyUsers!.map(({ UserName }) => UserName),
      ...found.PolicyGroups!.map(({ GroupName }) => GroupName),
      ...found.PolicyRoles!.map(({ RoleName }) => RoleName),
    ];
  };
  assert.deepEqual(await list(), ['Bob', 'Staff', 'App']);
  assert.deepEqual(await list({ EntityFilter: 'Group' }), ['Staff']);
  assert.deepEqual(await list({ PolicyUsageFilter: 'PermissionsBoundary' }), ['App']);
  assert.deepEqual(await list({ PathPrefix: '/u/' }), ['Bob']);
});

test('attached policies: twice is once, ten at most, only what exists', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  const arn = (index: number) => `arn:aws:iam::111122223333:policy/P${index}`;
  for (let index = 0; index < 11; index++) {
    await root('CreatePolicy', { PolicyName: `P${index}`, PolicyDocument: DOCUMENT });
  }
  const attach = (index: number) => root('AttachUserPolicy', { UserName: 'Bob', PolicyArn: arn(index) });
  for (let index = 0; index < 10; index++) await attach(index);
  await attach(0);
  await assert.rejects(attach(10), refusal('LimitExceeded', 'Cannot exceed quota for PoliciesPerUser: 10'));
  const { Policy } = await root<iam.GetPolicyResponse>('GetPolicy', { PolicyArn: arn(0) });
  assert.equal(Policy?.AttachmentCount, 1);
  await assert.rejects(
    attach(99),
    refusal('NoSuchEntity', `Policy ${arn(99)} does not exist or is not attachable.`),
  );
  await assert.rejects(
    root('DetachUserPolicy', { UserName: 'Bob', PolicyArn: arn(10) }),
    refusal('NoSuchEntity', `Policy ${arn(10)} was not found.`),
  );
  const { AttachedPolicies } = await root<iam.ListAttachedUserPoliciesResponse>('ListAttachedUserPolicies', {
    UserName: 'Bob',
    MaxItems: 1,
  });
  assert.deepEqual(AttachedPolicies, [{ PolicyName: 'P0', PolicyArn: arn(0) }]);
});

test('inline policies are kept by name and limited together', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  const put = (PolicyName: string, PolicyDocument: string) =>
    root('PutUserPolicy', { UserName: 'bob', PolicyName, PolicyDocument });
  await put('b', DOCUMENT);
  await put('a', policy(allow('s3:PutObject')));
  await put('a', DOCUMENT);
  assert.deepEqual(await root('ListUserPolicies', { UserName: 'Bob' }), {
    PolicyNames: ['a', 'b'],
    IsTruncated: false,
  });
  const shown = await root<iam.GetUserPolicyResponse>('GetUserPolicy', { UserName: 'bob', PolicyName: 'a' });
  assert.equal(shown.UserName, 'Bob');
  assert.equal(decodeURIComponent(shown.PolicyDocument!), DOCUMENT);
  const long = policy(allow('s3:GetObject', `arn:aws:s3:::example/${'x'.repeat(1900)}`));
  await assert.rejects(
    put('c', long),
    refusal('LimitExceeded', 'Maximum policy size of 2048 bytes exceeded for user Bob'),
  );
  await put('c', `${DOCUMENT}${' \n\t'.repeat(2000)}`);
  await root('DeleteUserPolicy', { UserName: 'Bob', PolicyName: 'a' });
  await assert.rejects(
    root('GetUserPolicy', { UserName: 'Bob', PolicyName: 'a' }),
    refusal('NoSuchEntity', 'The user policy with name a cannot be found.'),
  );
});

test('sizes are those of the quotas, without white space', async () => {
  const { root } = await open();
  const sized = (size: number) => {
    const empty = policy(allow('s3:GetObject', 'arn:aws:s3:::example/'));
    return policy(allow('s3:GetObject', `arn:aws:s3:::example/${'x'.repeat(size - empty.length)}`));
  };
  await root('CreatePolicy', { PolicyName: 'Fits', PolicyDocument: `${sized(6144)}  ` });
  await assert.rejects(
    root('CreatePolicy', { PolicyName: 'Over', PolicyDocument: sized(6145) }),
    refusal('LimitExceeded', 'Cannot exceed quota for PolicySize: 6144'),
  );
  await root('CreateGroup', { GroupName: 'Staff' });
  await assert.rejects(
    root('PutGroupPolicy', { GroupName: 'Staff', PolicyName: 'p', PolicyDocument: sized(5121) }),
    refusal('LimitExceeded', 'Maximum policy size of 5120 bytes exceeded for group Staff'),
  );
  await root('CreateRole', { RoleName: 'App', AssumeRolePolicyDocument: TRUST });
  await root('PutRolePolicy', { RoleName: 'App', PolicyName: 'p', PolicyDocument: sized(10240) });
  await assert.rejects(
    root('PutRolePolicy', { RoleName: 'App', PolicyName: 'q', PolicyDocument: DOCUMENT }),
    refusal('LimitExceeded', 'Maximum policy size of 10240 bytes exceeded for role App'),
  );
});

test('documents are checked before they are stored', async () => {
  const { root } = await open();
  await root('CreateUser', { UserName: 'Bob' });
  const put = (PolicyDocument: string) =>
    root('PutUserPolicy', { UserName: 'Bob', PolicyName: 'p', PolicyDocument });
  await assert.rejects(put('{"Version":"2012-10-17"'), refusal('MalformedPolicyDocument'));
  await assert.rejects(
    put(policy({ ...allow('s3:GetObject'), Principal: '*' })),
    refusal('MalformedPolicyDocument', /principal/),
  );
  await assert.rejects(
    put(policy(allow('s3:GetObject', 'arn:aws-cn:s3:::example/*'))),
    refusal(
      'MalformedPolicyDocument',
      'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::example/*".',
    ),
  );
  assert.deepEqual(await root('ListUserPolicies', { UserName: 'Bob' }), {
    PolicyNames: [],
    IsTruncated: false,
  });
});

test('a boundary is set, replaced and taken away', async () => {
  const { root } = await open();
  await root('CreatePolicy', create);
  await root('CreateUser', { UserName: 'Bob', PermissionsBoundary: ARN });
  const boundary = async () =>
    (await root<iam.GetUserResponse>('GetUser', { UserName: 'Bob' })).User?.PermissionsBoundary;
  assert.deepEqual(await boundary(), {
    PermissionsBoundaryType: 'Policy',
    PermissionsBoundaryArn: ARN,
  });
  await assert.rejects(root('DeletePolicy', { PolicyArn: ARN }), refusal('DeleteConflict'));
  const aws = 'arn:aws:iam::aws:policy/PowerUserAccess';
  await root('PutUserPermissionsBoundary', { UserName: 'Bob', PermissionsBoundary: aws });
  assert.equal((await boundary())?.PermissionsBoundaryArn, aws);
  await root('DeletePolicy', { PolicyArn: ARN });
  await root('DeleteUserPermissionsBoundary', { UserName: 'Bob' });
  assert.equal(await boundary(), undefined);
  await assert.rejects(
    root('PutUserPermissionsBoundary', { UserName: 'Bob', PermissionsBoundary: ARN }),
    refusal('NoSuchEntity'),
  );
});
