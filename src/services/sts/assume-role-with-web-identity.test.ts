import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AssumeRoleWithWebIdentityResponse } from '@aws-sdk/client-sts';
import { exportJWK, type JWTPayload } from 'jose';
import { newKey, type OidcIssuer, startIssuer } from '../../../test/support/oidc-issuer.js';
import { openIdentity } from '../../identity/index.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import {
  addAccount,
  callerOf,
  keysIn,
  openWorld,
  policy,
  refusal,
  run,
  START,
  type World,
} from '../harness.test.support.js';
import { stsService } from './index.js';

const ROLE = 'arn:aws:iam::111122223333:role/app/Web';
/** Keys of nobody: the request is not signed. The harness looks a caller up, so it is the root user. */
type Assume = (claims?: JWTPayload, input?: object) => Promise<AssumeRoleWithWebIdentityResponse>;

interface Setup {
  readonly world: World;
  readonly issuer: OidcIssuer;
  readonly provider: string;
  readonly assume: Assume;
  /** Sends a token as it stands. */
  send(token: string, input?: object): Promise<AssumeRoleWithWebIdentityResponse>;
  /** Changes the trust policy's statement. */
  trust(changes: object): Promise<void>;
}

async function open(t: TestContext, trust: object = {}): Promise<Setup> {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const world = await openWorld();
  const { identity, account } = world;
  const provider = await identity.oidcProviders.create(account, {
    url: issuer.url,
    clientIds: ['app', 'other'],
    thumbprints: [],
    tags: [],
  });
  const statement = (changes: object) =>
    policy({
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'],
      ...changes,
    });
  await identity.roles.create(account, { name: 'Web', path: '/app/', trust: statement(trust) });
  const service = stsService({ identity });
  const send: Setup['send'] = (token, input = {}) =>
    run<AssumeRoleWithWebIdentityResponse>(world, service, world.root, 'AssumeRoleWithWebIdentity', {
      RoleArn: ROLE,
      RoleSessionName: 'browser',
      WebIdentityToken: token,
      ...input,
    });
  return {
    world,
    issuer,
    provider,
    send,
    assume: async (claims = {}, input = {}) => send(await issuer.token(world.clock.now(), claims), input),
    trust: changes => identity.roles.setTrust(account, 'Web', statement(changes)),
  };
}

const DENIED = refusal('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');

test('whoever the provider vouches for gets the role and its keys', async t => {
  const { world, provider, issuer, assume } = await open(t);
  const reply = await assume({ amr: ['pwd', 'otp'] });
  const { id } = await world.identity.roles.get('111122223333', 'Web');
  assert.deepEqual(reply.AssumedRoleUser, {
    AssumedRoleId: `${id}:browser`,
    Arn: 'arn:aws:sts::111122223333:assumed-role/Web/browser',
  });
  assert.equal(reply.SubjectFromWebIdentityToken, 'alice');
  assert.equal(reply.Audience, 'app');
  assert.equal(reply.Provider, provider);
  assert.equal(reply.Credentials?.Expiration?.getTime(), START + 3600_000);
  const caller = await callerOf(world, keysIn(reply));
  assert.equal(caller.context['aws:FederatedProvider'], provider);
  assert.equal(caller.context[`${issuer.name}:sub`], 'alice');
  assert.equal(caller.context[`${issuer.name}:aud`], 'app');
  assert.deepEqual(caller.context[`${issuer.name}:amr`], ['pwd', 'otp']);
  assert.equal(caller.credentials, 'assume-role', 'what it assumes next is chained');
});

// IAM User Guide, "Available keys for AWS OIDC federation": aud maps to azp where there is one, oaud to aud.
test('the trust policy decides on claims', async t => {
  const { issuer, assume, trust } = await open(t);
  const when = (keys: object) => trust({ Condition: { StringEquals: keys } });
  await when({
    [`${issuer.name}:sub`]: 'alice',
    [`${issuer.name}:aud`]: 'app',
    'sts:RoleSessionName': 'browser',
  });
  await assume();
  await assert.rejects(assume({ sub: 'mallory' }), DENIED);
  await assert.rejects(assume({ aud: 'other' }), DENIED);
  await assert.rejects(assume({}, { RoleSessionName: 'elsewhere' }), DENIED);
  await when({
    [`${issuer.name}:aud`]: 'other',
    [`${issuer.name}:oaud`]: 'api',
    [`${issuer.name}:email`]: 'a@b',
  });
  await assume({ aud: 'api', azp: 'other', email: 'a@b' });
  await assert.rejects(assume({ aud: 'api', azp: 'app', email: 'a@b' }), DENIED);
});

