import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as organizations from '@aws-sdk/client-organizations';
import * as s3 from '@aws-sdk/client-s3';
import * as sts from '@aws-sdk/client-sts';
import { bodyOf, type HttpRequest } from '../core/http-message.js';
import { requestParameters, responseElements } from './recorded.js';
import { kindOf, membersOf, operationsOf, type Schema } from './schema.js';
import type { Recognised } from './types.js';

const CANARY = 'canary-that-no-event-may-show';

/** A value of the shape in which every text and every number of bytes is the canary. */
function filled(schema: Schema, depth = 0): unknown {
  switch (kindOf(schema)) {
    case 'structure': {
      if (depth > 5) return {};
      return Object.fromEntries(membersOf(schema).map(([name, member]) => [name, filled(member, depth + 1)]));
    }
    case 'list':
      return [filled(schema.getValueSchema(), depth + 1)];
    case 'map':
      return { key: filled(schema.getValueSchema(), depth + 1) };
    case 'blob':
      return Buffer.from(CANARY);
    case 'timestamp':
      return new Date(0);
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return CANARY;
  }
}

const request = { method: 'POST', path: '/', query: '', headers: new Map(), body: bodyOf(new Uint8Array()) };

/** `name: value` of each text in what is recorded that is the canary. */
function canaries(value: unknown, name = ''): string[] {
  if (value === CANARY) return [name];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    canaries(member, Array.isArray(value) ? name : key),
  );
}

/** Words of members that may prove or open something. */
const SUSPICIOUS =
  /secret|password|token|plaintext|private|assertion|seed|pin\b|code|credential(?!s?$|Id|Age)/i;
/** Suspicious names that are harmless: pages, tags, public halves, settings, error codes. */
const HARMLESS =
  /^(nextToken|nextMarker|continuationToken|pageToken|marker|errorCode|connectionErrorCode|assertionEncryptionMode|serviceCredentialAlias|removePrivateKey|subjectFromWebIdentityToken|.*PasswordPolicy.*|.*PasswordLength|.*[pP]asswordReuse.*|statusCode|reasonCode|errorDetailCode|code|serviceSpecificCredentialId|.*CredentialsId|.*TokenVersion|idempotencyToken|clientToken|clientRequestToken|openIDConnect.*|passwordLastUsed|serviceCode|privateKeyEncrypt.*|keyMaterial.*|customKeyStore.*|xksProxy.*Vpc.*|.*KeyId)$/;

describe('secrets', () => {
  for (const [name, sdk] of Object.entries({ iam, kms, organizations, sts })) {
    test(`no secret of ${name} is recorded, whichever operation has it`, () => {
      const shown = new Set<string>();
      for (const schema of operationsOf(sdk).values()) {
        const recognised = { operation: { name: schema.name, schema } } as unknown as Recognised;
        const input = requestParameters(recognised, request as HttpRequest, filled(schema.input));
        const output = responseElements(recognised, filled(schema.output), {});
        for (const member of [...canaries(input), ...canaries(output)]) shown.add(member);
      }
      const suspicious = [...shown].filter(member => SUSPICIOUS.test(member) && !HARMLESS.test(member));
      assert.deepEqual(suspicious, []);
      assert.ok(shown.size > 20, 'the rest is recorded');
    });
  }
});

describe('S3', () => {
  const recognised = (name: string, more: Partial<Recognised>): Recognised => {
    const schema = operationsOf(s3).get(name)!;
    return {
      operation: { name, schema } as Recognised['operation'],
      headers: new Map(),
      parameters: new Map(),
      ...more,
    };
  };
  const asked = (one: Recognised, input?: object) =>
    requestParameters(
      one,
      { ...request, headers: new Map([['host', 'data.s3.example.com']]) } as HttpRequest,
      input,
    );

  test('the query and the headers stand under their own names, signatures and keys do not', () => {
    const one = recognised('PutObject', {
      bucket: 'data',
      key: 'a/b',
      parameters: new Map([
        ['X-Amz-Signature', CANARY],
        ['X-Amz-Security-Token', CANARY],
        ['X-Amz-Expires', '300'],
      ]),
      headers: new Map([
        ['x-amz-acl', 'private'],
        ['x-amz-tagging', 'team=a'],
        ['x-amz-security-token', CANARY],
        ['x-amz-server-side-encryption-customer-algorithm', 'AES256'],
        ['x-amz-server-side-encryption-customer-key', CANARY],
        ['x-amz-server-side-encryption-customer-key-md5', CANARY],
        ['x-amz-copy-source-server-side-encryption-customer-key', CANARY],
        ['x-amz-mfa', CANARY],
        ['x-amz-meta-note', CANARY],
        ['authorization', CANARY],
      ]),
    });
    assert.deepEqual(asked(one, { Body: CANARY }), {
      bucketName: 'data',
      Host: 'data.s3.example.com',
      'X-Amz-Expires': '300',
      'x-amz-acl': 'private',
      'x-amz-tagging': 'team=a',
      'x-amz-server-side-encryption-customer-algorithm': 'AES256',
      key: 'a/b',
    });
  });

  test('a bucket’s settings have their document', () => {
    const policy = { Version: '2012-10-17', Statement: [] };
    const put = recognised('PutBucketPolicy', { bucket: 'data', parameters: new Map([['policy', '']]) });
    assert.deepEqual(asked(put, { Policy: JSON.stringify(policy) }), {
      bucketName: 'data',
      Host: 'data.s3.example.com',
      policy: '',
      bucketPolicy: policy,
    });
    const versioning = recognised('PutBucketVersioning', {
      bucket: 'data',
      parameters: new Map([['versioning', '']]),
    });
    assert.deepEqual(asked(versioning, { VersioningConfiguration: { Status: 'Enabled' } }), {
      bucketName: 'data',
      Host: 'data.s3.example.com',
      versioning: '',
      VersioningConfiguration: { Status: 'Enabled' },
    });
  });
});

test('names begin small, as AWS writes them, and times are in its words', () => {
  const schema = operationsOf(sts).get('AssumeRole')!;
  const recognised = { operation: { name: 'AssumeRole', schema } } as unknown as Recognised;
  const input = {
    RoleArn: 'arn:aws:iam::111122223333:role/app',
    RoleSessionName: 's',
    TokenCode: '123456',
    Tags: [{ Key: 'team', Value: 'a' }],
    DurationSeconds: 900,
  };
  assert.deepEqual(requestParameters(recognised, request as HttpRequest, input), {
    roleArn: 'arn:aws:iam::111122223333:role/app',
    roleSessionName: 's',
    tokenCode: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    tags: [{ key: 'team', value: 'a' }],
    durationSeconds: 900,
  });
  const output = {
    Credentials: {
      AccessKeyId: 'ASIA',
      SecretAccessKey: CANARY,
      SessionToken: CANARY,
      Expiration: new Date(Date.UTC(2026, 0, 31, 13, 5, 8)),
    },
  };
  assert.deepEqual(responseElements(recognised, output, {}), {
    credentials: {
      accessKeyId: 'ASIA',
      secretAccessKey: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      sessionToken: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      expiration: 'Jan 31, 2026, 1:05:08 PM',
    },
  });
});
