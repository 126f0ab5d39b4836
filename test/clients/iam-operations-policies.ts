/** Managed and inline policies, boundaries, simulation and who used what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttachedPolicy, ContextEntry, IAM, SimulatePolicyResponse } from '@aws-sdk/client-iam';
import {
  ACCOUNT,
  allow,
  decoded,
  document,
  onePerPage,
  type Recording,
  refused,
  trust,
} from './operations.js';

const arn = (rest: string) => `arn:aws:iam::${ACCOUNT}:${rest}`;
const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
const EC2 = trust({ Service: 'ec2.amazonaws.com' });
const TAG = { Key: 'Team', Value: 'red' };

interface PageRequest {
  readonly MaxItems?: number;
  readonly Marker?: string | undefined;
}

interface Paged {
  IsTruncated?: boolean | undefined;
  Marker?: string | undefined;
}

interface PolicyHolder {
  create(): Promise<unknown>;
  put(PolicyName: string, PolicyDocument: string): Promise<unknown>;
  read(PolicyName: string): Promise<{ PolicyDocument: string | undefined }>;
  inline(page?: PageRequest): Promise<Paged & { PolicyNames: string[] | undefined }>;
  drop(PolicyName: string): Promise<unknown>;
  attach(PolicyArn: string): Promise<unknown>;
  attached(page?: PageRequest): Promise<Paged & { AttachedPolicies?: AttachedPolicy[] | undefined }>;
  detach(PolicyArn: string): Promise<unknown>;
  remove(): Promise<unknown>;
}

const user = { UserName: 'Ann' };
const group = { GroupName: 'Readers' };
const role = { RoleName: 'Deploy' };

/** The same operations for users, groups and roles. */
const HOLDERS: Readonly<Record<string, (iam: IAM) => PolicyHolder>> = {
  user: iam => ({
    create: () => iam.createUser(user),
    put: (PolicyName, PolicyDocument) => iam.putUserPolicy({ ...user, PolicyName, PolicyDocument }),
    read: PolicyName => iam.getUserPolicy({ ...user, PolicyName }),
    inline: page => iam.listUserPolicies({ ...user, ...page }),
    drop: PolicyName => iam.deleteUserPolicy({ ...user, PolicyName }),
    attach: PolicyArn => iam.attachUserPolicy({ ...user, PolicyArn }),
    attached: page => iam.listAttachedUserPolicies({ ...user, ...page }),
    detach: PolicyArn => iam.detachUserPolicy({ ...user, PolicyArn }),
    remove: () => iam.deleteUser(user),
  }),
  group: iam => ({
    create: () => iam.createGroup(group),
    put: (PolicyName, PolicyDocument) => iam.putGroupPolicy({ ...group, PolicyName, PolicyDocument }),
    read: PolicyName => iam.getGroupPolicy({ ...group, PolicyName }),
    inline: page => iam.listGroupPolicies({ ...group, ...page }),
    drop: PolicyName => iam.deleteGroupPolicy({ ...group, PolicyName }),
    attach: PolicyArn => iam.attachGroupPolicy({ ...group, PolicyArn }),
    attached: page => iam.listAttachedGroupPolicies({ ...group, ...page }),
    detach: PolicyArn => iam.detachGroupPolicy({ ...group, PolicyArn }),
    remove: () => iam.deleteGroup(group),
  }),
  role: iam => ({
    create: () => iam.createRole({ ...role, AssumeRolePolicyDocument: EC2 }),
    put: (PolicyName, PolicyDocument) => iam.putRolePolicy({ ...role, PolicyName, PolicyDocument }),
    read: PolicyName => iam.getRolePolicy({ ...role, PolicyName }),
    inline: page => iam.listRolePolicies({ ...role, ...page }),
    drop: PolicyName => iam.deleteRolePolicy({ ...role, PolicyName }),
    attach: PolicyArn => iam.attachRolePolicy({ ...role, PolicyArn }),
    attached: page => iam.listAttachedRolePolicies({ ...role, ...page }),
    detach: PolicyArn => iam.detachRolePolicy({ ...role, PolicyArn }),
    remove: () => iam.deleteRole(role),
  }),
};

