import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openIdentity } from '../index.js';
import { countingKv, demandValid, open, refusedWhy, sessionOf, TRUST } from '../setup.test.support.js';

test("a user's key: its secret, its principal, its condition keys", async () => {
  const { identity, account, clock } = await open();
  const user = await identity.users.create(account, { name: 'Bob', path: '/t/', tags: [['Team', 'red']] });
  const key = await identity.accessKeys.create(account, 'bob');
  const { secretAccessKey, caller } = demandValid(await identity.lookup(key.id, undefined, clock.now()));
  assert.equal(secretAccessKey, key.secretAccessKey);
  assert.deepEqual(caller.principal, {
    type: 'user',
    arn: 'arn:aws:iam::111122223333:user/t/Bob',
    account: '111122223333',
    canonicalId: account.canonicalId,
    uniqueId: user.id,
  });
  assert.equal(caller.credentials, 'long-term');
  assert.equal(caller.expires, undefined);
  assert.deepEqual(caller.context, {
    'aws:PrincipalArn': 'arn:aws:iam::111122223333:user/t/Bob',
    'aws:PrincipalAccount': '111122223333',
    'aws:PrincipalType': 'User',
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': user.id,
    'aws:username': 'Bob',
    'aws:PrincipalTag/Team': 'red',
  });
});

test("the root user's key", async () => {
  const { identity, account, clock } = await open();
  const key = (await identity.rootCredentials(account.id))!;
  const { secretAccessKey, caller } = demandValid(await identity.lookup(key.id, undefined, clock.now()));
  assert.equal(secretAccessKey, key.secretAccessKey);
  assert.equal(caller.userId, '111122223333');
  assert.deepEqual(caller.context, {
    'aws:PrincipalArn': 'arn:aws:iam::111122223333:root',
    'aws:PrincipalAccount': '111122223333',
    'aws:PrincipalType': 'Account',
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': '111122223333',
  });
});

test("a role's session: principal, condition keys, end", async () => {
  const setup = await open();
  const { identity, account, clock } = setup;
  const role = await identity.roles.create(account, {
    name: 'App',
    path: '/svc/',
    trust: TRUST(account.id),
    tags: [
      ['Team', 'red'],
      ['Site', 'osaka'],
    ],
  });
  const session = await sessionOf(setup, role, {
    tags: [
      ['team', 'blue'],
      ['Job', '7'],
    ],
    transitiveKeys: ['Job'],
    sourceIdentity: 'bob',
  });
  assert.equal(session.expires, 1_795_000_900_000);
  const found = await identity.lookup(session.accessKeyId, session.sessionToken, clock.now());
  const { secretAccessKey, caller } = demandValid(found);
  assert.equal(secretAccessKey, session.secretAccessKey);
  assert.deepEqual(caller.principal, {
    type: 'assumed-role',
    arn: 'arn:aws:sts::111122223333:assumed-role/App/s1',
    account: '111122223333',
    canonicalId: setup.account.canonicalId,
    uniqueId: role.id,
    roleArn: 'arn:aws:iam::111122223333:role/svc/App',
  });
  assert.equal(caller.userId, `${role.id}:s1`);
  assert.equal(caller.expires, session.expires);
  assert.deepEqual(caller.session, { transitiveTags: { Job: '7' }, sourceIdentity: 'bob' });
  assert.deepEqual(caller.context, {
    'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/svc/App',
    'aws:PrincipalAccount': '111122223333',
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalIsAWSService': 'false',
    'aws:userid': `${role.id}:s1`,
    'aws:PrincipalTag/Site': 'osaka',
    'aws:PrincipalTag/team': 'blue',
    'aws:PrincipalTag/Job': '7',
    'aws:TokenIssueTime': '2026-11-18T11:06:40.500Z',
    'aws:MultiFactorAuthPresent': 'false',
    'aws:SourceIdentity': 'bob',
  });
});

