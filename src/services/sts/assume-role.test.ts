import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AssumeRoleResponse } from '@aws-sdk/client-sts';
import {
  addAccount,
  addUser,
  allow,
  callerOf,
  decide,
  type KeyPair,
  keysIn,
  openWorld,
  policy,
  refusal,
  requirementsOf,
  run,
  type World,
} from '../harness.test.support.js';
import { stsService } from './index.js';

const ROLE = 'arn:aws:iam::111122223333:role/app/Uploader';

interface Setup {
  readonly world: World;
  readonly bob: KeyPair;
  assume(keys: KeyPair, input?: object): Promise<AssumeRoleResponse>;
}

/** A role that Bob is trusted with, and Bob who may do nothing else. */
async function open(trust: object = {}, role: object = {}): Promise<Setup> {
  const world = await openWorld();
  const bob = await addUser(world, world.account, 'Bob');
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:user/Bob' },
    Action: 'sts:AssumeRole',
    ...trust,
  };
  await world.identity.roles.create(world.account, {
    name: 'Uploader',
    path: '/app/',
    trust: policy(statement),
    ...role,
  });
  const service = stsService({ identity: world.identity });
  const assume = (keys: KeyPair, input: object = {}) =>
    run<AssumeRoleResponse>(world, service, keys, 'AssumeRole', {
      RoleArn: ROLE,
      RoleSessionName: 'job-7',
      ...input,
    });
  return { world, bob, assume };
}

const denied = (principal: string, reason = '') =>
  refusal(
    'AccessDenied',
    `User: ${principal} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}${reason}`,
  );
const NO_TRUST = ' because no role trust policy allows the sts:AssumeRole action';
const BOB = 'arn:aws:iam::111122223333:user/Bob';

test('a trusted user of the account gets a session of an hour', async () => {
  const { world, bob, assume } = await open();
  const reply = await assume(bob);
  const { id } = await world.identity.roles.get('111122223333', 'Uploader');
  assert.deepEqual(reply.AssumedRoleUser, {
    AssumedRoleId: `${id}:job-7`,
    Arn: 'arn:aws:sts::111122223333:assumed-role/Uploader/job-7',
  });
  assert.equal(reply.Credentials?.Expiration?.toISOString(), '2026-11-22T01:00:00.000Z');
  assert.match(reply.Credentials?.AccessKeyId ?? '', /^ASIA[A-Z2-7]{16}$/);
  assert.match(reply.Credentials?.SecretAccessKey ?? '', /^[A-Za-z0-9+/]{40}$/);
  assert.equal(reply.PackedPolicySize, undefined);
  assert.equal(reply.SourceIdentity, undefined);
  const caller = await callerOf(world, keysIn(reply));
  assert.equal(caller.principal.arn, 'arn:aws:sts::111122223333:assumed-role/Uploader/job-7');
});

test('what exists and does not trust, what does not exist, and what is written otherwise look the same', async () => {
  const { world, bob, assume } = await open({ Principal: { AWS: 'arn:aws:iam::111122223333:root' } });
  const alice = await addUser(world, world.account, 'Alice');
  await assert.rejects(assume(alice), refusal('AccessDenied', /no identity-based policy allows/));
  for (const arn of [
    'arn:aws:iam::111122223333:role/Uploader',
    'arn:aws:iam::111122223333:role/app/uploader',
    'arn:aws:iam::111122223333:role/app/Nothing',
  ]) {
    await assert.rejects(
      assume(bob, { RoleArn: arn }),
      refusal(
        'AccessDenied',
        `User: ${BOB} is not authorized to perform: sts:AssumeRole on resource: ${arn}${NO_TRUST}`,
      ),
    );
  }
  await assert.rejects(
    assume(bob, { RoleArn: 'arn:aws:iam::999999999999:role/Uploader' }),
    refusal('AccessDenied', /sts:AssumeRole on resource: arn:aws:iam::999999999999:role\/Uploader$/),
  );
});

test('the external ID must be the one that the trust policy asks for', async () => {
  const { bob, assume } = await open({ Condition: { StringEquals: { 'sts:ExternalId': 'x-1' } } });
  await assert.rejects(assume(bob), denied(BOB, NO_TRUST));
  await assert.rejects(assume(bob, { ExternalId: 'x-2' }), denied(BOB, NO_TRUST));
  await assume(bob, { ExternalId: 'x-1' });
});

