import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addAccount,
  addUser,
  allow,
  type KeyPair,
  keysIn,
  policy,
  refusal,
  requirementsOf,
  run,
} from '../harness.test.support.js';
import { stsService } from '../sts/index.js';
import { openKarikagi } from './karikagi.test.support.js';

interface Session {
  readonly AccessKeyId: string;
  readonly Arn: string;
  readonly Issuer: { readonly Arn: string; readonly AccessKeyId: string };
  readonly Chain: readonly { readonly Arn: string; readonly AccessKeyId: string }[];
  readonly Expiration: Date;
  readonly Status: string;
}

interface Listed {
  readonly Sessions: readonly Session[];
  readonly NextToken?: string;
}

async function openRoles() {
  const world = await openKarikagi();
  const { identity, account } = world;
  const sts = stsService({ identity });
  const trust = policy({ Effect: 'Allow', Principal: { AWS: account.id }, Action: 'sts:*' });
  for (const name of ['First', 'Second']) {
    await identity.roles.create(account, { name, trust });
    await identity.entityPolicies.putInline(account, 'role', name, {
      name: 'all',
      document: policy(allow('*')),
    });
  }
  const user = await addUser(world, account, 'bob', allow('*'));
  const assume = async (keys: KeyPair, role: string, more: object = {}) => {
    const RoleArn = `arn:aws:iam::${account.id}:role/${role}`;
    const input = { RoleArn, RoleSessionName: `as-${role}`, ...more };
    return keysIn(await run(world, sts, keys, 'AssumeRole', input));
  };
  const stateOf = async ({ accessKeyId, sessionToken }: KeyPair) => {
    const found = await identity.lookup(accessKeyId, sessionToken, world.clock.now());
    return found.found === 'none' ? found.why : found.found;
  };
  return { ...world, user, assume, stateOf };
}

test('a session is listed with its chain and what it was given', async () => {
  const { ask, user, assume, account } = await openRoles();
  const first = await assume(user, 'First', {
    ExternalId: 'secret-handshake',
    Tags: [{ Key: 'team', Value: 'a' }],
    SourceIdentity: 'bob',
    Policy: policy(allow('*')),
  });
  const second = await assume(first, 'Second', { DurationSeconds: 900 });
  const { Sessions } = await ask<Listed>('ListSessions');
  const arn = (kind: string) => `arn:aws:${kind.startsWith('user') ? 'iam' : 'sts'}::${account.id}:${kind}`;
  // The soonest to expire first.
  assert.deepEqual(
    Sessions.map(({ AccessKeyId }) => AccessKeyId),
    [second.accessKeyId, first.accessKeyId],
  );
  const origin = { Arn: arn('user/bob'), AccessKeyId: user.accessKeyId };
  assert.deepEqual(Sessions[0]!.Chain, [origin]);
  const issuer = { Arn: arn('assumed-role/First/as-First'), AccessKeyId: first.accessKeyId };
  assert.deepEqual(Sessions[0]!.Issuer, issuer);
  const issued = new Date(Date.UTC(2026, 10, 22));
  assert.deepEqual(Sessions[1], {
    AccessKeyId: first.accessKeyId,
    SessionType: 'AssumeRole',
    Arn: arn('assumed-role/First/as-First'),
    Issuer: origin,
    Chain: [],
    SourceIp: '192.0.2.1',
    IssueTime: issued,
    Expiration: new Date(issued.getTime() + 3_600_000),
    ExternalId: 'secret-handshake',
    SourceIdentity: 'bob',
    Tags: [{ Key: 'team', Value: 'a' }],
    PolicyArns: [],
    HasInlinePolicy: true,
    Status: 'Active',
  });
});

test('a long chain keeps who began it and who came last', async () => {
  const { ask, user, assume } = await openRoles();
  let keys = user;
  const path: string[] = [];
  for (let link = 0; link < 30; link++) {
    path.push(keys.accessKeyId);
    keys = await assume(keys, link % 2 === 0 ? 'First' : 'Second');
  }
  const sessions: Session[] = [...(await ask<Listed>('ListSessions')).Sessions];
  const { Chain, Issuer } = sessions.find(({ AccessKeyId }) => AccessKeyId === keys.accessKeyId)!;
  const ids = [...Chain, Issuer].map(({ AccessKeyId }) => AccessKeyId);
  assert.deepEqual(ids, [path[0], ...path.slice(-20)]);
});

test('a session asks for itself, whatever its policies are', async () => {
  const { ask, user, assume, account } = await openRoles();
  const narrow = { Policy: policy(allow('s3:GetObject')), DurationSeconds: 900 };
  const second = await assume(await assume(user, 'First'), 'Second', narrow);
  const { Session } = await ask<{ Session: Session }>('GetCallerSession', {}, second);
  assert.equal(Session.Arn, `arn:aws:sts::${account.id}:assumed-role/Second/as-Second`);
  assert.deepEqual(Session.Chain, [
    { Arn: `arn:aws:iam::${account.id}:user/bob`, AccessKeyId: user.accessKeyId },
  ]);
  await assert.rejects(ask('GetCallerSession', {}, user), refusal('ResourceNotFoundException'));
});

