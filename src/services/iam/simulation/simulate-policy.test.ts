import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { addUser, allow, openWorld, policy, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';

async function open() {
  const world = await openWorld();
  const service = iamService({ identity: world.identity });
  const root = <O = iam.SimulatePolicyResponse>(operation: string, input: object) =>
    run<O>(world, service, world.root, operation, input);
  return { world, root };
}

const BUCKET = 'arn:aws:s3:::example';
const OBJECT = `${BUCKET}/key`;
const BOB = 'arn:aws:iam::111122223333:user/Bob';
const deny = (Action: string, Resource = '*') => ({ Effect: 'Deny', Action, Resource });

const decisions = ({ EvaluationResults }: iam.SimulatePolicyResponse) =>
  EvaluationResults!.map(({ EvalActionName, EvalDecision }) => `${EvalActionName} ${EvalDecision}`);

test('each action is decided, with the statements that decided and where they stand', async () => {
  const { root } = await open();
  const text = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}
  ]
}`;
  const reply = await root('SimulateCustomPolicy', {
    PolicyInputList: [text],
    ActionNames: ['s3:GetObject', 's3:DeleteObject', 'kms:Decrypt'],
  });
  assert.deepEqual(decisions(reply), [
    's3:GetObject allowed',
    's3:DeleteObject explicitDeny',
    'kms:Decrypt implicitDeny',
  ]);
  const statement = (line: number, width: number) => ({
    SourcePolicyId: 'PolicyInputList.1',
    SourcePolicyType: 'IAM Policy',
    StartPosition: { Line: line, Column: 6 },
    EndPosition: { Line: line, Column: 5 + width },
  });
  assert.deepEqual(
    reply.EvaluationResults!.map(({ MatchedStatements }) => MatchedStatements),
    [[statement(4, 54)], [statement(5, 64)], []],
  );
  assert.deepEqual(
    reply.EvaluationResults!.map(({ EvalResourceName }) => EvalResourceName),
    [
      'arn:${Partition}:s3:::${BucketName}/${ObjectName}',
      'arn:${Partition}:s3:::${BucketName}/${ObjectName}',
      'arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}',
    ],
  );
  assert.equal(reply.EvaluationResults![0]!.ResourceSpecificResults, undefined);
});

test('several resources are decided one by one, the whole as its worst', async () => {
  const { root } = await open();
  const { EvaluationResults } = await root('SimulateCustomPolicy', {
    PolicyInputList: [policy(allow('s3:GetObject', `${BUCKET}/*`), deny('s3:GetObject', `${BUCKET}/secret`))],
    ActionNames: ['s3:GetObject'],
    ResourceArns: [OBJECT, 'arn:aws:s3:::other/key', `${BUCKET}/secret`],
  });
  assert.equal(EvaluationResults![0]!.EvalDecision, 'explicitDeny');
  assert.deepEqual(
    EvaluationResults![0]!.ResourceSpecificResults!.map(result => [
      result.EvalResourceName,
      result.EvalResourceDecision,
    ]),
    [
      [OBJECT, 'allowed'],
      ['arn:aws:s3:::other/key', 'implicitDeny'],
      [`${BUCKET}/secret`, 'explicitDeny'],
    ],
  );
});

test('condition keys that are missing are told, those that are given decide', async () => {
  const { root } = await open();
  const Condition = {
    StringEquals: { 'aws:PrincipalTag/Team': 'red' },
    IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
  };
  const input = {
    PolicyInputList: [
      policy(
        allow('s3:GetObject', `${BUCKET}/\${aws:username}/*`, { Condition }),
        allow('kms:*', '*', { Condition }),
      ),
    ],
    ActionNames: ['s3:GetObject'],
    ResourceArns: [`${BUCKET}/bob/x`],
  };
  const { EvaluationResults: without } = await root('SimulateCustomPolicy', input);
  assert.equal(without![0]!.EvalDecision, 'implicitDeny');
  assert.deepEqual(without![0]!.MissingContextValues, [
    'aws:PrincipalTag/Team',
    'aws:SourceIp',
    'aws:username',
  ]);
  const ContextEntries = [
    { ContextKeyName: 'aws:principaltag/team', ContextKeyValues: ['red'], ContextKeyType: 'string' },
    { ContextKeyName: 'aws:SourceIp', ContextKeyValues: ['192.0.2.7'], ContextKeyType: 'ip' },
    { ContextKeyName: 'aws:username', ContextKeyValues: ['bob'], ContextKeyType: 'string' },
  ];
  const { EvaluationResults: given } = await root('SimulateCustomPolicy', { ...input, ContextEntries });
  assert.equal(given![0]!.EvalDecision, 'allowed');
  assert.deepEqual(given![0]!.MissingContextValues, []);
});

test('a boundary limits and says so', async () => {
  const { root } = await open();
  const { EvaluationResults } = await root('SimulateCustomPolicy', {
    PolicyInputList: [policy(allow('s3:*'))],
    PermissionsBoundaryPolicyInputList: [policy(allow('s3:GetObject'))],
    ActionNames: ['s3:GetObject', 's3:PutObject'],
  });
  assert.deepEqual(
    EvaluationResults!.map(result => [
      result.EvalDecision,
      result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
    ]),
    [
      ['allowed', true],
      ['implicitDeny', false],
    ],
  );
});

test('service control policies limit, level by level', async () => {
  const { root } = await open();
  const { EvaluationResults } = await root('SimulateCustomPolicy', {
    PolicyInputList: [policy(allow('*'))],
    OrderedOrganizationPolicyInputList: [
      { ServiceControlPolicyInputList: [policy(allow('*'))] },
      { ServiceControlPolicyInputList: [policy(allow('s3:*'))] },
    ],
    ActionNames: ['s3:GetObject', 'kms:Decrypt'],
  });
  assert.deepEqual(
    EvaluationResults!.map(result => [
      result.EvalDecision,
      result.OrganizationsDecisionDetail?.AllowedByOrganizations,
    ]),
    [
      ['allowed', true],
      ['implicitDeny', false],
    ],
  );
});

test("a resource's policy decides with the caller's, across accounts both must allow", async () => {
  const { root } = await open();
  const resource = (account: string) =>
    policy({
      Effect: 'Allow',
      Principal: { AWS: BOB },
      Action: 's3:GetObject',
      Resource: OBJECT,
      Sid: `of${account}`,
    });
  const input = {
    PolicyInputList: [policy(allow('s3:PutObject'))],
    ResourcePolicy: resource('x'),
    CallerArn: BOB,
    ActionNames: ['s3:GetObject'],
    ResourceArns: [OBJECT],
  };
  assert.deepEqual(decisions(await root('SimulateCustomPolicy', input)), ['s3:GetObject allowed']);
  const away = { ...input, ResourceOwner: 'arn:aws:iam::444455556666:root' };
  const { EvaluationResults } = await root('SimulateCustomPolicy', away);
  assert.deepEqual(EvaluationResults![0]!.ResourceSpecificResults![0]!.EvalDecisionDetails, {
    'IAM Policy': 'implicitDeny',
    'Resource Policy': 'allowed',
  });
  assert.equal(EvaluationResults![0]!.EvalDecision, 'implicitDeny');
});

test("a principal is simulated with all its policies, its groups' and its boundary", async () => {
  const { world, root } = await open();
  const { identity, account } = world;
  await addUser(world, account, 'Bob', allow('s3:GetObject', `${BUCKET}/\${aws:username}/*`));
  await identity.groups.create(account, { name: 'Staff' });
  await identity.groups.addUser(account, 'Staff', 'Bob');
  await identity.entityPolicies.putInline(account, 'group', 'Staff', {
    name: 'shared',
    document: policy(allow('s3:ListBucket')),
  });
  const aws = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  await identity.entityPolicies.attach(account, 'user', 'Bob', aws);
  const simulate = (more: object) =>
    root('SimulatePrincipalPolicy', { PolicySourceArn: BOB, ResourceArns: [`${BUCKET}/Bob/x`], ...more });
  const { EvaluationResults } = await simulate({
    ActionNames: ['s3:GetObject', 's3:ListBucket', 's3:PutObject'],
  });
  assert.deepEqual(
    EvaluationResults!.map(({ MatchedStatements }) =>
      MatchedStatements!.map(({ SourcePolicyId, SourcePolicyType }) => [SourcePolicyId, SourcePolicyType]),
    ),
    [
      [
        ['user_Bob_inline', 'IAM Policy'],
        ['AmazonS3ReadOnlyAccess', 'IAM Policy'],
      ],
      [
        ['AmazonS3ReadOnlyAccess', 'IAM Policy'],
        ['group_Staff_shared', 'IAM Policy'],
      ],
      [],
    ],
  );
  const { arn } = await identity.policies.create(account, {
    name: 'Limit',
    document: policy(allow('s3:ListBucket')),
  });
  await identity.entityPolicies.setBoundary(account, 'user', 'Bob', arn);
  assert.deepEqual(decisions(await simulate({ ActionNames: ['s3:GetObject'] })), [
    's3:GetObject implicitDeny',
  ]);
  const PolicyExclusionList = [{ PolicyType: 'permission-boundary' }];
  assert.deepEqual(decisions(await simulate({ ActionNames: ['s3:GetObject'], PolicyExclusionList })), [
    's3:GetObject allowed',
  ]);
});

test('policies can be left out of a simulation and added to it', async () => {
  const { world, root } = await open();
  const { identity, account } = world;
  await addUser(world, account, 'Bob', allow('s3:GetObject'));
  const aws = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';
  await identity.entityPolicies.attach(account, 'user', 'Bob', aws);
  const simulate = async (more: object) =>
    decisions(
      await root('SimulatePrincipalPolicy', { PolicySourceArn: BOB, ActionNames: ['s3:GetObject'], ...more }),
    );
  const inline = {
    InlinePolicyIdentifier: { PolicyName: 'inline', AttachmentType: 'user', AttachmentName: 'Bob' },
  };
  assert.deepEqual(await simulate({ PolicyExclusionList: [inline] }), ['s3:GetObject allowed']);
  assert.deepEqual(await simulate({ PolicyExclusionList: [inline, { PolicyArn: aws }] }), [
    's3:GetObject implicitDeny',
  ]);
  assert.deepEqual(
    await simulate({ PolicyExclusionList: [{ PolicyType: 'inline' }, { PolicyType: 'aws-managed' }] }),
    ['s3:GetObject implicitDeny'],
  );
  assert.deepEqual(await simulate({ PolicyInputList: [policy(deny('s3:*'))] }), [
    's3:GetObject explicitDeny',
  ]);
});

test('details are those of AWS: empty at the top within an account, on both levels across accounts', async () => {
  const { root } = await open();
  const resource = { Effect: 'Allow', Principal: { AWS: BOB }, Action: 's3:GetObject', Resource: OBJECT };
  const simulate = async (more: object) => {
    const { EvaluationResults } = await root('SimulateCustomPolicy', {
      PolicyInputList: [policy(allow('s3:GetObject'))],
      ActionNames: ['s3:GetObject'],
      CallerArn: BOB,
      ...more,
    });
    return EvaluationResults![0]!;
  };
  assert.equal((await simulate({})).EvalDecisionDetails, undefined);
  const own = await simulate({ ResourceArns: [OBJECT], ResourcePolicy: policy(resource) });
  assert.deepEqual(own.EvalDecisionDetails, {});
  assert.equal(own.ResourceSpecificResults![0]!.EvalDecisionDetails, undefined);
  assert.deepEqual(own.MatchedStatements!.map(({ SourcePolicyType }) => String(SourcePolicyType)).sort(), [
    'IAM Policy',
    'Resource Policy',
  ]);
  const away = await simulate({
    ResourceArns: [OBJECT],
    ResourcePolicy: policy(resource),
    ResourceOwner: '444455556666',
  });
  const both = { 'IAM Policy': 'allowed', 'Resource Policy': 'allowed' };
  assert.deepEqual(away.EvalDecisionDetails, both);
  assert.deepEqual(away.ResourceSpecificResults![0]!.EvalDecisionDetails, both);
});

test("resources are the caller's where nobody says whose (SimulateCustomPolicy, ResourceOwner)", async () => {
  const { root } = await open();
  const CallerArn = 'arn:aws:iam::123456789012:user/x';
  const input = {
    PolicyInputList: [policy(allow('s3:GetObject'))],
    ActionNames: ['s3:GetObject'],
    CallerArn,
  };
  const ResourceArns = [OBJECT];
  assert.deepEqual(decisions(await root('SimulateCustomPolicy', { ...input, ResourceArns })), [
    's3:GetObject allowed',
  ]);
});

test("AWS's own policies are no other account's resources", async () => {
  const { world, root } = await open();
  await addUser(world, world.account, 'Bob', allow('iam:GetPolicy'));
  const input = {
    PolicySourceArn: BOB,
    ActionNames: ['iam:GetPolicy'],
    ResourceArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
  };
  assert.deepEqual(decisions(await root('SimulatePrincipalPolicy', input)), ['iam:GetPolicy allowed']);
});

test("a role's trust policy decides as it stands, without Resource (aws-cli#10314)", async () => {
  const { world, root } = await open();
  await addUser(world, world.account, 'Bob', allow('sts:AssumeRole'));
  const trust = (Effect: string, AWS: string) =>
    policy({ Effect, Principal: { AWS }, Action: 'sts:AssumeRole' });
  const simulate = async (ResourcePolicy: string) =>
    decisions(
      await root('SimulatePrincipalPolicy', {
        PolicySourceArn: BOB,
        ActionNames: ['sts:AssumeRole'],
        ResourceArns: ['arn:aws:iam::111122223333:role/App'],
        ResourcePolicy,
      }),
    );
  assert.deepEqual(await simulate(trust('Allow', BOB)), ['sts:AssumeRole allowed']);
  assert.deepEqual(await simulate(trust('Deny', BOB)), ['sts:AssumeRole explicitDeny']);
  assert.deepEqual(await simulate(trust('Allow', 'arn:aws:iam::111122223333:user/Other')), [
    'sts:AssumeRole implicitDeny',
  ]);
});

test('results come in pages', async () => {
  const { root } = await open();
  const input = {
    PolicyInputList: [policy(allow('s3:*'))],
    ActionNames: ['s3:GetObject', 's3:PutObject', 'kms:Decrypt'],
    MaxItems: 2,
  };
  const first = await root('SimulateCustomPolicy', input);
  assert.deepEqual(decisions(first), ['s3:GetObject allowed', 's3:PutObject allowed']);
  assert.equal(first.IsTruncated, true);
  const second = await root('SimulateCustomPolicy', { ...input, Marker: first.Marker });
  assert.deepEqual(decisions(second), ['kms:Decrypt implicitDeny']);
  assert.equal(second.IsTruncated, false);
});

test('an action that nobody knows, or that has no resource, is simulated on everything', async () => {
  const { root } = await open();
  const { EvaluationResults } = await root('SimulateCustomPolicy', {
    PolicyInputList: [policy(allow('*'))],
    ActionNames: ['s3:ListAllMyBuckets', 's3:NoSuchAction', 'nobody:Knows'],
  });
  assert.deepEqual(
    EvaluationResults!.map(({ EvalDecision, EvalResourceName }) => [EvalDecision, EvalResourceName]),
    Array(3).fill(['allowed', '*']),
  );
});

test('what cannot be simulated is refused', async () => {
  const { root } = await open();
  const input = { PolicyInputList: [policy(allow('s3:*'))], ActionNames: ['s3:GetObject'] };
  await assert.rejects(
    root('SimulateCustomPolicy', { ...input, PolicyInputList: ['{'] }),
    refusal('InvalidInput'),
  );
  await assert.rejects(
    root('SimulateCustomPolicy', { ...input, ActionNames: ['s3:Get*'] }),
    refusal('InvalidInput'),
  );
  await assert.rejects(
    root('SimulateCustomPolicy', { ...input, CallerArn: 'arn:aws:s3:::example' }),
    refusal(
      'InvalidInput',
      'Invalid Entity Arn: arn:aws:s3:::example does not clearly define entity type and name.',
    ),
  );
  await assert.rejects(
    root('SimulatePrincipalPolicy', { ...input, PolicyInputList: ['{'], PolicySourceArn: BOB }),
    refusal('NoSuchEntity'),
  );
  for (const arn of ['arn:aws:sts::111122223333:assumed-role/App/s', 'arn:aws:iam::111122223333:root']) {
    for (const operation of ['SimulatePrincipalPolicy', 'GetContextKeysForPrincipalPolicy'])
      await assert.rejects(
        root(operation, { ...input, PolicySourceArn: arn }),
        refusal('InvalidInput', `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`),
      );
  }
});

test('the context keys of policies are listed once', async () => {
  const { world, root } = await open();
  const Condition = {
    StringEquals: { 'aws:PrincipalTag/Team': '${aws:RequestTag/Team}', 'AWS:Username': 'x' },
    Bool: { 'aws:SecureTransport': 'true' },
  };
  const document = policy(allow('s3:GetObject', `${BUCKET}/\${aws:username}/\${*}`, { Condition }));
  const expected = ['aws:PrincipalTag/Team', 'AWS:Username', 'aws:SecureTransport', 'aws:RequestTag/Team'];
  assert.deepEqual(await root('GetContextKeysForCustomPolicy', { PolicyInputList: [document, document] }), {
    ContextKeyNames: expected,
  });
  await addUser(world, world.account, 'Bob');
  await world.identity.entityPolicies.putInline(world.account, 'user', 'Bob', { name: 'p', document });
  assert.deepEqual(await root('GetContextKeysForPrincipalPolicy', { PolicySourceArn: BOB }), {
    ContextKeyNames: expected,
  });
  await assert.rejects(
    root('GetContextKeysForCustomPolicy', { PolicyInputList: ['{'] }),
    refusal('MalformedPolicyDocument'),
  );
});

test("a principal is simulated under its organisation's service control policies", async () => {
  const { world } = await open();
  const { identity, account } = world;
  const { organizations } = identity;
  const made = await organizations.create(account.id, 'root@example.com');
  const organization = await organizations.policies.enableType(made, 'SERVICE_CONTROL_POLICY');
  const member = { name: 'Member', email: 'member@example.com', tags: [] };
  const created = await organizations.accounts.create(organization, member);
  const { id } = await organizations.policies.create(organization, {
    type: 'SERVICE_CONTROL_POLICY',
    name: 'NoDeletes',
    description: '',
    content: policy(deny('s3:DeleteObject')),
    tags: [],
  });
  await organizations.policies.attach(organization, id, created.account!);
  const home = (await identity.account(created.account!))!;
  const carol = await addUser(world, home, 'Carol', allow('*'));
  const input = {
    PolicySourceArn: `arn:aws:iam::${home.id}:user/Carol`,
    ActionNames: ['s3:GetObject', 's3:DeleteObject'],
  };
  const simulate = (more: object) =>
    run<iam.SimulatePolicyResponse>(world, iamService({ identity }), carol, 'SimulatePrincipalPolicy', {
      ...input,
      ...more,
    });
  const { EvaluationResults } = await simulate({});
  assert.deepEqual(
    EvaluationResults!.map(result => [
      result.EvalDecision,
      result.OrganizationsDecisionDetail?.AllowedByOrganizations,
    ]),
    [
      ['allowed', true],
      ['explicitDeny', false],
    ],
  );
  assert.deepEqual(decisions(await simulate({ PolicyExclusionList: [{ PolicyType: 'scp' }] })), [
    's3:GetObject allowed',
    's3:DeleteObject allowed',
  ]);
});
