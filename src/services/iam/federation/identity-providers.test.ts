import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as iam from '@aws-sdk/client-iam';
import { idpMetadata } from '../../../../test/support/saml-idp.js';
import { openWorld, refusal, run } from '../../harness.test.support.js';
import { iamService } from '../index.js';

async function open() {
  const world = await openWorld();
  const service = iamService(world);
  return <O>(operation: string, input: object = {}) => run<O>(world, service, world.root, operation, input);
}

const THUMBPRINT = '990F4193972F2BECF12DDEDA5237F9C952F20D9E';
const ARN = 'arn:aws:iam::111122223333:oidc-provider/issuer.example.com/realm';

test('an OpenID Connect provider is made, changed, shown and deleted', async () => {
  const call = await open();
  const created = await call<iam.CreateOpenIDConnectProviderResponse>('CreateOpenIDConnectProvider', {
    Url: 'https://issuer.example.com/realm',
    ClientIDList: ['app'],
    ThumbprintList: [THUMBPRINT],
    Tags: [{ Key: 'Team', Value: 'red' }],
  });
  assert.equal(created.OpenIDConnectProviderArn, ARN);
  const target = { OpenIDConnectProviderArn: ARN };
  await call('AddClientIDToOpenIDConnectProvider', { ...target, ClientID: 'other' });
  await call('AddClientIDToOpenIDConnectProvider', { ...target, ClientID: 'other' });
  await call('RemoveClientIDFromOpenIDConnectProvider', { ...target, ClientID: 'app' });
  const print = '1'.repeat(40);
  await call('UpdateOpenIDConnectProviderThumbprint', { ...target, ThumbprintList: [print] });
  const shown = await call<iam.GetOpenIDConnectProviderResponse>('GetOpenIDConnectProvider', target);
  assert.equal(shown.Url, 'issuer.example.com/realm');
  assert.deepEqual(shown.ClientIDList, ['other']);
  assert.deepEqual(shown.ThumbprintList, [print]);
  assert.deepEqual(shown.Tags, [{ Key: 'Team', Value: 'red' }]);
  const { OpenIDConnectProviderList } = await call<iam.ListOpenIDConnectProvidersResponse>(
    'ListOpenIDConnectProviders',
  );
  assert.deepEqual(OpenIDConnectProviderList, [{ Arn: ARN }]);
  await call('DeleteOpenIDConnectProvider', target);
  await call('DeleteOpenIDConnectProvider', target);
  await assert.rejects(call('GetOpenIDConnectProvider', target), refusal('NoSuchEntity'));
  const long = { OpenIDConnectProviderArn: ARN + 'x'.repeat(1900) };
  await assert.rejects(call('GetOpenIDConnectProvider', long), refusal('NoSuchEntity'));
});

test('what is no issuer is refused', async () => {
  const call = await open();
  for (const Url of [
    'http://issuer.example.com',
    'ftp://issuer.example.com',
    'issuer.example.com',
    'https://issuer.example.com/?a=b',
    'https://issuer.example.com/#a',
    'https://user:secret@issuer.example.com',
    'http://127.0.0.1.example.com',
    'https://10.1.2.3',
    'https://169.254.169.254/latest',
    'https://[::1]',
  ]) {
    await assert.rejects(call('CreateOpenIDConnectProvider', { Url }), refusal('InvalidInput'));
  }
  await call('CreateOpenIDConnectProvider', { Url: 'http://localhost:8080/realm' });
  await assert.rejects(
    call('CreateOpenIDConnectProvider', { Url: 'http://localhost:8080/realm' }),
    refusal('EntityAlreadyExists'),
  );
  const Url = 'https://issuer.example.com';
  const ClientIDList = Array.from({ length: 101 }, (_, index) => `app-${index}`);
  await assert.rejects(call('CreateOpenIDConnectProvider', { Url, ClientIDList }), refusal('LimitExceeded'));
  const ThumbprintList = Array(6).fill(THUMBPRINT);
  await assert.rejects(call('CreateOpenIDConnectProvider', { Url, ThumbprintList }), refusal('InvalidInput'));
});

test('a SAML provider is made of its metadata, changed, shown and deleted', async () => {
  const call = await open();
  const arn = 'arn:aws:iam::111122223333:saml-provider/Directory';
  const SAMLMetadataDocument = idpMetadata();
  const made = await call<iam.CreateSAMLProviderResponse>('CreateSAMLProvider', {
    Name: 'Directory',
    SAMLMetadataDocument,
  });
  assert.equal(made.SAMLProviderArn, arn);
  const target = { SAMLProviderArn: arn };
  const shown = await call<iam.GetSAMLProviderResponse>('GetSAMLProvider', target);
  assert.equal(shown.SAMLMetadataDocument, SAMLMetadataDocument);
  assert.equal(shown.ValidUntil?.getUTCFullYear(), 2126);
  const until = idpMetadata(' validUntil="2030-01-01T00:00:00Z"');
  await call('UpdateSAMLProvider', { ...target, SAMLMetadataDocument: until });
  const { SAMLProviderList } = await call<iam.ListSAMLProvidersResponse>('ListSAMLProviders');
  assert.equal(SAMLProviderList?.[0]?.Arn, arn);
  assert.equal(SAMLProviderList?.[0]?.ValidUntil?.getUTCFullYear(), 2030);
  for (const document of [
    'nonsense',
    '<a/>',
    until.replace('IDPSSODescriptor', 'SPSSODescriptor').replace('/md:IDPSSO', '/md:SPSSO'),
    until.replace('use="signing"', 'use="encryption"'),
    until.replace(/<ds:X509Certificate>.{20}/, '<ds:X509Certificate>'),
    `<!DOCTYPE x [<!ENTITY y "z">]>${until.replace(/^.*\n/, '')}`,
  ]) {
    await assert.rejects(
      call('UpdateSAMLProvider', { ...target, SAMLMetadataDocument: document }),
      refusal('InvalidInput'),
    );
  }
  await assert.rejects(
    call('UpdateSAMLProvider', { ...target, AssertionEncryptionMode: 'Required' }),
    refusal('InvalidInput', /Encrypted/),
  );
  await call('DeleteSAMLProvider', target);
  await assert.rejects(call('DeleteSAMLProvider', target), refusal('NoSuchEntity'));
});
