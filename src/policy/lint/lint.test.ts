import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { lint, type PolicyKind, validatePolicy } from '../index.js';
import { ALLOW, BUCKET, codes, KEY, TRIGGERS, TRUST, text } from './triggers.test.support.js';

describe('every check finds what it is for', () => {
  for (const [code, kind, ...statements] of TRIGGERS) {
    test(`${code} in ${JSON.stringify(statements).slice(1, 100)}`, async () => {
      const policy = text(...statements);
      const found = await lint(policy, kind);
      assert.ok(
        found.some(finding => finding.code === code),
        `found ${found.map(one => one.code).join()}`,
      );
      for (const { start, end, line, column, message, severity } of found) {
        assert.ok(0 <= start && start <= end && end <= policy.length && line >= 1 && column >= 1);
        assert.ok(
          message.length > 0 && ['ERROR', 'SECURITY_WARNING', 'WARNING', 'SUGGESTION'].includes(severity),
        );
      }
    });
  }

  test('of the whole document', async () => {
    assert.deepEqual(await codes('not JSON', 'identity'), ['JSON_SYNTAX_ERROR']);
    assert.deepEqual(await codes('"a": ', 'identity'), ['JSON_SYNTAX_ERROR']);
    assert.deepEqual(await codes('{}', 'identity'), ['MISSING_STATEMENT']);
    assert.deepEqual(await codes(JSON.stringify({ Version: '2020-01-01', Statement: ALLOW }), 'identity'), [
      'INVALID_VERSION',
    ]);
    assert.deepEqual(
      await codes(
        JSON.stringify({ Statement: { ...ALLOW, Resource: 'arn:aws:s3:::b/${aws:username}' } }),
        'identity',
      ),
      ['MISSING_VERSION', 'VARIABLE_UNSUPPORTED_IN_VERSION'],
    );
  });

  test('severities follow the four types of IAM Access Analyzer', async () => {
    const all = await Promise.all(
      TRIGGERS.map(([code, kind, ...statements]) =>
        lint(text(...statements), kind).then(found => found.find(one => one.code === code)?.severity),
      ),
    );
    const of = (code: string) => all[TRIGGERS.findIndex(([one]) => one === code)];
    assert.deepEqual(['INVALID_ACTION', 'PUBLIC_ACCESS', 'TYPE_MISMATCH', 'REDUNDANT_ACTION'].map(of), [
      'ERROR',
      'SECURITY_WARNING',
      'WARNING',
      'SUGGESTION',
    ]);
  });
});