test('claims that AWS makes no condition key of are none here', async t => {
  const { issuer, assume, trust } = await open(t);
  await trust({ Condition: { StringEquals: { [`${issuer.name}:department`]: 'sales' } } });
  await assert.rejects(assume({ department: 'sales' }), DENIED);
});

test('only the provider that the role trusts counts, and only in its account', async t => {
  const { world, issuer, assume, trust, provider } = await open(t);
  await trust({ Principal: { Federated: provider.replace(issuer.name, 'elsewhere.example.com') } });
  await assert.rejects(assume(), DENIED);
  const { account } = await addAccount(world, '444455556666');
  await world.identity.roles.create(account, {
    name: 'Web',
    trust: policy({
      Effect: 'Allow',
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
    }),
  });
  await assert.rejects(
    assume({}, { RoleArn: 'arn:aws:iam::444455556666:role/Web' }),
    refusal('InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${issuer.url}`),
  );
});

test('a role that does not exist looks like one that does not trust', async t => {
  const { assume } = await open(t);
  await assert.rejects(assume({}, { RoleArn: 'arn:aws:iam::111122223333:role/Nothing' }), DENIED);
  await assert.rejects(assume({}, { RoleArn: 'arn:aws:iam::999999999999:role/Nothing' }), DENIED);
});

test('the session lasts as long as the role allows', async t => {
  const { assume } = await open(t);
  await assert.rejects(
    assume({}, { DurationSeconds: 7200 }),
    refusal(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    ),
  );
  const reply = await assume({}, { DurationSeconds: 900 });
  assert.equal(reply.Credentials?.Expiration?.getTime(), START + 900_000);
});

const TAGS = {
  'https://aws.amazon.com/tags': {
    principal_tags: { Team: ['red'], Job: ['7'] },
    transitive_tag_keys: ['Team'],
  },
  'https://aws.amazon.com/source_identity': 'alice',
};

test('tags and the source identity of the token become the session’s', async t => {
  const { world, assume, trust } = await open(t);
  const reply = await assume(TAGS);
  assert.equal(reply.SourceIdentity, 'alice');
  const { context, session } = await callerOf(world, keysIn(reply));
  assert.equal(context['aws:PrincipalTag/Team'], 'red');
  assert.equal(context['aws:SourceIdentity'], 'alice');
  assert.deepEqual(session, { transitiveTags: { Team: 'red' }, sourceIdentity: 'alice' });
  await trust({ Condition: { StringEquals: { 'aws:RequestTag/Team': 'blue' } } });
  await assert.rejects(assume(TAGS), DENIED);
  await trust({ Action: ['sts:AssumeRoleWithWebIdentity', 'sts:SetSourceIdentity'] });
  await assert.rejects(assume(TAGS), refusal('AccessDenied', 'Not authorized to perform sts:TagSession'));
  await trust({ Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] });
  await assert.rejects(
    assume(TAGS),
    refusal('AccessDenied', 'Not authorized to perform sts:SetSourceIdentity'),
  );
});

test('claims of the wrong form are rejected', async t => {
  const { assume } = await open(t);
  for (const claims of [
    { 'https://aws.amazon.com/tags': 'Team=red' },
    { 'https://aws.amazon.com/tags': { principal_tags: { Team: ['red', 'blue'] } } },
    { 'https://aws.amazon.com/tags': { principal_tags: { Team: [1] } } },
    { 'https://aws.amazon.com/tags': { transitive_tag_keys: 'Team' } },
    { 'https://aws.amazon.com/source_identity': 'two words' },
    { 'https://aws.amazon.com/source_identity': 'aws:root' },
  ]) {
    await assert.rejects(assume(claims), refusal('IDPRejectedClaim'));
  }
});

