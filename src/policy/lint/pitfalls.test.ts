import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LintOptions, lint, type PolicyKind } from '../index.js';
import { ALLOW, BUCKET, codes, TRUST, text } from './triggers.test.support.js';

const has = async (code: string, kind: PolicyKind, statement: object, options?: LintOptions) =>
  (await codes(text(statement), kind, options)).includes(code);

describe('blanks in ARNs (object-browser#2690)', () => {
  const resource = async (Resource: string) => await has('BLANK_IN_ARN', 'identity', { ...ALLOW, Resource });
  test('are errors where they keep the ARN from matching', async () => {
    for (const arn of [
      'arn:aws:s3::: ${aws:username}',
      'arn:aws:s3::: ${aws:username}/*',
      ' arn:aws:s3:::b',
      'arn:aws:s3:::b ',
      'arn:aws:s3:::my bucket/*',
      'arn:aws :s3:::b',
      'arn:aws:iam::111122223333 :role/a',
      'arn:aws:iam::111122223333:role/my role',
      'arn:aws:sqs:us-east-1:111122223333: q',
    ])
      assert.ok(await resource(arn), arn);
    const found = await lint(text({ ...ALLOW, Resource: 'arn:aws:s3::: x' }), 'identity');
    assert.ok(found.some(({ code, severity }) => code === 'BLANK_IN_ARN' && severity === 'ERROR'));
    const Condition = { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/ app' } };
    assert.ok(await has('BLANK_IN_ARN', 'resource', { ...BUCKET, Condition }));
  });
  test('are left alone in keys of objects, in names that have them, in defaults of variables', async () => {
    for (const arn of [
      'arn:aws:s3:::b/my file.txt',
      'arn:aws:cloudwatch:us-east-1:111122223333:alarm:My alarm',
      "arn:aws:s3:::b/${aws:PrincipalTag/team, 'no team'}/*",
    ])
      assert.ok(!(await resource(arn)), arn);
  });
});

describe('NotPrincipal with Deny (AWS Security Blog, "restrict S3 bucket access to a specific IAM role")', () => {
  const ROLE = 'arn:aws:iam::111122223333:role/path/app';
  const SESSION = 'arn:aws:sts::111122223333:assumed-role/app/s';
  const USER = 'arn:aws:iam::111122223333:user/alice';
  const ROOT = 'arn:aws:iam::111122223333:root';
  const listed = async (...AWS: string[]) =>
    await has('NOTPRINCIPAL_WITHOUT_ALL_PRINCIPALS', 'resource', {
      Effect: 'Deny',
      NotPrincipal: { AWS },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::b/*',
    });
  test('spares nobody who is not listed with all that it is', async () => {
    for (const list of [
      [ROLE],
      [ROLE, ROOT],
      [SESSION, ROOT],
      [ROLE, SESSION],
      [USER],
      [USER, SESSION, ROLE],
    ])
      assert.ok(await listed(...list), list.join());
  });
  test('is silent where account, role and session, or account and user stand there', async () => {
    for (const list of [[ROLE, SESSION, ROOT], [ROLE, SESSION, '111122223333'], [USER, ROOT], [ROOT]])
      assert.ok(!(await listed(...list)), list.join());
  });
});

test('a key that few of the actions behind a wildcard carry', async () => {
  const few = async (statement: object) =>
    await has('CONDITION_KEY_OF_FEW_ACTIONS', 'identity', { ...ALLOW, Resource: '*', ...statement });
  const Condition = { StringLike: { 's3:prefix': 'home/*' } };
  assert.ok(await few({ Action: 's3:*', Condition }));
  assert.ok(await few({ Action: '*', Condition }));
  assert.ok(await few({ Action: 's3:Get*', Condition }));
  assert.ok(await few({ Action: 'sts:*', Condition: { StringEquals: { 'sts:ExternalId': 'x' } } }));
  assert.ok(!(await few({ Action: 's3:ListBucket*', Condition })));
  assert.ok(!(await few({ Action: 's3:*', Condition: { StringLikeIfExists: { 's3:prefix': 'x' } } })));
  assert.ok(!(await few({ Action: 's3:*', Condition: { NumericGreaterThan: { 's3:TlsVersion': '1.2' } } })));
  const [found] = await lint(text({ ...ALLOW, Resource: '*', Action: 's3:List*', Condition }), 'identity');
  assert.match(
    found?.message ?? '',
    /Of the \d+ actions of s3 that "s3:List\*" means, ListBucket, ListBucketVersions carry s3:prefix/,
  );
});

describe("MFA in a role's own policy", () => {
  const mfa = async (
    Effect: string,
    Condition: object,
    options: LintOptions,
    kind: PolicyKind = 'identity',
  ) => await has('MFA_IN_ROLE_POLICY', kind, { ...ALLOW, Effect, Condition }, options);
  const role = { attachedTo: 'role' } as const;
  test('never holds, for a session has no such key', async () => {
    assert.ok(await mfa('Allow', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, role));
    assert.ok(await mfa('Allow', { NumericLessThan: { 'aws:MultiFactorAuthAge': '3600' } }, role));
    assert.ok(await mfa('Deny', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } }, role));
  });
  test('is what users are to be asked', async () => {
    assert.ok(
      !(await mfa('Allow', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, { attachedTo: 'user' })),
    );
    assert.ok(!(await mfa('Allow', { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, {})));
    assert.ok(!(await mfa('Allow', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'true' } }, role)));
  });
});

test('claims of an OIDC provider that STS hands to no policy', async () => {
  const claim = async (host: string, name: string) =>
    await has('CLAIM_NOT_IN_REQUEST', 'trust', {
      ...TRUST,
      Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${host}` },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${host}:${name}`]: 'x' } },
    });
  for (const name of ['iss', 'exp', 'scope', 'groups'])
    assert.ok(await claim('login.example.com', name), name);
  for (const name of ['sub', 'aud', 'amr', 'oaud'])
    assert.ok(!(await claim('login.example.com', name)), name);
  assert.ok(!(await claim('token.actions.githubusercontent.com', 'repository')));
  assert.ok(await claim('token.actions.githubusercontent.com', 'iss'));
});

test('uploads in parts under SSE-KMS without kms:Decrypt (S3 User Guide, "multipart upload")', async () => {
  const codesOf = async (...kms: string[]) =>
    await codes(
      text(
        { ...ALLOW, Action: 's3:PutObject' },
        { Effect: 'Allow', Action: kms, Resource: 'arn:aws:kms:us-east-1:111122223333:key/1' },
      ),
      'identity',
    );
  assert.deepEqual(await codesOf('kms:GenerateDataKey'), ['MULTIPART_WITHOUT_DECRYPT']);
  assert.deepEqual(await codesOf('kms:GenerateDataKey', 'kms:Decrypt'), []);
  assert.deepEqual(await codesOf('kms:Encrypt'), []);
});

test('a word that stands many times is one finding a key, so that a hostile document has few', async () => {
  const tags = Array.from({ length: 50 }, (_, i) => [`s3:ExistingObjectTag/a${i}`, 'x'] as const);
  const Action = Array.from({ length: 60 }, () => 's3:*');
  const Condition = { StringEquals: Object.fromEntries(tags) };
  const found = await codes(text({ ...ALLOW, Action, Resource: '*', Condition }), 'identity');
  assert.equal(found.filter(code => code === 'CONDITION_KEY_OF_FEW_ACTIONS').length, 50);
});

test('a resource longer than any ARN is not compared with what actions work on, which would take long', async () => {
  const Resource = `arn:aws:s3:::${'*a'.repeat(2000)}`;
  const found = await codes(text({ ...ALLOW, Action: 's3:ListBucket', Resource }), 'identity');
  assert.ok(!found.includes('ACTION_WITHOUT_MATCHING_RESOURCE'));
});