test('unknown, inactive and deleted keys are told apart for the log', async () => {
  const { identity, account, clock } = await open();
  await identity.users.create(account, { name: 'Bob' });
  const key = await identity.accessKeys.create(account, 'Bob');
  const why = async (id: string, token?: string) => refusedWhy(await identity.lookup(id, token, clock.now()));
  for (const id of ['AKIAY34FZKBOKMUTVV7A', '', 'AKIA', 'A'.repeat(3000), 'AKIA\ud800AAAAAAAAAAAAAAA']) {
    assert.equal(await why(id), 'key');
    assert.equal(await why(id, 'AAAA'), id.length === 20 && !id.includes('\ud800') ? 'token' : 'key');
  }
  assert.equal(await why(key.id, 'AAAA'), 'token');
  await identity.accessKeys.setActive(account, 'Bob', key.id, false);
  assert.equal(await why(key.id), 'inactive');
  await identity.accessKeys.setActive(account, 'Bob', key.id, true);
  assert.equal(await why(key.id), 'valid');
  await identity.accessKeys.delete(account, 'Bob', key.id);
  assert.equal(await why(key.id), 'key');
});

test('a session ends with its time, its token, its role, or when it is revoked', async () => {
  const setup = await open();
  const { identity, account, clock } = setup;
  const trust = TRUST(account.id);
  const role = await identity.roles.create(account, { name: 'App', trust });
  const session = await sessionOf(setup, role);
  const other = await sessionOf(setup, role);
  const why = async ({ accessKeyId, sessionToken }: typeof session, now = clock.now()) =>
    refusedWhy(await identity.lookup(accessKeyId, sessionToken, now));

  assert.equal(await why(session), 'valid');
  assert.equal(await why(session, session.expires - 1), 'valid');
  assert.equal(await why(session, session.expires), 'expired');
  assert.equal(await why({ ...session, sessionToken: other.sessionToken }), 'token');
  assert.equal(await why({ ...session, sessionToken: `${session.sessionToken}AAAA` }), 'token');
  assert.equal(await why({ ...session, sessionToken: '' }), 'token');

  await identity.sessions.revoke(session.accessKeyId);
  assert.equal(await why(session), 'revoked');
  assert.equal(await why(other), 'valid');

  clock.advance(1);
  await identity.roles.revokeSessions(account, 'App');
  assert.equal(await why(other), 'revoked');
  const later = await sessionOf(setup, role);
  assert.equal(await why(later), 'valid');

  await identity.roles.delete(account, 'App');
  assert.equal(await why(later), 'token');
  await identity.roles.create(account, { name: 'App', trust });
  assert.equal(await why(later), 'token');
});

test('a session outlives a restart and a changed root key', async () => {
  const kv = openMemoryKv();
  const setup = await open(kv);
  const { account, clock } = setup;
  const role = await setup.identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
  const session = await sessionOf(setup, role);
  const rootKey = new Uint8Array(32).fill(9);
  const reopened = await openIdentity({ kv, rootKey, formerRootKeys: [new Uint8Array(32)], clock });
  const found = await reopened.lookup(session.accessKeyId, session.sessionToken, clock.now());
  assert.equal(demandValid(found).secretAccessKey, session.secretAccessKey);
  const stranger = await openIdentity({ kv, rootKey, clock });
  const refused = await stranger.lookup(session.accessKeyId, session.sessionToken, clock.now());
  assert.equal(refusedWhy(refused), 'token');
});

test('an unchanged caller is made once, a changed one at once', async () => {
  const { identity, account, clock } = await open();
  await identity.users.create(account, { name: 'Bob' });
  const { id } = await identity.accessKeys.create(account, 'Bob');
  const look = async () => demandValid(await identity.lookup(id, undefined, clock.now())).caller;
  const first = await look();
  assert.equal(await look(), first);
  await identity.users.tag(account, 'Bob', [['Team', 'red']]);
  assert.equal((await look()).context['aws:PrincipalTag/Team'], 'red');
  await identity.users.rename(account, 'Bob', { name: 'Robert' });
  assert.equal((await look()).principal.arn, 'arn:aws:iam::111122223333:user/Robert');
});

