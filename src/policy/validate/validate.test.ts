import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  compilePolicy,
  evaluate,
  type PolicyKind,
  PolicySyntaxError,
  parsePolicy,
  type ValidateOptions,
  validatePolicy,
} from '../index.js';

const STATEMENT = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };
const TRUST = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' };
const KEY = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'kms:*', Resource: '*' };
const LEGACY = 'The policy failed legacy parsing';
const VENDOR = 'Resource vendor must be fully qualified and cannot contain regexes.';
const PATH =
  'IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.';

const text = (...statements: unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** What AWS answers, or `stored`. */
function answer(policy: string, kind: PolicyKind, options?: ValidateOptions): string {
  try {
    validatePolicy(policy, kind, options);
    return 'stored';
  } catch (error) {
    assert.ok(error instanceof PolicySyntaxError);
    return error.message;
  }
}

const onResource = (Resource: unknown, kind: PolicyKind = 'identity') =>
  answer(text({ ...STATEMENT, Resource }), kind, { partition: 'aws' });

describe('ARNs in identity policies', () => {
  // moto's tables of IAM's answers; aws-cdk#22445; reports of 2026 with the longer sentence; torchserve-eks#3;
  // cognito-user-profiles-export#2; graylog-plugin-aws#172.
  const rows: [arn: string, words: string][] = [
    ['arn:aws:*:*:111122223333:*', VENDOR],
    ['arn:aws:s3*', VENDOR],
    ['arn:aws:s?:::b', VENDOR],
    ['arn:aws:*:::x', VENDOR],
    ['arn:aws', VENDOR],
    ['arn:*', VENDOR],
    ['arn:aws:iam::111122223333:users/bob', PATH],
    ['arn:aws:iam::111122223333:u*', PATH],
    ['arn:aws:iam::111122223333:*x*', PATH],
    ['arn:aws:iam::111122223333:*/cdk-*', PATH],
    ['arn:aws:iam:::b', PATH],
    ['arn:aws:s3:us-east-1::b', 'Resource arn:aws:s3:us-east-1::b can not contain region information.'],
    [
      'arn:aws:s3:us-west-2:111122223333:b/k',
      'Resource arn:aws:s3:us-west-2:111122223333:b/k can not contain region information.',
    ],
    [
      'arn:aws:iam:us-east-1:111122223333:user/x',
      'IAM resource arn:aws:iam:us-east-1:111122223333:user/x cannot contain region information.',
    ],
    ['arn:aws:iam::{$ACCOUNT}:role/eksctl-x', LEGACY],
    ['arn:aws:dynamodb:us-west--2:111122223333:table/x', LEGACY],
    ['arn:aws:s3::b', LEGACY],
    ['arn:aws::x', LEGACY],
    ['arn:aws::::b', LEGACY],
    ['b/*', 'Resource b/* must be in ARN format or "*".'],
    ['', 'Resource  must be in ARN format or "*".'],
    ['x:y:z', 'Partition "y" is not valid for resource "arn:y:z:*:*:*".'],
    ['aws:s3:::b', 'Partition "s3" is not valid for resource "arn:s3:::b:*".'],
    ['arn:asw:s3:::b', 'Partition "asw" is not valid for resource "arn:asw:s3:::b".'],
  ];
  for (const [arn, words] of rows) test(`"${arn}" is refused`, () => assert.equal(onResource(arn), words));

  const stored = [
    '*',
    'arn:aws:s3:::*',
    'arn:aws:s3:::${aws:username}/*',
    'arn:aws:s3:us-west-2:111122223333:accesspoint/a/object/*',
    'arn:aws:s3:*:111122223333:job/*',
    'arn:aws:s3:us-east-1:111122223333:storage-lens/x',
    'arn:aws:iam::*:*',
    'arn:aws:iam::111122223333:root',
    'arn:aws:iam::111122223333:delegation-request/*',
    'arn:aws:iam::aws:policy/ReadOnlyAccess',
    'arn:aws:iam::${aws:PrincipalAccount}:role/x',
    'arn:aws:iam::111122223333:user/${aws:username}',
    'arn:aws:rds:region:*:*',
    'arn:*:s3:::b',
    'arn:aws:kms:*:111122223333:key/*',
  ];
  for (const arn of stored) test(`"${arn}" is stored`, () => assert.equal(onResource(arn), 'stored'));

  test('an ARN of fewer than six components is completed, but not in a session policy (IAM User Guide, "IAM ARNs")', () => {
    for (const arn of ['arn:aws:s3', 'arn:aws:sqs', 'arn:aws:iam::111122223333', 'arn:aws:sqs:us-east-1'])
      for (const kind of ['identity', 'boundary'] as const)
        assert.equal(onResource(arn, kind), 'stored', arn);
    assert.equal(onResource('arn:aws:s3', 'session'), 'Resource arn:aws:s3 must be in ARN format or "*".');
  });

  test('a completed ARN takes in what its full form does', () => {
    const decide = (Resource: string, resource: string, kind: PolicyKind = 'identity') =>
      evaluate(
        {
          principal: { type: 'user', arn: 'arn:aws:iam::111122223333:user/a', account: '111122223333' },
          action: 's3:GetObject',
          resource,
          context: {},
        },
        { identity: [{ name: 'p', policy: compilePolicy(text({ ...STATEMENT, Resource }), kind) }] },
      ).allowed;
    assert.ok(decide('arn:aws:s3', 'arn:aws:s3:::b/k'));
    assert.ok(decide('arn:aws:s3:us-east-1', 'arn:aws:s3:us-east-1:111122223333:accesspoint/a'));
    assert.ok(!decide('arn:aws:s3:us-east-1', 'arn:aws:s3:::b/k'));
    assert.ok(!decide('arn:aws:sqs', 'arn:aws:s3:::b/k'));
  });

  test('nulls in a list of resources are passed over (moto, good documents)', () => {
    assert.equal(onResource(['arn:aws:s3:::b', null]), 'stored');
    assert.equal(answer(text({ ...KEY, Resource: ['*', null] }), 'key'), 'Syntax errors in policy.');
  });
});

describe('dates', () => {
  const at = (value: unknown, kind: PolicyKind = 'identity') =>
    answer(
      text({
        ...(kind === 'trust' ? TRUST : kind === 'key' ? KEY : STATEMENT),
        Condition: { DateLessThan: { 'aws:CurrentTime': value } },
      }),
      kind,
    );
  test('IAM refuses what it cannot read as one (moto, five documents); in trust policies too', () => {
    for (const date of [
      'tomorrow',
      '234-13',
      '2016-12-13t2:00:00.1+1',
      '2016-12-13t2:00:00.1999999999+10:59',
      '9223372036854775808',
      '',
    ]) {
      assert.equal(at(date), LEGACY, date);
      assert.equal(at(date, 'trust'), LEGACY, date);
    }
  });
  test('KMS stores them, and IAM what is a date to it', () => {
    assert.equal(at('tomorrow', 'key'), 'stored');
    for (const date of [
      '2026-11-28T00:00:00Z',
      '2026-11-28',
      '2026',
      '1764288000',
      '2020-04-01t00:00:01z',
      '-292275054-1-1',
      ['2026-11-28T00:00:00+01:00', 1764288000],
    ])
      assert.equal(at(date), 'stored', String(date));
  });
  test('lower-case "t" and "z" are read (RFC 3339)', () => {
    const policy = compilePolicy(
      text({ ...STATEMENT, Condition: { DateGreaterThan: { 'aws:CurrentTime': '2020-04-01t00:00:01z' } } }),
      'identity',
    );
    const principal = {
      type: 'user',
      arn: 'arn:aws:iam::111122223333:user/a',
      account: '111122223333',
    } as const;
    const context = { 'aws:CurrentTime': '2026-11-28T00:00:00Z' };
    const request = { principal, action: 's3:GetObject', resource: 'arn:aws:s3:::b/k', context };
    assert.ok(evaluate(request, { identity: [{ name: 'p', policy }] }).allowed);
  });
});

describe('what speaks first, of several faults', () => {
  const rows: [name: string, statement: unknown, words: string][] = [
    [
      'syntax before dates',
      { ...STATEMENT, Foo: 1, Condition: { DateEquals: { 'aws:CurrentTime': 'x' } } },
      'Syntax errors in policy.',
    ],
    [
      'dates before actions',
      { Effect: 'Allow', Condition: { DateEquals: { 'aws:CurrentTime': 'x' } } },
      LEGACY,
    ],
    ['the case of Effect before resources', { Effect: 'allow', Resource: 'arn:aws:s3:us-east-1::b' }, LEGACY],
    [
      'what is no ARN before what the old parser cannot read',
      { ...STATEMENT, Resource: ['arn:aws:s3::b', 'arn:x:s3:::b'] },
      'Partition "x" is not valid for resource "arn:x:s3:::b".',
    ],
    [
      'missing actions before wrong resources',
      { Effect: 'Allow', Resource: 'b' },
      'Policy statement must contain actions.',
    ],
    [
      'wrong resources before prefixes of actions',
      { ...STATEMENT, Action: 's:3:x', Resource: 'b' },
      'Resource b must be in ARN format or "*".',
    ],
    [
      'prefixes of actions before missing resources',
      { Effect: 'Allow', Action: 'x' },
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'a Principal before a missing Resource (terraform#13449)',
      TRUST,
      'Policy document should not specify a principal.',
    ],
  ];
  for (const [name, statement, words] of rows)
    test(name, () => assert.equal(answer(text(statement), 'identity'), words));

  test('Sids before missing actions, the version before all but syntax', () => {
    const statements = [
      { ...STATEMENT, Sid: 'a' },
      { Sid: 'a', Effect: 'Allow' },
    ];
    assert.equal(
      answer(text(...statements), 'identity'),
      'Statement IDs (SID) in a single policy must be unique.',
    );
    const old = JSON.stringify({ Version: '2008-10-17', Statement: [{ ...STATEMENT, Effect: 'denY' }] });
    assert.equal(
      answer(old, 'identity', { managed: true }),
      'Policy document must be version 2012-10-17 or greater.',
    );
  });
});

describe('trust policies', () => {
  const allow = (Action: unknown) => answer(text({ ...TRUST, Action }), 'trust');
  test('name ways to assume the role, and what goes with one (terraform-provider-aws#32872, moto#5750)', () => {
    for (const action of [
      'sts:TagSessions',
      'sts:BadAssumeRole',
      'sts:AssumeRoleX',
      'sts:GetCallerIdentity',
      'sts:Get*',
      's3:GetObject',
      '*',
    ])
      assert.equal(
        allow(['sts:AssumeRole', action]),
        'AssumeRole policy may only specify STS AssumeRole actions.',
        action,
      );
    for (const action of [
      'sts:AssumeRoleWithSAML',
      'sts:AssumeRoleWithWebIdentity',
      'sts:TagSession',
      'sts:SetSourceIdentity',
      'sts:SetContext',
      'sts:assumerole*',
      'sts:*',
    ])
      assert.equal(allow(['sts:AssumeRole', action]), 'stored', action);
  });
});

test('blanks before the document are refused by IAM (terraform-provider-aws#12267, hashicorp/terraform#14652)', () => {
  for (const blank of [' ', '\n', '\t\t']) {
    assert.equal(answer(blank + text(TRUST), 'trust'), 'JSON strings must not have leading spaces');
    assert.equal(answer(blank + text(STATEMENT), 'identity'), LEGACY);
    assert.equal(answer(blank + text(STATEMENT), 'boundary'), LEGACY);
    assert.equal(answer(blank + text(KEY), 'key'), 'stored');
  }
  assert.equal(answer(`${text(TRUST)}\n `, 'trust'), 'stored');
});

describe('what AWS stores', () => {
  test('key policies: statements without Action or Resource, which do nothing (KMS API Reference, PutKeyPolicy)', () => {
    for (const statement of [
      { ...KEY, Action: undefined },
      { ...KEY, Resource: undefined },
    ]) {
      assert.equal(answer(text(KEY, statement), 'key'), 'stored');
      const policy = compilePolicy(text(statement), 'key');
      const principal = {
        type: 'root',
        arn: 'arn:aws:iam::111122223333:root',
        account: '111122223333',
      } as const;
      const request = { principal, action: 'kms:Decrypt', resource: '*', context: {} };
      assert.ok(
        !evaluate(request, { identity: [], resource: { name: 'k', policy }, resourceKind: 'key' }).allowed,
      );
    }
  });
  test('key policies: Sids that stand twice (KMS Developer Guide, examples of PutKeyPolicy)', () => {
    assert.equal(answer(text({ ...KEY, Sid: 'a' }, { ...KEY, Sid: 'a' }), 'key'), 'stored');
  });
  test('bucket policies: Sids that stand twice (aws-cloudformation-templates, s3-bucket-policy-for-caa-v1)', () => {
    const statement = { ...STATEMENT, Principal: '*', Sid: 'a' };
    assert.equal(answer(text(statement, statement), 'resource'), 'stored');
  });
  test('condition keys without a vendor, unknown operators that compare nothing, "*:*" (moto, good documents)', () => {
    for (const Condition of [{ StringEquals: { a: 'b' } }, { Frobnicate: {} }])
      assert.equal(answer(text({ ...STATEMENT, Condition }), 'identity'), 'stored');
    assert.equal(answer(text({ ...STATEMENT, Action: '*:*' }), 'identity'), 'stored');
  });
  test('a stored policy is read by its grammar, whatever the door would say of it now', () => {
    assert.equal(
      parsePolicy(text({ ...STATEMENT, Resource: 'arn:aws:s3*' }), 'identity').statements.length,
      1,
    );
  });
});

test('resource control policies deny everyone named actions (Organizations User Guide, "RCP syntax")', () => {
  const deny = { Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' };
  assert.equal(answer(text(deny), 'resource-control'), 'stored');
  for (const change of [
    { Effect: 'Allow' },
    { Principal: { AWS: '111122223333' } },
    { Action: '*' },
    { Action: undefined, NotAction: 's3:*' },
  ])
    assert.notEqual(
      answer(text({ ...deny, ...change }), 'resource-control'),
      'stored',
      JSON.stringify(change),
    );
});