test('a token counts within its time, for its audience', async t => {
  const { world, issuer, send, assume } = await open(t);
  const token = await issuer.token(START);
  await send(token);
  world.clock.advance(299);
  await send(token);
  world.clock.advance(1);
  await assert.rejects(
    send(token),
    refusal('ExpiredTokenException', /^Token expired: current date\/time \d+ must be before the expiration/),
  );
  world.clock.advance(86_400);
  await assert.rejects(send(token), refusal('ExpiredTokenException'));
  await assert.rejects(
    assume({ aud: 'stranger' }),
    refusal('InvalidIdentityToken', 'Incorrect token audience'),
  );
  await assert.rejects(
    assume({ azp: 'stranger' }),
    refusal('InvalidIdentityToken', 'Incorrect token audience'),
  );
  const soon = Math.floor(world.clock.now() / 1000) + 1000;
  await assert.rejects(assume({ iat: soon, exp: soon + 60 }), refusal('InvalidIdentityToken', /future/));
  await assert.rejects(assume({ nbf: soon }), refusal('InvalidIdentityToken', /nbf/));
});

test('a new key of the issuer is found, and unknown ones do not make it a target', async t => {
  const { world, issuer, send, assume } = await open(t);
  await assume();
  await assume();
  assert.equal(issuer.fetches(), 1);
  issuer.keys = [await newKey('second', 'ES256')];
  const token = await issuer.token(world.clock.now());
  await assert.rejects(send(token), refusal('InvalidIdentityToken'), 'asked a moment ago');
  world.clock.advance(30);
  await send(token);
  assert.equal(issuer.fetches(), 2);
  const stranger = await issuer.token(world.clock.now(), {}, { key: await newKey('stranger') });
  for (let i = 0; i < 5; i++) await assert.rejects(send(stranger), refusal('InvalidIdentityToken'));
  assert.equal(issuer.fetches(), 2);
});

test('an issuer that does not answer is said to be so, and its old keys serve for a day', async t => {
  const { world, issuer, send, assume } = await open(t);
  const discovery = '/.well-known/openid-configuration';
  for (const body of [
    '',
    '{"issuer":"https://other.example.com","jwks_uri":"https://other.example.com/"}',
    `{"issuer":"${issuer.url}"}`,
  ]) {
    issuer.answers.set(discovery, { body });
    await assert.rejects(assume(), refusal('IDPCommunicationError'));
    world.clock.advance(30);
  }
  issuer.answers.set(discovery, {
    body: JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://192.0.2.1/keys' }),
  });
  await assert.rejects(assume(), refusal('IDPCommunicationError'), 'plain text beyond this machine');
  world.clock.advance(30);
  issuer.answers.clear();
  issuer.answers.set('/keys', { body: ' '.repeat(1024 * 1024 + 1) });
  await assert.rejects(assume(), refusal('IDPCommunicationError'), 'more than a mebibyte');
  world.clock.advance(30);
  issuer.answers.clear();
  await assume();
  issuer.answers.set('/keys', { status: 500, body: '' });
  world.clock.advance(23 * 3600);
  await assume();
  world.clock.advance(2 * 3600);
  await assert.rejects(assume(), refusal('IDPCommunicationError'));
  await assert.rejects(send('no token'), refusal('InvalidIdentityToken', /is not a valid JWT/));
});

test('keys can come from a file, for issuers out of reach', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-keys-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'keys.json');
  const issuer = await startIssuer();
  await issuer.close();
  const [key] = issuer.keys;
  await writeFile(file, JSON.stringify({ keys: [{ ...(await exportJWK(key!.publicKey)), kid: key!.kid }] }));
  const { clock } = await openWorld();
  const identity = await openIdentity({
    kv: openMemoryKv(),
    rootKey: new Uint8Array(32),
    clock,
    oidcKeyFiles: new Map([['https://far.example.com', file]]),
  });
  const { account } = await identity.createAccount({ id: '111122223333', name: 'a', partition: 'aws' });
  await identity.oidcProviders.create(account, {
    url: 'https://far.example.com',
    clientIds: ['app'],
    thumbprints: [],
    tags: [],
  });
  const token = await issuer.token(START, { iss: 'https://far.example.com' });
  const federated = await identity.oidcTokens.verify(account, token);
  assert.equal(federated.label, 'far.example.com:app:alice');
});