test('sessions are listed while they live, soonest to end first', async () => {
  const setup = await open();
  const { identity, account, clock } = setup;
  const role = await identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
  const first = await sessionOf(setup, role, { externalId: 'x1' });
  clock.advance(60);
  const second = await sessionOf(setup, role);
  const live = async () =>
    (await identity.sessions.list(account.id, 10)).map(({ accessKeyId }) => accessKeyId);
  assert.deepEqual(await live(), [first.accessKeyId, second.accessKeyId]);
  const [view] = await identity.sessions.list(account.id, 1);
  assert.deepEqual(
    { externalId: view?.externalId, issuer: view?.issuer, sourceIp: view?.sourceIp, expires: view?.expires },
    {
      externalId: 'x1',
      issuer: 'arn:aws:iam::111122223333:user/Bob',
      sourceIp: '192.0.2.1',
      expires: first.expires,
    },
  );
  clock.set(first.expires);
  assert.deepEqual(await live(), [second.accessKeyId]);
});

test('the use of a key is noted at most once a minute', async () => {
  const { identity, account, clock } = await open();
  await identity.users.create(account, { name: 'Bob' });
  const { id } = await identity.accessKeys.create(account, 'Bob');
  const { caller } = demandValid(await identity.lookup(id, undefined, clock.now()));
  const use = async (service: string) => {
    identity.used(caller, service, 'us-east-1', clock.now());
    await identity.close();
    return await identity.accessKeys.lastUse(id);
  };
  const start = clock.now();
  assert.deepEqual(await use('s3'), { time: start, service: 's3', region: 'us-east-1' });
  clock.advance(59);
  assert.equal((await use('s3'))?.time, start);
  clock.advance(1);
  assert.deepEqual(await use('s3'), { time: start + 60_000, service: 's3', region: 'us-east-1' });
  await identity.accessKeys.delete(account, 'Bob', id);
  clock.advance(60);
  assert.equal(await use('s3'), undefined);
});

test('a used session is noted at itself, at its role and by service', async () => {
  const setup = await open();
  const { identity, account, clock } = setup;
  const role = await identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
  const { accessKeyId, sessionToken } = await sessionOf(setup, role);
  const { caller } = demandValid(await identity.lookup(accessKeyId, sessionToken, clock.now()));
  const start = clock.now();
  const s3 = { service: 's3', region: 'us-east-1', time: start };
  identity.used(caller, 's3', 'us-east-1', start);
  await identity.close();
  assert.deepEqual((await identity.sessions.list(account.id, 1))[0]?.lastUsed, s3);
  assert.deepEqual(await identity.usage.ofRole(role.id), s3);
  const kms = { service: 'kms', region: 'eu-west-1', time: start + 1 };
  identity.used(caller, 'kms', 'eu-west-1', start + 1);
  await identity.close();
  assert.deepEqual(await identity.usage.ofRole(role.id), kms);
  assert.deepEqual(await identity.usage.ofServices(account, role.id), [kms, s3]);
  await identity.roles.delete(account, 'App');
  identity.used(caller, 'sts', 'us-east-1', start + 2);
  await identity.close();
  assert.equal(await identity.usage.ofRole(role.id), undefined);
  assert.deepEqual(await identity.usage.ofServices(account, role.id), []);
});

test('a look-up reads few records and opens nothing again', async () => {
  const memory = openMemoryKv();
  const reads: string[] = [];
  const kv = countingKv(memory, reads);
  const setup = await open(kv);
  const { identity, account, clock } = setup;
  const role = await identity.roles.create(account, { name: 'App', trust: TRUST(account.id) });
  const { accessKeyId, sessionToken } = await sessionOf(setup, role);
  await identity.lookup(accessKeyId, sessionToken, clock.now());
  reads.length = 0;
  const { caller } = demandValid(await identity.lookup(accessKeyId, sessionToken, clock.now()));
  await identity.policiesOf(caller);
  assert.deepEqual(reads.sort(), ['account', 'revocation', 'role']);
});
