import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { AssumeRoleWithSAMLResponse } from '@aws-sdk/client-sts';
import { rsaPair } from '../../../test/support/rsa-keys.js';
import {
  ENTITY_ID,
  encoded,
  idpMetadata,
  type ResponseOptions,
  samlResponse,
  signXml,
} from '../../../test/support/saml-idp.js';
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

const ROLE = 'arn:aws:iam::111122223333:role/Saml';
const PROVIDER = 'arn:aws:iam::111122223333:saml-provider/Directory';
const RECIPIENT = 'https://signin.aws.amazon.com/saml';
const PAIR = { Role: `${ROLE},${PROVIDER}`, RoleSessionName: 'alice' };

interface Setup {
  readonly world: World;
  /** Sends a document as it stands. */
  send(document: string, input?: object): Promise<AssumeRoleWithSAMLResponse>;
  /** Sends a response whose assertion is signed. */
  assume(options?: Partial<ResponseOptions>, input?: object): Promise<AssumeRoleWithSAMLResponse>;
  response(options?: Partial<ResponseOptions>): string;
  trust(changes: object): Promise<void>;
}

async function open(): Promise<Setup> {
  const world = await openWorld();
  const { identity, account, clock } = world;
  await identity.samlProviders.create(account, 'Directory', idpMetadata());
  const statement = (changes: object) =>
    policy({
      Effect: 'Allow',
      Principal: { Federated: PROVIDER },
      Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession', 'sts:SetSourceIdentity'],
      Condition: { StringEquals: { 'saml:aud': RECIPIENT } },
      ...changes,
    });
  await identity.roles.create(account, { name: 'Saml', trust: statement({}) });
  const service = stsService({ identity });
  const send: Setup['send'] = (document, input = {}) =>
    run<AssumeRoleWithSAMLResponse>(world, service, world.root, 'AssumeRoleWithSAML', {
      RoleArn: ROLE,
      PrincipalArn: PROVIDER,
      SAMLAssertion: encoded(document),
      ...input,
    });
  const response: Setup['response'] = (options = {}) =>
    samlResponse({ time: clock.now(), ...options, attributes: { ...PAIR, ...options.attributes } });
  return {
    world,
    send,
    response,
    assume: async (options, input) => send(signXml(response(options), 'Assertion'), input),
    trust: changes => identity.roles.setTrust(account, 'Saml', statement(changes)),
  };
}

const DENIED = refusal('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithSAML');
const INVALID = refusal('InvalidIdentityToken');
const FORGED = refusal('InvalidIdentityToken', 'Response signature invalid');
const EXPIRED = refusal('ExpiredTokenException', 'Token must be redeemed within 5 minutes of issuance');

test('whoever the provider vouches for gets the role', async () => {
  const { world, assume } = await open();
  const reply = await assume();
  const qualifier = createHash('sha1').update(`${ENTITY_ID}111122223333/Directory`).digest('base64');
  assert.equal(reply.AssumedRoleUser?.Arn, 'arn:aws:sts::111122223333:assumed-role/Saml/alice');
  assert.equal(reply.Subject, 'alice');
  assert.equal(reply.SubjectType, 'persistent');
  assert.equal(reply.Issuer, ENTITY_ID);
  assert.equal(reply.Audience, RECIPIENT);
  assert.equal(reply.NameQualifier, qualifier);
  assert.equal(reply.Credentials?.Expiration?.getTime(), START + 3600_000);
  const { context } = await callerOf(world, keysIn(reply));
  assert.equal(context['saml:sub'], 'alice');
  assert.equal(context['saml:sub_type'], 'persistent');
  assert.equal(context['saml:namequalifier'], qualifier);
  assert.equal(context['aws:FederatedProvider'], PROVIDER);
  assert.equal(context['saml:aud'], undefined, 'for the trust policy alone');
});

test('the response may be signed instead of the assertion, or both', async () => {
  const { send, response } = await open();
  await send(signXml(response(), 'Response'));
  await send(signXml(signXml(response(), 'Assertion'), 'Response'));
});

