import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  GetAccessKeyInfoResponse,
  GetCallerIdentityResponse,
  GetFederationTokenResponse,
  GetSessionTokenResponse,
} from '@aws-sdk/client-sts';
import {
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

async function open(...statements: object[]) {
  const world = await openWorld();
  const bob = await addUser(world, world.account, 'Bob', ...statements);
  const service = stsService({ identity: world.identity });
  const sts = <O>(keys: KeyPair, operation: string, input: object = {}) =>
    run<O>(world, service, keys, operation, input);
  return { world, bob, service, sts };
}

const may = async (world: World, keys: KeyPair, action: string, resource = 'arn:aws:s3:::b/k') =>
  (await decide(world, await callerOf(world, keys), { action, resource })).decision.allowed;

test('everyone may ask who they are, even where a policy denies it', async () => {
  const { world, bob, sts } = await open({ Effect: 'Deny', Action: 'sts:*', Resource: '*' });
  const { id } = await world.identity.users.get('111122223333', 'Bob');
  assert.deepEqual(await sts<GetCallerIdentityResponse>(bob, 'GetCallerIdentity'), {
    UserId: id,
    Account: '111122223333',
    Arn: 'arn:aws:iam::111122223333:user/Bob',
  });
  assert.deepEqual(await sts<GetCallerIdentityResponse>(world.root, 'GetCallerIdentity'), {
    UserId: '111122223333',
    Account: '111122223333',
    Arn: 'arn:aws:iam::111122223333:root',
  });
});

test("a user's own temporary credentials: half a day by default, the user's permissions", async () => {
  const { world, bob, sts } = await open(allow('s3:GetObject'));
  const reply = await sts<GetSessionTokenResponse>(bob, 'GetSessionToken');
  assert.equal(reply.Credentials?.Expiration?.toISOString(), '2026-11-22T12:00:00.000Z');
  const session = keysIn(reply);
  const caller = await callerOf(world, session);
  assert.equal(caller.credentials, 'session-token');
  assert.equal(caller.principal.arn, 'arn:aws:iam::111122223333:user/Bob');
  assert.equal(caller.context['aws:username'], 'Bob');
  assert.equal(caller.context['aws:MultiFactorAuthPresent'], 'false');
  assert.equal(caller.context['aws:TokenIssueTime'], '2026-11-22T00:00:00.000Z');
  assert.equal(await may(world, session, 's3:GetObject'), true);
  assert.equal(await may(world, session, 's3:PutObject'), false);
});

test("they follow the user's new name and end with the user", async () => {
  const { world, bob, sts } = await open();
  const session = keysIn(await sts<GetSessionTokenResponse>(bob, 'GetSessionToken'));
  await world.identity.users.rename(world.account, 'Bob', { name: 'Robert' });
  assert.equal((await callerOf(world, session)).principal.arn, 'arn:aws:iam::111122223333:user/Robert');
  await world.identity.accessKeys.delete(world.account, 'Robert', bob.accessKeyId);
  await world.identity.users.delete(world.account, 'Robert');
  await world.identity.users.create(world.account, { name: 'Robert' });
  const { accessKeyId, sessionToken } = session;
  const found = await world.identity.lookup(accessKeyId, sessionToken, world.clock.now());
  assert.equal(found.found, 'none');
});

// STS API Reference, GetSessionToken: longer sessions of root users are cut to an hour.
test('sessions of a root user last an hour', async () => {
  const { world, sts } = await open();
  for (const operation of ['GetSessionToken', 'GetFederationToken']) {
    const input = { Name: 'Guest', DurationSeconds: 7200 };
    const reply = await sts<GetSessionTokenResponse>(world.root, operation, input);
    assert.equal(reply.Credentials?.Expiration?.toISOString(), '2026-11-22T01:00:00.000Z');
  }
});

test('MFA codes of devices that do not exist are refused', async () => {
  const { bob, sts } = await open();
  const input = { SerialNumber: 'arn:aws:iam::111122223333:mfa/Bob', TokenCode: '123456' };
  await assert.rejects(
    sts(bob, 'GetSessionToken', input),
    refusal('AccessDenied', /^MultiFactorAuthentication failed, unable to validate MFA code\./),
  );
});

test('a federated user may do what both the session policy and the user may', async () => {
  const { world, bob, sts } = await open(
    allow('sts:GetFederationToken', 'arn:aws:sts::111122223333:federated-user/Guest'),
    allow(['s3:GetObject', 's3:PutObject']),
  );
  const reply = await sts<GetFederationTokenResponse>(bob, 'GetFederationToken', {
    Name: 'Guest',
    Policy: policy(allow(['s3:GetObject', 's3:DeleteObject'])),
  });
  assert.deepEqual(reply.FederatedUser, {
    FederatedUserId: '111122223333:Guest',
    Arn: 'arn:aws:sts::111122223333:federated-user/Guest',
  });
  assert.equal(reply.Credentials?.Expiration?.toISOString(), '2026-11-22T12:00:00.000Z');
  const guest = keysIn(reply);
  const caller = await callerOf(world, guest);
  assert.equal(caller.userId, '111122223333:Guest');
  assert.equal(caller.principal.federatingArn, 'arn:aws:iam::111122223333:user/Bob');
  assert.equal(caller.context['aws:PrincipalType'], 'FederatedUser');
  assert.equal(caller.context['aws:username'], undefined);
  assert.equal(await may(world, guest, 's3:GetObject'), true);
  assert.equal(await may(world, guest, 's3:PutObject'), false);
  assert.equal(await may(world, guest, 's3:DeleteObject'), false);
});

test('a session token is as long as asked for, and its size is told', async () => {
  const { world, bob, sts } = await open();
  const ask = (MinimumSessionTokenSize?: number) =>
    sts<GetSessionTokenResponse>(bob, 'GetSessionToken', { MinimumSessionTokenSize });
  const short = await ask();
  assert.ok(short.SessionTokenSize! < 400);
  assert.ok(short.SessionTokenUtilization! < 10);
  const long = await ask(4096);
  assert.ok(long.SessionTokenSize! >= 4096);
  assert.equal(long.SessionTokenSize, long.Credentials?.SessionToken?.length);
  assert.equal(long.SessionTokenUtilization, 100);
  assert.equal((await callerOf(world, keysIn(long))).principal.arn, 'arn:aws:iam::111122223333:user/Bob');
  await assert.rejects(
    ask(4097),
    refusal('ValidationError', /Member must have value less than or equal to 4096$/),
  );
});

test('a federated user without a session policy may do nothing', async () => {
  const { world, bob, sts } = await open(allow('*'));
  const reply = await sts<GetFederationTokenResponse>(bob, 'GetFederationToken', { Name: 'Guest' });
  // As recorded of AWS; AssumeRole leaves it out where there is none.
  assert.equal(reply.PackedPolicySize, 0);
  assert.equal(await may(world, keysIn(reply), 's3:GetObject'), false);
});

test('a root user vouches for everything, a session policy for less', async () => {
  const { world, sts } = await open();
  const guest = keysIn(
    await sts<GetFederationTokenResponse>(world.root, 'GetFederationToken', {
      Name: 'Guest',
      Policy: policy(allow('s3:GetObject')),
    }),
  );
  assert.equal(await may(world, guest, 's3:GetObject'), true);
  assert.equal(await may(world, guest, 's3:PutObject'), false);
});

test('federating asks for its action on the federated user, tags for another', async () => {
  const { world, bob, service } = await open();
  const input = { Name: 'Guest', Tags: [{ Key: 'Team', Value: 'red' }] };
  const context = { 'aws:RequestTag/Team': 'red', 'aws:TagKeys': ['Team'] };
  const resource = 'arn:aws:sts::111122223333:federated-user/Guest';
  assert.deepEqual(await requirementsOf(world, service, bob, 'GetFederationToken', input), [
    { action: 'sts:GetFederationToken', resource, context },
    { action: 'sts:TagSession', resource, context },
  ]);
});

test('an access key id tells its account to whoever may ask', async () => {
  const { bob, sts } = await open(allow('sts:GetAccessKeyInfo'));
  const ask = (id: string) => sts<GetAccessKeyInfoResponse>(bob, 'GetAccessKeyInfo', { AccessKeyId: id });
  assert.deepEqual(await ask(bob.accessKeyId), { Account: '111122223333' });
  assert.deepEqual(await ask('ASIAY34FZKBOKMUTVV7A'), { Account: '609629065308' });
  await assert.rejects(ask('AKIA0000000000000000'), refusal('ValidationError'));
  const { bob: other, sts: otherSts } = await open();
  await assert.rejects(
    otherSts(other, 'GetAccessKeyInfo', { AccessKeyId: other.accessKeyId }),
    refusal('AccessDenied', /no identity-based policy allows the sts:GetAccessKeyInfo action/),
  );
});

// IAM User Guide, "Compare AWS STS credentials": which credentials may call which operation.
test('temporary credentials call what they may', async () => {
  const { world, bob, sts } = await open(allow('*'));
  await world.identity.roles.create(world.account, {
    name: 'App',
    trust: policy({
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:user/Bob' },
      Action: 'sts:AssumeRole',
    }),
  });
  const admin = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await world.identity.entityPolicies.attach(world.account, 'role', 'App', admin);
  const assume = { RoleArn: 'arn:aws:iam::111122223333:role/App', RoleSessionName: 'session' };
  const federate = { Name: 'Guest', Policy: policy(allow('*')) };
  const session = keysIn(await sts<GetSessionTokenResponse>(bob, 'GetSessionToken'));
  const guest = keysIn(await sts<GetFederationTokenResponse>(bob, 'GetFederationToken', federate));
  const role = keysIn(await sts<GetSessionTokenResponse>(bob, 'AssumeRole', assume));

  await sts(session, 'AssumeRole', assume);
  for (const keys of [session, guest, role]) await sts(keys, 'GetCallerIdentity');
  await sts(role, 'GetAccessKeyInfo', { AccessKeyId: bob.accessKeyId });
  const refused: [KeyPair, string, object][] = [
    [session, 'GetSessionToken', {}],
    [session, 'GetFederationToken', federate],
    [session, 'GetAccessKeyInfo', { AccessKeyId: bob.accessKeyId }],
    [guest, 'AssumeRole', assume],
    [guest, 'GetSessionToken', {}],
    [guest, 'GetAccessKeyInfo', { AccessKeyId: bob.accessKeyId }],
    [role, 'GetSessionToken', {}],
    [role, 'GetFederationToken', federate],
  ];
  for (const [keys, operation, input] of refused) {
    await assert.rejects(
      sts(keys, operation, input),
      refusal('AccessDenied', `Cannot call ${operation} with session credentials`),
    );
  }
});
