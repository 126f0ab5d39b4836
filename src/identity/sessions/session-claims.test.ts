import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { packClaims, packedSize, type SessionClaims, unpackClaims } from './session-claims.js';

const text = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' });
const optional = fc.option(text, { nil: undefined });
const plain = { noNullPrototype: true } as const;
const keys = fc.dictionary(fc.stringMatching(/^ec2:\w+$/), text, plain);
const withoutAbsent = (claims: object) => JSON.parse(JSON.stringify(claims));
const tags = fc.array(fc.tuple(text, fc.string({ maxLength: 64 })), { maxLength: 10 });

test('claims come back as they were packed', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          kind: fc.constantFrom('assume-role', 'session-token', 'federation-token'),
          account: fc.stringMatching(/^\d{12}$/),
          entityId: text,
          entity: fc.string(),
          name: fc.string(),
          issued: fc.nat(2 ** 45),
          expires: fc.nat(2 ** 45),
          policy: optional,
          policyArns: fc.array(text, { maxLength: 10 }),
          tags,
          transitiveKeys: fc.array(text),
          sourceIdentity: optional,
          externalId: optional,
          mfa: fc.boolean(),
          chained: fc.boolean(),
          federation: fc.option(fc.record({ provider: text, keys: keys }, plain), { nil: undefined }),
          keys: fc.option(keys, { nil: undefined }),
        },
        plain,
      ),
      (claims: SessionClaims) =>
        assert.deepEqual(withoutAbsent(unpackClaims(packClaims(claims))), withoutAbsent(claims)),
    ),
  );
});

test('an assumed role without policies and tags fits a short token', () => {
  const claims: SessionClaims = {
    kind: 'assume-role',
    account: '111122223333',
    entityId: 'AROAY34FZKBOKMUTVV7AB',
    entity: 'sts-s3-example-role',
    name: 'upload-1',
    issued: 1_795_000_000_000,
    expires: 1_795_000_900_000,
    policyArns: [],
    tags: [],
    transitiveKeys: [],
    mfa: false,
    chained: false,
  };
  assert.ok(packClaims(claims).length < 200);
});

test('a long policy takes less room in the token than it is long', () => {
  const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::example/*' };
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: Array.from({ length: 20 }, () => statement),
  });
  const claims: SessionClaims = {
    kind: 'federation-token',
    account: '111122223333',
    entityId: '111122223333',
    entity: '',
    name: 'Guest',
    issued: 1_795_000_000_000,
    expires: 1_795_000_900_000,
    policy,
    policyArns: [],
    tags: [],
    transitiveKeys: [],
    sourceIdentity: undefined,
    externalId: undefined,
    mfa: false,
    chained: false,
  };
  const packed = packClaims(claims);
  assert.ok(packed.length < policy.length / 4);
  assert.deepEqual(unpackClaims(packed), claims);
});

test('without policies and tags nothing is packed', () => {
  assert.equal(packedSize({ policyArns: [], tags: [] }), 0);
});

// Seen of AWS (aws-actions/configure-aws-credentials, issue 1898): nine tags of 250 times `a` take 498 %.
test('tags count as they are, however well they would compress', () => {
  const tags = Array.from({ length: 9 }, (_, index) => [`T${index + 1}`, 'a'.repeat(250)] as const);
  assert.equal(packedSize({ policyArns: [], tags }), 498);
});

test('the least of tags is told as 1 %', () => {
  assert.equal(packedSize({ policyArns: [], tags: [['k', '']] }), 1);
});

test('policies count compressed', () => {
  const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::example/*' };
  const plain = JSON.stringify({
    Version: '2012-10-17',
    Statement: Array.from({ length: 20 }, () => statement),
  });
  assert.ok(packedSize({ policy: plain, policyArns: [], tags: [] }) < 30);
  const dense = randomBytes(1500).toString('base64').slice(0, 2000);
  assert.ok(packedSize({ policy: dense, policyArns: [], tags: [] }) > 100);
});