describe('what is well is left alone', () => {
  const good: [PolicyKind, ...object[]][] = [
    [
      'identity',
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket', 's3:PutObject'],
        Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'],
      },
    ],
    ['identity', { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' }],
    ['identity', { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: 'arn:aws:s3:::*' }],
    ['identity', { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::b*' }],
    ['identity', { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::b/${aws:username}/*' }],
    [
      'identity',
      {
        Effect: 'Allow',
        Action: 'iam:PassRole',
        Resource: '*',
        Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
      },
    ],
    [
      'identity',
      { Effect: 'Allow', Action: 'iam:GetUser', Resource: 'arn:aws:iam::111122223333:user/${aws:username}' },
    ],
    [
      'identity',
      { Effect: 'Allow', Action: 'iam:ListUsers', Resource: 'arn:aws:iam::111122223333:user/team/*' },
    ],
    [
      'identity',
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:aws:kms:*:111122223333:key/*',
        Condition: { StringEquals: { 'kms:EncryptionContext:app': 'a' } },
      },
    ],
    [
      'identity',
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::b/*',
        Condition: { StringEquals: { 's3:ExistingObjectTag/team': "${aws:PrincipalTag/team, 'none'}" } },
      },
    ],
    [
      'identity',
      {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:eu-west-1:111122223333:accesspoint/ap/object/*',
      },
    ],
    [
      'identity',
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::b',
        Condition: { StringLike: { 's3:prefix': ['', 'home/*'] } },
      },
    ],
    [
      'identity',
      {
        Effect: 'Deny',
        NotAction: 'iam:*',
        Resource: '*',
        Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      },
    ],
    [
      'identity',
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:TokenIssueTime': '2026-01-01T00:00:00Z' } },
      },
    ],
    ['trust', { ...TRUST, Principal: { Service: 'ec2.amazonaws.com' } }],
    ['trust', { ...TRUST, Condition: { StringEquals: { 'sts:ExternalId': 'x1' } } }],
    [
      'trust',
      {
        ...TRUST,
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: { StringLike: { 'aws:RequestTag/team': '?*' } },
      },
    ],
    [
      'trust',
      {
        ...TRUST,
        Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/idp' },
        Action: 'sts:AssumeRoleWithSAML',
        Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
      },
    ],
    [
      'trust',
      {
        ...TRUST,
        Principal: {
          Federated: 'arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com',
        },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
            'token.actions.githubusercontent.com:sub': 'repo:org/app:ref:refs/heads/main',
          },
        },
      },
    ],
    ['resource', { ...BUCKET, Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }],
    [
      'resource',
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
    [
      'resource',
      {
        ...BUCKET,
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': '111122223333' } },
      },
    ],
    ['key', KEY],
    ['session', ALLOW],
    ['boundary', { Effect: 'Allow', Action: '*', Resource: '*' }],
    ['service-control', { Effect: 'Deny', Action: 'organizations:LeaveOrganization', Resource: '*' }],
    [
      'resource-control',
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: '*',
        Condition: { StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } },
      },
    ],
  ];
  for (const [kind, ...statements] of good) {
    test(`${kind}: ${JSON.stringify(statements).slice(1, 110)}`, async () => {
      assert.deepEqual(await lint(text(...statements), kind), []);
    });
  }

  test("AWS's own managed policies, all of them, are stored and have no errors", async () => {
    const file = new URL('../../identity/policies/aws-managed-policies.jsonl', import.meta.url);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.ok(lines.length > 3000);
    for (let at = 0; at < lines.length; at += 2) {
      const { arn } = JSON.parse(lines[at] as string) as { arn: string };
      const document = lines[at + 1] as string;
      validatePolicy(document, 'identity', { partition: 'aws' });
      const errors = (await lint(document, 'identity')).filter(({ severity }) => severity === 'ERROR');
      assert.deepEqual(errors, [], arn);
    }
  });
});

test('other knowledge can be given', async () => {
  const knowledge = {
    service: () => Promise.resolve(undefined),
    services: () => Promise.resolve([]),
    conditionKey: () => Promise.resolve(undefined),
  };
  assert.deepEqual(await codes(text(ALLOW), 'identity', { knowledge }), [
    'INVALID_SERVICE_IN_ACTION',
    'INVALID_SERVICE',
  ]);
});

test('a large hostile text is linted in time', async () => {
  const many = (make: (i: number) => string, count: number) =>
    Array.from({ length: count }, (_, i) => make(i));
  const documents = [
    text({ ...ALLOW, Action: many(i => `s3:Get*${i}*`, 1500) }),
    text({
      ...ALLOW,
      Action: many(() => 's3:GetObject', 1200),
      Resource: many(i => `arn:aws:s3:::b${i}`, 1200),
    }),
    text({ ...ALLOW, Resource: `arn:aws:s3:::${'['.repeat(20_000)}` }),
    text({ ...ALLOW, Resource: `arn:aws:s3:::${'{'.repeat(20_000)}` }),
    text({ ...ALLOW, Resource: `arn:aws:s3:::${'*a'.repeat(10_000)}` }),
    text(...many(i => String(i), 1000).map(Sid => ({ ...ALLOW, Sid }))),
  ];
  for (const document of documents) assert.ok((await lint(document, 'identity')).length > 0);
});