test('the trust policy decides on what the assertion says', async () => {
  const { assume, trust } = await open();
  const attributes = { 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1': ['staff', 'member'] };
  await trust({
    Condition: {
      StringEquals: { 'saml:sub': 'alice', 'saml:iss': ENTITY_ID, 'saml:doc': '111122223333/Directory' },
      'ForAnyValue:StringEquals': { 'saml:edupersonaffiliation': 'staff' },
    },
  });
  await assume({ attributes });
  await assert.rejects(assume(), DENIED);
  await assert.rejects(assume({ attributes, subject: 'mallory' }), DENIED);
  await trust({ Principal: { Federated: `${PROVIDER}2` } });
  await assert.rejects(assume(), DENIED);
});

test('role and provider are a pair of the assertion, in one account', async () => {
  const { world, assume } = await open();
  await assume({ attributes: { Role: ['arn:aws:iam::1:role/x,y', `${PROVIDER}, ${ROLE}`] } });
  await assert.rejects(assume({ attributes: { Role: `${ROLE}2,${PROVIDER}` } }), DENIED);
  await assert.rejects(assume({ attributes: { Role: [] } }), DENIED);
  const { account } = await addAccount(world, '444455556666');
  const trust = policy({
    Effect: 'Allow',
    Principal: { Federated: PROVIDER },
    Action: 'sts:AssumeRoleWithSAML',
  });
  await world.identity.roles.create(account, { name: 'Saml', trust });
  const foreign = 'arn:aws:iam::444455556666:role/Saml';
  await assert.rejects(
    assume({ attributes: { Role: `${foreign},${PROVIDER}` } }, { RoleArn: foreign }),
    INVALID,
  );
});

test('names, tags, source identity and durations are the assertion’s', async () => {
  const { world, assume, trust } = await open();
  const attributes = {
    'PrincipalTag:Team': 'red',
    TransitiveTagKeys: 'Team',
    SourceIdentity: 'alice',
    SessionDuration: '1800',
  };
  const reply = await assume({ attributes });
  assert.equal(reply.SourceIdentity, 'alice');
  assert.equal(reply.Credentials?.Expiration?.getTime(), START + 1800_000);
  const { context, session } = await callerOf(world, keysIn(reply));
  assert.equal(context['aws:PrincipalTag/Team'], 'red');
  assert.deepEqual(session, { transitiveTags: { Team: 'red' }, sourceIdentity: 'alice' });
  const asked = await assume({ attributes }, { DurationSeconds: 900 });
  assert.equal(asked.Credentials?.Expiration?.getTime(), START + 900_000);
  const authn = ` SessionNotOnOrAfter="${new Date(START + 1200_000).toISOString()}"`;
  const capped = await assume({ authn });
  assert.equal(capped.Credentials?.Expiration?.getTime(), START + 1200_000);
  await assert.rejects(assume({}, { DurationSeconds: 7200 }), refusal('ValidationError'));
  for (const name of ['', 'a', 'two words', ['one', 'two']]) {
    await assert.rejects(
      assume({ attributes: { RoleSessionName: name } }),
      refusal('InvalidIdentityToken', /^RoleSessionName /),
    );
  }
  await assert.rejects(
    assume({ attributes: { 'PrincipalTag:Team': ['a', 'b'] } }),
    refusal('IDPRejectedClaim'),
  );
  await assert.rejects(assume({ attributes: { SourceIdentity: 'two words' } }), refusal('IDPRejectedClaim'));
  await assert.rejects(assume({ attributes: { SessionDuration: 'long' } }), INVALID);
  await trust({ Action: 'sts:AssumeRoleWithSAML' });
  await assert.rejects(
    assume({ attributes }),
    refusal('AccessDenied', 'Not authorized to perform sts:TagSession'),
  );
});

test('an assertion counts for five minutes, here, from its issuer', async () => {
  const { world, assume, send, response } = await open();
  const document = signXml(response({ life: 3600 }), 'Assertion');
  await send(document);
  world.clock.advance(300);
  await send(document);
  world.clock.advance(1);
  await assert.rejects(send(document), EXPIRED);
  await assert.rejects(assume({ life: 0 }), EXPIRED);
  await assert.rejects(assume({ time: world.clock.now() + 301_000 }), INVALID);
  await assert.rejects(assume({ audience: 'https://other.example.com' }), INVALID);
  await assert.rejects(assume({ recipient: 'https://other.example.com/saml' }), INVALID);
  await assert.rejects(assume({ recipient: `${RECIPIENT}.example.com` }), INVALID);
  await assert.rejects(assume({ issuer: 'https://other.example.com' }), INVALID);
});

test('metadata that has run out vouches for nobody', async () => {
  const { world, assume } = await open();
  const until = new Date(START + 60_000).toISOString();
  await world.identity.samlProviders.setMetadata(
    world.account,
    PROVIDER,
    idpMetadata(` validUntil="${until}"`),
  );
  await assume();
  world.clock.advance(60);
  await assert.rejects(assume(), INVALID);
});

test('what is not signed, or by somebody else, or weakly, is refused', async () => {
  const { send, response } = await open();
  await assert.rejects(send(response()), FORGED);
  const { privateKey } = rsaPair();
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  for (const what of ['Assertion', 'Response'] as const) {
    await assert.rejects(send(signXml(response(), what, { key })), FORGED);
    const signed = signXml(response(), what);
    await assert.rejects(send(signed.replace('>alice</saml:NameID>', '>mallory</saml:NameID>')), FORGED);
    await assert.rejects(
      send(signed.replace(/<SignatureValue>.*<\/SignatureValue>/, '<SignatureValue/>')),
      FORGED,
    );
  }
  const sha1 = 'http://www.w3.org/2000/09/xmldsig#';
  await assert.rejects(send(signXml(response(), 'Assertion', { algorithm: `${sha1}rsa-sha1` })), FORGED);
  await assert.rejects(send(signXml(response(), 'Assertion', { digest: `${sha1}sha1` })), FORGED);
  for (const document of ['', 'nonsense', '<a/>', `<!DOCTYPE a [<!ENTITY b "c">]>${response()}`]) {
    await assert.rejects(send(document), FORGED);
  }
});

/** The assertion of a document, its signature included. */
const assertionOf = (document: string) => /<saml:Assertion.*<\/saml:Assertion>/s.exec(document)![0];
/** Made so that it stands alone. */
const NAMESPACED = '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"';

// "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky et al., 2012): the ways to wrap a signed assertion.
test('a signed assertion wrapped by a forged one never speaks for the forger', async () => {
  const { send, response, trust } = await open();
  await trust({ Condition: { StringEquals: { 'saml:sub': 'mallory' } } });
  const honest = signXml(response(), 'Assertion');
  const signed = assertionOf(honest);
  const signature = /<Signature .*<\/Signature>/s.exec(signed)![0];
  const bare = signed.replace(signature, '');
  const evil = bare
    .replace('>alice</saml:NameID>', '>mallory</saml:NameID>')
    .replace('"_assertion"', '"_evil"');
  const whole = (content: string) => honest.replace(signed, () => content);
  const inside = (element: string, content: string) =>
    element.replace('</saml:Assertion>', () => `${content}</saml:Assertion>`);
  const object = (content: string) =>
    signature.replace('</Signature>', () => `<Object>${content}</Object></Signature>`);
  const own = (element: string, addition: string) =>
    element.replace('</saml:Issuer>', () => `</saml:Issuer>${addition}`);
  const wrapped = [
    whole(evil + signed),
    whole(signed + evil),
    whole(inside(evil, signed)),
    whole(inside(evil, `<saml:Advice>${signed}</saml:Advice>`)),
    whole(own(evil, signature) + bare),
    whole(own(evil, object(bare))),
    whole(own(inside(evil, bare), signature)),
    whole(own(evil.replace('"_evil"', '"_assertion"'), object(bare))),
    whole(`<samlp:Extensions>${signed}</samlp:Extensions>${evil}`),
    whole(`<samlp:Extensions>${bare}</samlp:Extensions>${own(evil, signature)}`),
    honest.replace('</saml:Issuer>', () => `</saml:Issuer>${signature}`).replace(signed, () => evil),
    whole(own(evil, signature.replace('#_assertion', ''))),
    whole(own(evil, signature.replace('#_assertion', '#_evil'))),
    signed.replace('<saml:Assertion', NAMESPACED),
  ];
  for (const document of wrapped) {
    await assert.rejects(send(document), error => {
      const { code } = error as { code?: string };
      assert.ok(code === 'InvalidIdentityToken' || code === 'AccessDenied', document);
      return true;
    });
  }
});

test('a comment inside a name does not cut it', async () => {
  const { assume, trust, response, send } = await open();
  const subject = 'admin@example.com<!-- -->.evil.example.com';
  await trust({ Condition: { StringEquals: { 'saml:sub': 'admin@example.com' } } });
  await assert.rejects(assume({ subject }), DENIED);
  const signed = signXml(response({ subject: 'admin@example.com.evil.example.com' }), 'Assertion');
  const cut = signed.replace('admin@example.com.evil', 'admin@example.com<!-- -->.evil');
  await assert.rejects(send(cut), DENIED, 'a comment may be put in without breaking the signature');
});