test('an external ID that nobody asks for does no harm', async () => {
  const { bob, assume } = await open();
  await assume(bob, { ExternalId: 'anything' });
});

test('trusting the account leaves the decision to its policies', async () => {
  const { world, bob, assume } = await open({ Principal: { AWS: '111122223333' } });
  await assert.rejects(
    assume(bob),
    denied(BOB, ' because no identity-based policy allows the sts:AssumeRole action'),
  );
  const document = policy(allow('sts:AssumeRole', ROLE));
  await world.identity.entityPolicies.putInline(world.account, 'user', 'Bob', { name: 'p', document });
  await assume(bob);
});

test('across accounts both sides decide, and no reason is given away', async () => {
  const { world, assume } = await open();
  const { account } = await addAccount(world, '444455556666');
  const statement = { Effect: 'Allow', Principal: { AWS: '444455556666' }, Action: 'sts:AssumeRole' };
  await world.identity.roles.setTrust(world.account, 'Uploader', policy(statement));
  const eve = await addUser(world, account, 'Eve');
  const carol = await addUser(world, account, 'Carol', allow('sts:AssumeRole', ROLE));
  await assert.rejects(assume(eve), denied('arn:aws:iam::444455556666:user/Eve'));
  const reply = await assume(carol);
  assert.equal((await callerOf(world, keysIn(reply))).account?.id, '111122223333');
});

test('a user made again is not trusted', async () => {
  const { world, bob, assume } = await open();
  await assume(bob);
  await world.identity.accessKeys.delete(world.account, 'Bob', bob.accessKeyId);
  await world.identity.users.delete(world.account, 'Bob');
  const again = await addUser(world, world.account, 'Bob');
  await assert.rejects(assume(again), denied(BOB, NO_TRUST));
});

test('root users assume no roles', async () => {
  const { world, assume } = await open();
  await assert.rejects(
    assume(world.root),
    refusal('AccessDenied', 'Roles may not be assumed by root accounts.'),
  );
});

test('no role of another partition is assumed, and nothing is said of it', async () => {
  const { world, assume } = await open();
  const { account } = await addAccount(world, '444455556666', 'aws-cn');
  const lee = await addUser(world, account, 'Lee', allow('sts:AssumeRole'));
  await assert.rejects(assume(lee), denied('arn:aws-cn:iam::444455556666:user/Lee'));
});

test('what is no role ARN is invalid', async () => {
  const { bob, assume } = await open();
  for (const arn of [
    `arn:aws:iam::111122223333:role/${'x'.repeat(2000)}`,
    'arn:aws:iam::111122223333:user/Bob',
    'Uploader-of-some-length',
    'arn:aws:s3:::a-bucket',
  ]) {
    await assert.rejects(assume(bob, { RoleArn: arn }), refusal('ValidationError', `${arn} is invalid`));
  }
});

test("a session lasts at most as long as the role's longest", async () => {
  const { bob, assume } = await open({}, { maxSessionDuration: 7200 });
  const reply = await assume(bob, { DurationSeconds: 7200 });
  assert.equal(reply.Credentials?.Expiration?.toISOString(), '2026-11-22T02:00:00.000Z');
  await assert.rejects(
    assume(bob, { DurationSeconds: 7201 }),
    refusal(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    ),
  );
});

test('a chained session lasts an hour at most; asking for more fails', async () => {
  const { world, bob, assume } = await open(
    { Principal: { AWS: ['arn:aws:iam::111122223333:user/Bob', 'arn:aws:iam::111122223333:root'] } },
    { maxSessionDuration: 43_200 },
  );
  const document = policy(allow('sts:AssumeRole', ROLE));
  await world.identity.entityPolicies.putInline(world.account, 'role', 'Uploader', { name: 'p', document });
  const first = keysIn(await assume(bob));
  await assert.rejects(
    assume(first, { DurationSeconds: 3601 }),
    refusal(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    ),
  );
  await assume(first, { DurationSeconds: 3600 });
});

// AWS Knowledge Center, "iam-role-chaining-limit": users with MFA "use the AWS STS GetSessionToken API and are limited
// to one hour"; 99designs/aws-vault#263, mmmorris1975/aws-runas#11 quote the refusal.
test('credentials of GetSessionToken count as a chain', async () => {
  const { world, bob, assume } = await open({}, { maxSessionDuration: 43_200 });
  const session = keysIn(
    await run(world, stsService(world), bob, 'GetSessionToken', { DurationSeconds: 43_200 }),
  );
  await assert.rejects(
    assume(session, { DurationSeconds: 7200 }),
    refusal(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    ),
  );
  await assume(session, { DurationSeconds: 3600 });
  await assume(bob, { DurationSeconds: 43_200 });
});