export function policyTests(open: () => Recording): void {
  for (const [kind, holderOf] of Object.entries(HOLDERS)) {
    test(`inline and attached policies of a ${kind}`, async () => {
      const iam = open().iam();
      const holder = holderOf(iam);
      await holder.create();
      await holder.put('one', allow('s3:GetObject'));
      await holder.put('two', allow('s3:PutObject'));
      await holder.put('two', allow('s3:*'));
      assert.deepEqual(decoded((await holder.read('two')).PolicyDocument), JSON.parse(allow('s3:*')));
      await assert.rejects(holder.read('three'), refused('NoSuchEntity', /three cannot be found\.$/));
      await assert.rejects(holder.put('bad', '{"Statement":1}'), refused('MalformedPolicyDocument'));
      await assert.rejects(
        holder.put('big', allow(Array.from({ length: 1000 }, (_, index) => `s3:Action${index}`))),
        refused('LimitExceeded'),
      );
      assert.deepEqual(await onePerPage(holder.inline, ({ PolicyNames }) => PolicyNames), ['one', 'two']);

      const { Policy } = await iam.createPolicy({ PolicyName: 'Own', PolicyDocument: allow('kms:Decrypt') });
      for (const PolicyArn of [Policy!.Arn!, READ_ONLY, READ_ONLY]) await holder.attach(PolicyArn);
      await assert.rejects(holder.attach(arn('policy/None')), refused('NoSuchEntity'));
      const attached = await onePerPage(holder.attached, ({ AttachedPolicies }) => AttachedPolicies);
      assert.deepEqual(
        new Set(attached.map(({ PolicyName, PolicyArn }) => `${PolicyName} ${PolicyArn}`)),
        new Set([`Own ${Policy!.Arn}`, `AmazonS3ReadOnlyAccess ${READ_ONLY}`]),
      );
      await assert.rejects(iam.deletePolicy({ PolicyArn: Policy!.Arn }), refused('DeleteConflict'));
      await assert.rejects(holder.remove(), refused('DeleteConflict'));

      for (const PolicyArn of [Policy!.Arn!, READ_ONLY]) await holder.detach(PolicyArn);
      assert.deepEqual((await holder.attached()).AttachedPolicies, []);
      await assert.rejects(holder.detach(READ_ONLY), refused('NoSuchEntity'));
      await assert.rejects(holder.remove(), refused('DeleteConflict'));
      for (const name of ['one', 'two']) await holder.drop(name);
      assert.deepEqual((await holder.inline()).PolicyNames, []);
      await assert.rejects(holder.drop('one'), refused('NoSuchEntity'));
      await holder.remove();
      await iam.deletePolicy({ PolicyArn: Policy!.Arn });
    });
  }

  test('managed policies and their versions', async () => {
    const iam = open().iam();
    const { Policy } = await iam.createPolicy({
      PolicyName: 'Own',
      Path: '/app/',
      Description: 'what it is for',
      PolicyDocument: allow('s3:GetObject'),
      Tags: [TAG],
    });
    const PolicyArn = Policy!.Arn!;
    assert.equal(PolicyArn, arn('policy/app/Own'));
    assert.match(Policy!.PolicyId!, /^ANPA/);
    assert.deepEqual([Policy!.DefaultVersionId, Policy!.AttachmentCount], ['v1', 0]);
    const create = (PolicyName: string, PolicyDocument: string) =>
      iam.createPolicy({ PolicyName, PolicyDocument });
    await assert.rejects(create('OWN', allow('s3:*')), refused('EntityAlreadyExists'));
    await assert.rejects(create('Bad', allow('nonsense')), refused('MalformedPolicyDocument'));
    await assert.rejects(create('Bad', EC2), refused('MalformedPolicyDocument'));
    const { Policy: other } = await create('Second', allow('s3:*'));
    const local = await onePerPage(
      page => iam.listPolicies({ Scope: 'Local', ...page }),
      ({ Policies }) => Policies?.map(policy => policy.Arn),
    );
    assert.deepEqual(local, [PolicyArn, other!.Arn]);
    const { Policies: known } = await iam.listPolicies({ Scope: 'AWS', MaxItems: 1000 });
    assert.ok(known!.some(policy => policy.Arn === READ_ONLY));

    for (const action of ['s3:PutObject', 's3:ListBucket', 's3:DeleteObject', 's3:*']) {
      await iam.createPolicyVersion({ PolicyArn, PolicyDocument: allow(action) });
    }
    await assert.rejects(
      iam.createPolicyVersion({ PolicyArn, PolicyDocument: allow('s3:*') }),
      refused('LimitExceeded'),
    );
    await iam.setDefaultPolicyVersion({ PolicyArn, VersionId: 'v2' });
    const versions = await onePerPage(
      page => iam.listPolicyVersions({ PolicyArn, ...page }),
      ({ Versions }) => Versions?.map(version => `${version.VersionId} ${version.IsDefaultVersion}`),
    );
    assert.deepEqual(versions, ['v5 false', 'v4 false', 'v3 false', 'v2 true', 'v1 false']);
    const { PolicyVersion } = await iam.getPolicyVersion({ PolicyArn, VersionId: 'v3' });
    assert.deepEqual(decoded(PolicyVersion!.Document), JSON.parse(allow('s3:ListBucket')));
    await assert.rejects(iam.deletePolicyVersion({ PolicyArn, VersionId: 'v2' }), refused('DeleteConflict'));
    await assert.rejects(iam.deletePolicy({ PolicyArn }), refused('DeleteConflict'));
    for (const VersionId of ['v1', 'v3', 'v4', 'v5']) await iam.deletePolicyVersion({ PolicyArn, VersionId });
    await assert.rejects(iam.getPolicyVersion({ PolicyArn, VersionId: 'v1' }), refused('NoSuchEntity'));

    await iam.tagPolicy({ PolicyArn, Tags: [{ Key: 'Env', Value: 'prod' }] });
    const tags = await onePerPage(
      page => iam.listPolicyTags({ PolicyArn, ...page }),
      ({ Tags }) => Tags,
    );
    assert.equal(tags.length, 2);
    await iam.untagPolicy({ PolicyArn, TagKeys: ['Team'] });
    const { Policy: shown } = await iam.getPolicy({ PolicyArn });
    assert.deepEqual(shown!.Tags, [{ Key: 'Env', Value: 'prod' }]);
    assert.deepEqual([shown!.Description, shown!.DefaultVersionId], ['what it is for', 'v2']);
    for (const Arn of [PolicyArn, other!.Arn!]) await iam.deletePolicy({ PolicyArn: Arn });
    await assert.rejects(iam.getPolicy({ PolicyArn }), refused('NoSuchEntity'));
  });

  test('boundaries, and who has a policy', async () => {
    const iam = open().iam();
    const { Policy } = await iam.createPolicy({ PolicyName: 'Limit', PolicyDocument: allow('s3:*') });
    const PolicyArn = Policy!.Arn!;
    await iam.createUser(user);
    await iam.createGroup(group);
    await iam.createRole({ ...role, AssumeRolePolicyDocument: EC2 });
    await iam.putUserPermissionsBoundary({ ...user, PermissionsBoundary: PolicyArn });
    await iam.putRolePermissionsBoundary({ ...role, PermissionsBoundary: PolicyArn });
    const boundary = {
      PermissionsBoundaryType: 'Policy',
      PermissionsBoundaryArn: PolicyArn,
    };
    assert.deepEqual((await iam.getUser(user)).User!.PermissionsBoundary, boundary);
    assert.deepEqual((await iam.getRole(role)).Role!.PermissionsBoundary, boundary);
    assert.equal((await iam.getPolicy({ PolicyArn })).Policy!.PermissionsBoundaryUsageCount, 2);
    await iam.attachGroupPolicy({ ...group, PolicyArn });
    for (const [PolicyUsageFilter, counts] of [
      [undefined, [1, 1, 1]],
      ['PermissionsPolicy', [0, 1, 0]],
      ['PermissionsBoundary', [1, 0, 1]],
    ] as const) {
      const found = await iam.listEntitiesForPolicy({ PolicyArn, PolicyUsageFilter });
      assert.deepEqual(
        [found.PolicyUsers, found.PolicyGroups, found.PolicyRoles].map(list => list?.length),
        counts,
      );
    }
    const bounded = await onePerPage(
      page => iam.listEntitiesForPolicy({ PolicyArn, PolicyUsageFilter: 'PermissionsBoundary', ...page }),
      ({ PolicyUsers = [], PolicyRoles = [] }) => [
        ...PolicyUsers.map(({ UserName }) => UserName),
        ...PolicyRoles.map(({ RoleName }) => RoleName),
      ],
    );
    assert.deepEqual(new Set(bounded), new Set(['Ann', 'Deploy']));
    await assert.rejects(iam.deletePolicy({ PolicyArn }), refused('DeleteConflict'));
    await iam.deleteUserPermissionsBoundary(user);
    await iam.deleteRolePermissionsBoundary(role);
    assert.equal((await iam.getUser(user)).User!.PermissionsBoundary, undefined);
    assert.equal((await iam.getRole(role)).Role!.PermissionsBoundary, undefined);
    await iam.detachGroupPolicy({ ...group, PolicyArn });
    await iam.deletePolicy({ PolicyArn });
    await iam.deleteGroup(group);
    await iam.deleteRole(role);
    await iam.deleteUser(user);
  });

  test('simulation, context keys and the services that were used', async () => {
    const recording = open();
    const iam = recording.iam();
    await iam.createUser(user);
    const Condition = { StringEquals: { 'aws:PrincipalTag/Team': 'red', 's3:prefix': 'x' } };
    const PolicyDocument = document({
      Effect: 'Allow',
      Action: ['s3:*', 'sts:GetCallerIdentity'],
      Resource: '*',
      Condition,
    });
    await iam.putUserPolicy({ ...user, PolicyName: 'own', PolicyDocument });
    const keys = ['aws:PrincipalTag/Team', 's3:prefix'];
    const custom = await iam.getContextKeysForCustomPolicy({ PolicyInputList: [PolicyDocument] });
    assert.deepEqual(new Set(custom.ContextKeyNames), new Set(keys));
    const PolicySourceArn = arn('user/Ann');
    const principal = await iam.getContextKeysForPrincipalPolicy({ PolicySourceArn });
    assert.deepEqual(new Set(principal.ContextKeyNames), new Set(keys));

    const ActionNames = ['s3:GetObject', 'kms:Decrypt'];
    const decisions = (reply: SimulatePolicyResponse) =>
      reply.EvaluationResults!.map(result => result.EvalDecision);
    const simulateCustom = (Marker?: string) =>
      iam.simulateCustomPolicy({ PolicyInputList: [allow('s3:*')], ActionNames, MaxItems: 1, Marker });
    const first = await simulateCustom();
    assert.deepEqual([first.IsTruncated, ...decisions(first)], [true, 'allowed']);
    const second = await simulateCustom(first.Marker);
    assert.deepEqual([second.IsTruncated, ...decisions(second)], [false, 'implicitDeny']);
    const context: ContextEntry = {
      ContextKeyName: 's3:prefix',
      ContextKeyValues: ['x'],
      ContextKeyType: 'string',
    };
    const simulate = () =>
      iam.simulatePrincipalPolicy({
        PolicySourceArn,
        ActionNames: ['s3:GetObject'],
        ContextEntries: [context],
      });
    assert.deepEqual(decisions(await simulate()), ['implicitDeny']);
    await iam.tagUser({ ...user, Tags: [TAG] });
    assert.deepEqual(decisions(await simulate()), ['allowed']);
    await assert.rejects(
      iam.simulatePrincipalPolicy({ PolicySourceArn: arn('user/Nobody'), ActionNames }),
      refused('NoSuchEntity'),
    );
    await assert.rejects(
      iam.simulateCustomPolicy({ PolicyInputList: ['{'], ActionNames }),
      refused('InvalidInput'),
    );

    const { AccessKey } = await iam.createAccessKey(user);
    const { AccessKeyId, SecretAccessKey } = AccessKey!;
    await recording
      .sts({ accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! })
      .getCallerIdentity({});
    const granting = await iam.listPoliciesGrantingServiceAccess({
      Arn: PolicySourceArn,
      ServiceNamespaces: ['s3', 'kms'],
    });
    assert.deepEqual(
      granting.PoliciesGrantingServiceAccess?.map(({ Policies }) => Policies?.map(found => found.PolicyName)),
      [['own'], []],
    );
    const { JobId } = await iam.generateServiceLastAccessedDetails({ Arn: PolicySourceArn });
    const services = await onePerPage(
      page => iam.getServiceLastAccessedDetails({ JobId, ...page }),
      ({ ServicesLastAccessed }) => ServicesLastAccessed,
    );
    assert.deepEqual(services.map(found => [found.ServiceNamespace, found.LastAuthenticatedEntity]).sort(), [
      ['s3', undefined],
      ['sts', PolicySourceArn],
    ]);
    const { EntityDetailsList } = await iam.getServiceLastAccessedDetailsWithEntities({
      JobId,
      ServiceNamespace: 'sts',
    });
    assert.deepEqual(
      EntityDetailsList?.map(({ EntityInfo, LastAuthenticated }) => [EntityInfo?.Name, LastAuthenticated]),
      [['Ann', recording.now()]],
    );
    await assert.rejects(
      iam.getServiceLastAccessedDetails({ JobId: '00000000-0000-0000-0000-000000000000' }),
      refused('NoSuchEntity'),
    );
    await iam.deleteAccessKey({ ...user, AccessKeyId });
    await iam.deleteUserPolicy({ ...user, PolicyName: 'own' });
    await iam.deleteUser(user);
  });
}
