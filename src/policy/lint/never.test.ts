import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type LintOptions, lint, type PolicyKind } from '../index.js';
import { ALLOW, BUCKET, codes, KEY, TRUST, text } from './triggers.test.support.js';

const CODE = 'CONDITION_KEY_NEVER_PRESENT';
const CONDITION = { StringEquals: { 'sts:ExternalId': 'x' } };
const GITHUB = 'token.actions.githubusercontent.com';
const PROVIDER = `arn:aws:iam::111122223333:oidc-provider/${GITHUB}`;

const message = async (kind: PolicyKind, statement: object, options?: LintOptions) =>
  (await lint(text(statement), kind, options)).find(({ code }) => code === CODE)?.message;
const isSilent = async (kind: PolicyKind, statement: object, options?: LintOptions) =>
  assert.equal(await message(kind, statement, options), undefined);

describe('a condition on a key that no request carries', () => {
  test('an external ID asked for where none comes (Service Authorization Reference, STS)', async () => {
    assert.equal(
      await message('identity', { ...ALLOW, Condition: CONDITION }),
      'Only requests to sts carry sts:ExternalId, and an external ID is asked for in the trust policy of the role: this Allow never applies for s3:GetObject.',
    );
    assert.ok(await message('resource', { ...BUCKET, Condition: CONDITION }));
    assert.ok(await message('key', { ...KEY, Condition: CONDITION }));
    await isSilent('trust', { ...TRUST, Condition: CONDITION });
    // Amazon Cognito's role for text messages ("SMS message settings"): a service can bring one.
    const Principal = { Service: 'cognito-idp.amazonaws.com' };
    await isSilent('trust', { ...TRUST, Principal, Condition: CONDITION });
    const Resource = 'arn:aws:iam::111122223333:role/r';
    await isSilent('identity', { ...ALLOW, Action: 'sts:AssumeRole', Resource, Condition: CONDITION });
  });

  test('keys of one service with the actions of another, as far as they are', async () => {
    const Action = ['kms:Decrypt', 's3:GetObject', 's3:Put*'];
    const Condition = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } };
    const found = await message('identity', { ...ALLOW, Action, Resource: '*', Condition });
    assert.match(found ?? '', /this Allow never applies for s3:GetObject, s3:Put\*\.$/);
    await isSilent('identity', { ...ALLOW, Action: 'kms:*', Resource: '*', Condition });
    await isSilent('identity', { ...ALLOW, Action: '*', Resource: '*', Condition });
  });

  test('what a negated operator does then, and what is written for absent keys', async () => {
    // parliament, test_condition_mismatch.
    const Condition = { StringNotEquals: { 'iam:ResourceTag/status': 'prod' } };
    const statement = { Effect: 'Allow', Action: ['ec2:*', 's3:*'], Resource: '*', Condition };
    assert.match(
      (await message('identity', statement)) ?? '',
      /this StringNotEquals limits nothing for ec2:\*, s3:\*/,
    );
    assert.match((await message('identity', { ...statement, Effect: 'Deny' })) ?? '', /always denies/);
    for (const operator of ['StringEqualsIfExists', 'StringNotEqualsIfExists', 'ForAllValues:StringEquals'])
      await isSilent('identity', { ...ALLOW, Condition: { [operator]: { 'sts:ExternalId': 'x' } } });
    await isSilent('identity', { ...ALLOW, Condition: { Null: { 'sts:ExternalId': 'true' } } });
  });

  test('the source of a call in what users and roles may do (AWS global condition context keys)', async () => {
    const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::b' } };
    assert.ok(await message('identity', { ...ALLOW, Condition }));
    await isSilent('resource', { ...BUCKET, Principal: { Service: 'logging.s3.amazonaws.com' }, Condition });
  });

  test("a user's name in a role's own policy", async () => {
    const Condition = { StringEquals: { 'aws:username': 'alice' } };
    const Resource = 'arn:aws:s3:::b/${aws:username}/*';
    const role = { attachedTo: 'role' } as const;
    assert.ok(await message('identity', { ...ALLOW, Condition }, role));
    assert.ok(await message('identity', { ...ALLOW, Resource }, role));
    await isSilent('identity', { ...ALLOW, Resource: "arn:aws:s3:::b/${aws:username, 'x'}/*" }, role);
    await isSilent('identity', { ...ALLOW, Condition }, { attachedTo: 'user' });
    await isSilent('identity', { ...ALLOW, Resource });
  });

  test('claims of assertions and tokens that the statement does not take', async () => {
    const saml = { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } };
    assert.ok(await message('trust', { ...TRUST, Condition: saml }));
    await isSilent('trust', {
      Effect: 'Allow',
      Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/p' },
      Action: 'sts:AssumeRoleWithSAML',
      Condition: saml,
    });
    const token = (host: string) => ({
      Effect: 'Allow',
      Principal: { Federated: PROVIDER },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${GITHUB}:sub`]: 'repo:o/r:ref:refs/heads/main', [`${host}:aud`]: 'a' },
      },
    });
    assert.ok(await message('trust', token('token.actions.githubusercontent.co')));
    await isSilent('trust', token(GITHUB));
  });
});

describe('a name that stands where no condition key can', () => {
  const first = async (kind: PolicyKind, statement: object) =>
    (await lint(text(statement), kind)).find(({ severity }) => severity === 'ERROR')?.message ?? '';
  test('is answered with where it belongs', async () => {
    const place =
      /write it into the Condition of the role's trust policy, as \{ "StringEquals": \{ "sts:ExternalId"/;
    assert.match(await first('trust', { ...TRUST, ExternalId: 'x' }), place);
    assert.match(
      await first('trust', { ...TRUST, Principal: { AWS: '111122223333', ExternalId: 'x' } }),
      place,
    );
    assert.match(await first('trust', { ...TRUST, Condition: { 'sts:ExternalId': 'x' } }), place);
    const address = /write it into the Condition, as \{ "StringEquals": \{ "aws:SourceVpce"/;
    assert.match(await first('resource', { ...BUCKET, SourceVpce: 'vpce-1' }), address);
    assert.match(
      await first('trust', { ...TRUST, Condition: { StringEquals: { 'aws:ExternalId': 'x' } } }),
      /did you mean "sts:ExternalId"/,
    );
    assert.match(
      await first('identity', { ...ALLOW, Principal: { AWS: '111122223333' } }),
      /Whom a role trusts stands in its trust policy/,
    );
  });
});

test('Deny without a second factor spares access keys (IAM User Guide, aws:MultiFactorAuthPresent)', async () => {
  const deny = (operator: string, value: string) =>
    codes(
      text({ ...ALLOW, Effect: 'Deny', Condition: { [operator]: { 'aws:MultiFactorAuthPresent': value } } }),
      'identity',
    );
  assert.deepEqual(await deny('Bool', 'false'), ['MFA_DENY_SPARES_ACCESS_KEYS']);
  assert.deepEqual(await deny('BoolIfExists', 'false'), []);
});

test('the policy of a repository names no resource (ECR User Guide)', async () => {
  const repository = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: ['ecr:BatchGetImage'] };
  assert.deepEqual(await codes(text(repository), 'resource'), []);
  assert.deepEqual(await codes(text({ ...repository, Action: 'sqs:SendMessage' }), 'resource'), [
    'MISSING_RESOURCE',
  ]);
});

test("the placeholders of AWS's manuals are placeholders, not blanks (S3 User Guide, batch operations)", async () => {
  const Resource = 'arn:aws:s3:::*** manifest bucket ***/*';
  assert.deepEqual(await codes(text({ ...ALLOW, Resource }), 'identity'), ['PLACEHOLDER']);
});

test('keys with a part of one’s own are known by what stands before it (KMS Developer Guide, encryption context)', async () => {
  const Condition = { StringLike: { 'kms:EncryptionContext:aws:cloudtrail:arn': 'arn:aws:cloudtrail:*' } };
  assert.deepEqual(await codes(text({ ...KEY, Action: 'kms:GenerateDataKey*', Condition }), 'key'), []);
});

test('what a template leaves open is no provider of another name (aws-cf-templates, github-openid-connect.yaml)', async () => {
  const Condition = { StringEquals: { [`${GITHUB}:sub`]: 'repo:o/r:ref:refs/heads/main' } };
  const Principal = { Federated: '${unknown}' };
  await isSilent('trust', { Effect: 'Allow', Principal, Action: 'sts:AssumeRoleWithWebIdentity', Condition });
});

test('a long name is recognised by more than a slip (aws-cloudformation-templates, compliant-bucket.yaml)', async () => {
  const [found] = await lint(text({ ...ALLOW, Action: 's3:ReplicationTags' }), 'identity');
  assert.match(found?.message ?? '', /did you mean "s3:ReplicateTags"/);
});