test('session policies cut what the role may do', async () => {
  const { world, bob, assume } = await open();
  const document = policy(allow(['s3:GetObject', 's3:PutObject']));
  await world.identity.entityPolicies.putInline(world.account, 'role', 'Uploader', { name: 'p', document });
  const reply = await assume(bob, { Policy: policy(allow(['s3:GetObject', 's3:DeleteObject'])) });
  assert.ok(reply.PackedPolicySize! > 0 && reply.PackedPolicySize! < 20);
  const caller = await callerOf(world, keysIn(reply));
  const may = async (action: string) =>
    (await decide(world, caller, { action, resource: 'arn:aws:s3:::b/k' })).decision.allowed;
  assert.deepEqual(
    [await may('s3:GetObject'), await may('s3:PutObject'), await may('s3:DeleteObject')],
    [true, false, false],
  );
});

test('managed session policies must exist where the role is', async () => {
  const { world, bob, assume } = await open();
  const document = policy(allow('s3:GetObject'));
  const { arn } = await world.identity.policies.create(world.account, { name: 'Read', document });
  await assume(bob, { PolicyArns: [{ arn }, { arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' }] });
  await assert.rejects(
    assume(bob, { PolicyArns: [{ arn: 'arn:aws:iam::111122223333:policy/Nothing' }] }),
    refusal('ValidationError', /policy\/Nothing does not exist/),
  );
  await assert.rejects(
    assume(bob, { PolicyArns: Array.from({ length: 11 }, () => ({ arn })) }),
    refusal('ValidationError', /'policyArns' failed to satisfy constraint: .* less than or equal to 10$/),
  );
});

test('a session policy is checked like any other', async () => {
  const { bob, assume } = await open();
  await assert.rejects(assume(bob, { Policy: '{"Statement":' }), refusal('MalformedPolicyDocument'));
  await assert.rejects(assume(bob, { Policy: `${' '.repeat(2048)}{}` }), refusal('ValidationError'));
});

const TAGGED = { Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] };
const tag = (Key: string, Value: string) => ({ Key, Value });

test('tags and source identity are actions of their own', async () => {
  const { bob, assume } = await open();
  await assert.rejects(
    assume(bob, { Tags: [tag('Team', 'red')] }),
    refusal('AccessDenied', /perform: sts:TagSession on resource: .*no role trust policy allows/),
  );
  await assert.rejects(
    assume(bob, { SourceIdentity: 'bob' }),
    refusal('AccessDenied', /perform: sts:SetSourceIdentity on resource: .*no role trust policy allows/),
  );
});

test('what a request carries is what its conditions see', async () => {
  const { world, bob } = await open({}, { tags: [['Env', 'prod']] });
  const requirements = await requirementsOf(
    world,
    stsService({ identity: world.identity }),
    bob,
    'AssumeRole',
    {
      RoleArn: ROLE,
      RoleSessionName: 'job-7',
      ExternalId: 'x-1',
      SourceIdentity: 'bob',
      Tags: [tag('Team', 'red'), tag('Job', '7')],
      TransitiveTagKeys: ['Job'],
    },
  );
  assert.deepEqual(
    requirements.map(({ action }) => action),
    ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
  );
  for (const { resource, resourceAccount, resourceKind, resourcePolicy, context } of requirements) {
    assert.equal(resource, ROLE);
    assert.equal(resourceAccount, '111122223333');
    assert.equal(resourceKind, 'trust');
    assert.equal(resourcePolicy?.name, 'trust policy of role Uploader');
    assert.deepEqual(context, {
      'sts:RoleSessionName': 'job-7',
      'sts:ExternalId': 'x-1',
      'sts:SourceIdentity': 'bob',
      'aws:RequestTag/Team': 'red',
      'aws:RequestTag/Job': '7',
      'aws:TagKeys': ['Team', 'Job'],
      'sts:TransitiveTagKeys': ['Job'],
      'aws:ResourceTag/Env': 'prod',
      'iam:ResourceTag/Env': 'prod',
    });
  }
});

/** Bob assumes First, whose sessions may assume Second. */
async function openChain(): Promise<
  Setup & { second(keys: KeyPair, input?: object): Promise<AssumeRoleResponse> }
> {
  const setup = await open(TAGGED);
  const { world } = setup;
  await world.identity.roles.create(world.account, {
    name: 'Second',
    trust: policy({ Effect: 'Allow', Principal: { AWS: ROLE }, ...TAGGED }),
  });
  const service = stsService({ identity: world.identity });
  const second = (keys: KeyPair, input: object = {}) =>
    run<AssumeRoleResponse>(world, service, keys, 'AssumeRole', {
      RoleArn: 'arn:aws:iam::111122223333:role/Second',
      RoleSessionName: 'next',
      ...input,
    });
  return { ...setup, second };
}

test('transitive tags and the source identity go along a chain', async () => {
  const { world, bob, assume, second } = await openChain();
  const first = await assume(bob, {
    Tags: [tag('Team', 'red'), tag('Job', '7')],
    TransitiveTagKeys: ['job'],
    SourceIdentity: 'bob',
  });
  assert.equal(first.SourceIdentity, 'bob');
  const next = await second(keysIn(first), { Tags: [tag('Team', 'blue')] });
  assert.equal(next.SourceIdentity, 'bob');
  const { context, session } = await callerOf(world, keysIn(next));
  assert.equal(context['aws:PrincipalTag/Job'], '7');
  assert.equal(context['aws:PrincipalTag/Team'], 'blue');
  assert.equal(context['aws:SourceIdentity'], 'bob');
  assert.deepEqual(session, { transitiveTags: { Job: '7' }, sourceIdentity: 'bob' });
});

test('a chained session can neither give inherited tags anew nor change the source identity', async () => {
  const { bob, assume, second } = await openChain();
  const first = keysIn(
    await assume(bob, { Tags: [tag('Job', '7')], TransitiveTagKeys: ['Job'], SourceIdentity: 'bob' }),
  );
  await assert.rejects(
    second(first, { Tags: [tag('JOB', '8')] }),
    refusal('InvalidParameterValue', /conflicts with a transitive tag key from the calling session/),
  );
  await assert.rejects(second(first, { SourceIdentity: 'eve' }), refusal('AccessDenied', /already set/));
  await second(first, { SourceIdentity: 'bob' });
});

// IAM User Guide, "Pass session tags in AWS STS" (chaining): the next role must allow sts:TagSession too.
test('a role that does not allow tags cannot be reached with transitive ones', async () => {
  const { world, bob, assume, second } = await openChain();
  const untagged = policy({ Effect: 'Allow', Principal: { AWS: ROLE }, Action: 'sts:AssumeRole' });
  await world.identity.roles.setTrust(world.account, 'Second', untagged);
  const first = keysIn(await assume(bob, { Tags: [tag('Job', '7')], TransitiveTagKeys: ['Job'] }));
  await assert.rejects(second(first), refusal('AccessDenied', /sts:TagSession/));
  await second(keysIn(await assume(bob, { Tags: [tag('Job', '7')] })));
});

test('tags that contradict each other are refused', async () => {
  const { bob, assume } = await open(TAGGED);
  await assert.rejects(
    assume(bob, { Tags: [tag('Team', 'red'), tag('team', 'blue')] }),
    refusal('InvalidParameterValue', /Tag keys are case insensitive/),
  );
  await assert.rejects(
    assume(bob, { Tags: [tag('Team', 'red')], TransitiveTagKeys: ['Job'] }),
    refusal('InvalidParameterValue', /must be included in the requested tags/),
  );
});

test('contexts of providers that nobody knows are not passed over', async () => {
  const { bob, assume } = await open();
  const ProvidedContexts = [
    { ProviderArn: 'arn:aws:iam::aws:contextProvider/x', ContextAssertion: 'assertion' },
  ];
  await assert.rejects(assume(bob, { ProvidedContexts }), refusal('ValidationError', /context provider/));
});

test('tags and policies that take too much room are refused', async () => {
  const { bob, assume } = await open(TAGGED);
  const Tags = Array.from({ length: 9 }, (_, index) => tag(`T${index + 1}`, 'a'.repeat(250)));
  await assert.rejects(
    assume(bob, { Tags }),
    refusal('PackedPolicyTooLarge', 'Packed size of session tags consumes 498% of allotted space.'),
  );
});