test('a list comes in pages, of one role where asked for', async () => {
  const { ask, user, assume } = await openRoles();
  const made = new Set<string>();
  for (let number = 0; number < 7; number++) {
    made.add((await assume(user, 'First', { DurationSeconds: 900 + number })).accessKeyId);
    await assume(user, 'Second', { DurationSeconds: 900 + number });
  }
  const collect = async (input: object) => {
    const ids: string[] = [];
    let NextToken: string | undefined;
    do {
      const page: Listed = await ask('ListSessions', { ...input, ...(NextToken && { NextToken }) });
      assert.ok(page.Sessions.length <= 2);
      ids.push(...page.Sessions.map(({ AccessKeyId }) => AccessKeyId));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return ids;
  };
  assert.equal(new Set(await collect({ MaxItems: 2 })).size, 14);
  const first = await collect({ MaxItems: 2, RoleName: 'first' });
  assert.equal(first.length, 7);
  assert.deepEqual(new Set(first), made);
  await assert.rejects(ask('ListSessions', { NextToken: 'x' }), refusal('ValidationException'));
});

test('a revoked session is refused on the next request, and no other', async () => {
  const { ask, user, assume, stateOf } = await openRoles();
  const [first, other] = [await assume(user, 'First'), await assume(user, 'First')];
  assert.equal(await stateOf(first), 'valid');
  await ask('RevokeSession', { AccessKeyId: first.accessKeyId });
  assert.equal(await stateOf(first), 'revoked');
  assert.equal(await stateOf(other), 'valid');
  const { Sessions } = await ask<Listed>('ListSessions');
  const states = new Map(Sessions.map(({ AccessKeyId, Status }) => [AccessKeyId, Status]));
  assert.equal(states.get(first.accessKeyId), 'Revoked');
  assert.equal(states.get(other.accessKeyId), 'Active');
});

test("a role's sessions are revoked together; later ones live", async () => {
  const { ask, user, assume, stateOf, clock } = await openRoles();
  const [first, second] = [await assume(user, 'First'), await assume(user, 'Second')];
  clock.advance(1);
  await ask('RevokeRoleSessions', { RoleName: 'First' });
  assert.equal(await stateOf(first), 'revoked');
  assert.equal(await stateOf(second), 'valid');
  assert.equal(await stateOf(await assume(user, 'First')), 'valid');
  const { Sessions } = await ask<Listed>('ListSessions', { RoleName: 'First' });
  assert.deepEqual(Sessions.map(({ Status }) => Status).sort(), ['Active', 'Revoked']);
  await assert.rejects(ask('RevokeRoleSessions', { RoleName: 'None' }), refusal('ResourceNotFoundException'));
});

test('a session is found among many', async () => {
  const { ask, user, assume, stateOf, account, identity } = await openRoles();
  const made: KeyPair[] = [];
  for (let number = 0; number < 1001; number++) made.push(await assume(user, 'First'));
  const sessions = await identity.sessions.list(account.id, 1001);
  const last = made.find(({ accessKeyId }) => accessKeyId === sessions.at(-1)!.accessKeyId)!;
  await ask('RevokeSession', { AccessKeyId: last.accessKeyId });
  assert.equal(await stateOf(last), 'revoked');
  const unknown = `${last.accessKeyId.slice(0, -4)}AAAA`;
  await assert.rejects(ask('RevokeSession', { AccessKeyId: unknown }), refusal('ResourceNotFoundException'));
});

test("another account's sessions are neither seen nor revoked", async () => {
  const world = await openRoles();
  const other = await addAccount(world, '444455556666');
  const session = await world.assume(world.user, 'First');
  assert.deepEqual((await world.ask<Listed>('ListSessions', {}, other.root)).Sessions, []);
  const revoke = world.ask('RevokeSession', { AccessKeyId: session.accessKeyId }, other.root);
  await assert.rejects(revoke, refusal('ResourceNotFoundException'));
  assert.equal(await world.stateOf(session), 'valid');
});

test('what each operation asks for', async () => {
  const world = await openRoles();
  const asked = async (operation: string, input: object) =>
    (await requirementsOf(world, world.service, world.root, operation, input)).map(
      ({ action, resource }) => `${action} ${resource}`,
    );
  const id = world.account.id;
  assert.deepEqual(await asked('ListSessions', {}), ['karikagi:ListSessions *']);
  assert.deepEqual(await asked('RevokeSession', { AccessKeyId: 'ASIAX' }), [
    `karikagi:RevokeSession arn:aws:karikagi::${id}:session/ASIAX`,
  ]);
  assert.deepEqual(await asked('RevokeRoleSessions', { RoleName: 'first' }), [
    `karikagi:RevokeRoleSessions arn:aws:iam::${id}:role/First`,
  ]);
});

test('what expired is forgotten while new sessions are issued', async () => {
  const { identity, account, user, assume, clock } = await openRoles();
  const old: KeyPair[] = [];
  for (let number = 0; number < 100; number++)
    old.push(await assume(user, 'First', { DurationSeconds: 900 }));
  await identity.sessions.revoke(old[0]!.accessKeyId);
  clock.advance(901);
  for (let number = 0; number < 64; number++) await assume(user, 'First');
  await identity.sessions.settled();
  assert.equal(await identity.sessions.sweep(account.id), 0);
  assert.equal(await identity.sessions.isRevoked(old[0]!.accessKeyId), false);
  assert.equal((await identity.sessions.list(account.id, 1000)).length, 64);
});
