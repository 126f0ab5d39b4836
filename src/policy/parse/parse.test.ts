import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type PolicyKind,
  PolicySyntaxError,
  parsePolicy,
  policySize,
  position,
  readPolicy,
  validatePolicy,
} from '../index.js';
import type {} from './parse.js';
import type { ParseOptions } from './reader.js';

const STATEMENT = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };
const TRUST = { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' };
const BUCKET = { ...STATEMENT, Principal: '*' };

const text = (...statements: unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

function refused(policy: string, kind: PolicyKind, options?: ParseOptions): PolicySyntaxError {
  try {
    validatePolicy(policy, kind, options);
  } catch (error) {
    assert.ok(error instanceof PolicySyntaxError);
    return error;
  }
  return assert.fail(`accepted: ${policy}`);
}

const words = (statement: unknown, kind: PolicyKind, options?: ParseOptions) =>
  refused(text(statement), kind, options).message;

describe('what the grammar takes', () => {
  test('one statement without brackets, one string without a list', () => {
    const document = parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement: STATEMENT }), 'identity');
    assert.equal(document.statements.length, 1);
    assert.deepEqual(
      document.statements[0]?.action.values.map(word => word.value),
      ['s3:GetObject'],
    );
  });

  test('unquoted booleans and numbers in conditions, numbers as written', () => {
    const policy = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*",
      "Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"s3:max-keys":[1.0,2]}}}}`;
    const [statement] = parsePolicy(policy, 'identity').statements;
    assert.deepEqual(
      statement?.conditions.map(one => one.values.map(word => word.value)),
      [['true'], ['1.0', '2']],
    );
  });

  test('no Version means 2008-10-17', () => {
    assert.equal(parsePolicy(JSON.stringify({ Statement: STATEMENT }), 'identity').version, '2008-10-17');
  });

  test('an Id, and Sids with spaces in resource policies', () => {
    const policy = JSON.stringify({
      Id: 'x',
      Version: '2012-10-17',
      Statement: { ...BUCKET, Sid: 'Let them read' },
    });
    assert.equal(parsePolicy(policy, 'resource').id, 'x');
  });

  test('principals of every kind', () => {
    const AWS = [
      '*',
      '111122223333',
      'arn:aws:iam::111122223333:root',
      'arn:aws:iam::111122223333:user/path/of/alice',
      'arn:aws-cn:iam::111122223333:role/app',
      'arn:aws:sts::111122223333:assumed-role/app/s1',
      'arn:aws:sts::111122223333:federated-user/fred',
      'AIDAALICEALICEALICE1',
      'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1',
    ];
    const Principal = {
      AWS,
      Service: 's3.amazonaws.com',
      Federated: 'accounts.google.com',
      CanonicalUser: 'a'.repeat(64),
    };
    const [statement] = parsePolicy(text({ ...BUCKET, Principal }), 'resource').statements;
    assert.equal(statement?.principal?.entries.length, AWS.length + 3);
  });

  test('the size leaves out white space (IAM and AWS STS quotas)', () => {
    assert.equal(policySize('{ "a":\t1,\r\n "b c": 2 }'), 14);
  });
});

// The sentences are those that IAM, S3 and KMS answer with, as public reports of them quote them.
describe("what AWS refuses, in AWS's words", () => {
  const rows: [name: string, statement: object, kind: PolicyKind, words: string, options?: ParseOptions][] = [
    [
      'a Principal in an identity policy',
      BUCKET,
      'identity',
      'Policy document should not specify a principal.',
    ],
    ['a Principal in a boundary', BUCKET, 'boundary', 'Policy document should not specify a principal.'],
    ['no Action', { Effect: 'Allow', Resource: '*' }, 'identity', 'Policy statement must contain actions.'],
    ['an empty Action', { ...STATEMENT, Action: [] }, 'identity', 'Policy statement must contain actions.'],
    ['no Resource', { Effect: 'Allow', Action: '*' }, 'session', 'Policy statement must contain resources.'],
    ['Action and NotAction', { ...STATEMENT, NotAction: 's3:*' }, 'identity', 'Syntax errors in policy.'],
    ['no Effect', { Action: '*', Resource: '*' }, 'identity', 'Syntax errors in policy.'],
    [
      'an Effect in the wrong case',
      { ...STATEMENT, Effect: 'allow' },
      'identity',
      'The policy failed legacy parsing',
    ],
    ['an unknown Effect', { ...STATEMENT, Effect: 'Permit' }, 'identity', 'Syntax errors in policy.'],
    ['an unknown element', { ...STATEMENT, Actions: 'x' }, 'identity', 'Syntax errors in policy.'],
    [
      'an action without its service',
      { ...STATEMENT, Action: 'GetObject' },
      'identity',
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [
      'an action with two colons',
      { ...STATEMENT, Action: 's3:Get:Object' },
      'identity',
      'Actions/Condition can contain only one colon.',
    ],
    [
      'a service with a wildcard',
      { ...STATEMENT, Action: 's*:GetObject' },
      'identity',
      'Vendor s* is not valid',
    ],
    ['an action without a name', { ...STATEMENT, Action: 's3:' }, 'identity', 'Syntax errors in policy.'],
    [
      'a resource that is no ARN',
      { ...STATEMENT, Resource: 'bucket/*' },
      'identity',
      'Resource bucket/* must be in ARN format or "*".',
    ],
    [
      'half an ARN in a session policy',
      { ...STATEMENT, Resource: 'arn:aws:s3' },
      'session',
      'Resource arn:aws:s3 must be in ARN format or "*".',
    ],
    [
      'an unknown partition',
      { ...STATEMENT, Resource: 'arn:asw:s3:::b' },
      'identity',
      'Partition "asw" is not valid for resource "arn:asw:s3:::b".',
    ],
    [
      "another account's partition",
      { ...STATEMENT, Resource: 'arn:aws:s3:::b' },
      'identity',
      'Partition "aws" is not valid for resource "arn:aws:s3:::b".',
      { partition: 'aws-cn' },
    ],
    [
      'an ARN without a service',
      { ...STATEMENT, Resource: 'arn:aws::::b' },
      'identity',
      'The policy failed legacy parsing',
    ],
    [
      'a region in an ARN of IAM',
      { ...STATEMENT, Resource: 'arn:aws:iam:us-east-1:111122223333:role/a' },
      'identity',
      'IAM resource arn:aws:iam:us-east-1:111122223333:role/a cannot contain region information.',
    ],
    [
      'a Sid with a space',
      { ...STATEMENT, Sid: 'Let them' },
      'identity',
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
    [
      'an unknown operator',
      { ...STATEMENT, Condition: { StringIs: { 'aws:a': 'b' } } },
      'identity',
      'Syntax errors in policy.',
    ],
    [
      'a condition that is no object',
      { ...STATEMENT, Condition: 'x' },
      'identity',
      'Syntax errors in policy.',
    ],
    [
      'an operator that is no object',
      { ...STATEMENT, Condition: { Bool: 'x' } },
      'identity',
      'Syntax errors in policy.',
    ],
    [
      'a null value',
      { ...STATEMENT, Condition: { Bool: { 'aws:a': null } } },
      'identity',
      'Syntax errors in policy.',
    ],
    [
      'NullIfExists',
      { ...STATEMENT, Condition: { NullIfExists: { 'aws:a': 'true' } } },
      'identity',
      'Syntax errors in policy.',
    ],
    ['a Resource in a trust policy', { ...TRUST, Resource: '*' }, 'trust', 'Has prohibited field Resource'],
    [
      'another action in a trust policy',
      { ...TRUST, Action: 's3:GetObject' },
      'trust',
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
    [
      'no Principal in a trust policy',
      { Effect: 'Allow', Action: 'sts:AssumeRole' },
      'trust',
      'Missing required field Principal',
    ],
    [
      'NotPrincipal in a trust policy',
      { Effect: 'Deny', NotPrincipal: { AWS: '111122223333' }, Action: 'sts:AssumeRole' },
      'trust',
      'AssumeRole policy must not contain NotPrincipal field.',
    ],
    [
      'an empty Principal',
      { ...TRUST, Principal: {} },
      'trust',
      'Missing required field Principal cannot be empty!',
    ],
    [
      'an empty list of principals',
      { ...TRUST, Principal: { AWS: [] } },
      'trust',
      'Missing required field Principal cannot be empty!',
    ],
    ['Principal and NotPrincipal', { ...BUCKET, NotPrincipal: '*' }, 'resource', 'Syntax errors in policy.'],
    [
      'Allow with NotPrincipal',
      { ...STATEMENT, NotPrincipal: '*' },
      'resource',
      'Allow with NotPrincipal is not allowed.',
    ],
    [
      'a kind of principal that does not exist',
      { ...TRUST, Principal: { User: 'alice' } },
      'trust',
      'Invalid principal in policy: "User"',
    ],
    [
      'a principal that is text',
      { ...TRUST, Principal: 'alice' },
      'trust',
      'Invalid principal in policy: "alice"',
    ],
    ['an unknown element in a bucket policy', { ...BUCKET, Foo: 1 }, 'resource', 'Unknown field Foo'],
    [
      'no Effect in a bucket policy',
      { Principal: '*', Action: 's3:*', Resource: '*' },
      'resource',
      'Missing required field Effect',
    ],
    [
      'no Action in a bucket policy',
      { Principal: '*', Effect: 'Deny', Resource: '*' },
      'resource',
      'Missing required field Action',
    ],
    [
      'no Resource in a bucket policy',
      { Principal: '*', Effect: 'Deny', Action: 's3:*' },
      'resource',
      'Missing required field Resource',
    ],
    [
      'a wrong Effect in a bucket policy',
      { ...BUCKET, Effect: 'Permit' },
      'resource',
      'Invalid effect: Permit',
    ],
    [
      'a wrong resource in a bucket policy',
      { ...BUCKET, Resource: 'b' },
      'resource',
      'Policy has invalid resource',
    ],
    [
      'a wrong action in a bucket policy',
      { ...BUCKET, Action: 'GetObject' },
      'resource',
      'Policy has invalid action',
    ],
    ['no Principal in a resource control policy', STATEMENT, 'resource-control', 'Syntax errors in policy.'],
    ['a Sid that is a number', { ...STATEMENT, Sid: 1 }, 'identity', 'Syntax errors in policy.'],
    ['an action that is a number', { ...STATEMENT, Action: 1 }, 'identity', 'Syntax errors in policy.'],
  ];
  for (const [name, statement, kind, expected, options] of rows) {
    test(name, () => assert.equal(words(statement, kind, options), expected));
  }

  const principals: [type: string, value: string][] = [
    ['AWS', 'arn:aws:iam::111122223333:group/admins'],
    ['AWS', 'arn:aws:iam::111122223333:user/*'],
    ['AWS', 'arn:aws:iam::111122223333 : user/user_name'],
    ['AWS', 'arn:aws:iam::111122223333:<ROLE-NAME'],
    ['AWS', 'arn:aws:iam::1234:root'],
    ['AWS', 'arn:aws:iam:us-east-1:111122223333:root'],
    ['AWS', 'arn:asw:iam::111122223333:root'],
    ['AWS', 'arn:aws:s3:::bucket'],
    ['AWS', 'alice'],
    ['Federated', '*.example.com'],
    ['Federated', ''],
    ['CanonicalUser', 'abc'],
  ];
  for (const [type, value] of principals) {
    test(`the ${type} principal "${value}"`, () => {
      assert.equal(
        words({ ...BUCKET, Principal: { [type]: value } }, 'resource'),
        `Invalid principal in policy: "${type}":"${value}"`,
      );
    });
  }

  test('everyone, in a trust policy', () => {
    const expected = 'AssumeRolepolicy contained an invalid principal: "STAR":"*".';
    assert.equal(words({ ...TRUST, Principal: '*' }, 'trust'), expected);
  });

  test('a service principal is quoted in capitals', () => {
    assert.equal(
      words({ ...TRUST, Principal: { Service: 'ec2' } }, 'trust'),
      'Invalid principal in policy: "SERVICE":"ec2"',
    );
  });

  test('the document as a whole', () => {
    const rows: [string, PolicyKind, string, ParseOptions?][] = [
      ['', 'identity', 'Syntax errors in policy.'],
      ['This is not JSON', 'identity', 'Syntax errors in policy.'],
      ['This is not JSON', 'trust', 'This policy contains invalid Json'],
      ['[]', 'identity', 'Syntax errors in policy.'],
      ['{}', 'identity', 'Syntax errors in policy.'],
      ['{}', 'resource', 'Missing required field Statement'],
      ['{"Statement":[]}', 'resource', 'Could not parse the policy: Statement is empty!'],
      ['{"Statement":["x"]}', 'identity', 'Syntax errors in policy.'],
      [
        JSON.stringify({ Version: '2026-11-22', Statement: STATEMENT }),
        'identity',
        'Syntax errors in policy.',
      ],
      [
        JSON.stringify({ Version: '2026-11-22', Statement: TRUST }),
        'trust',
        'The policy must contain a valid version string',
      ],
      [
        JSON.stringify({ Version: '2008-10-17', Statement: STATEMENT }),
        'identity',
        'Policy document must be version 2012-10-17 or greater.',
        { managed: true },
      ],
      [
        JSON.stringify({ Statement: STATEMENT }),
        'identity',
        'Policy document must be version 2012-10-17 or greater.',
        { managed: true },
      ],
      [JSON.stringify({ version: '2012-10-17', Statement: TRUST }), 'trust', 'Unknown field version'],
      [
        '{"Statement":{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}}',
        'identity',
        'Syntax errors in policy.',
      ],
      [
        text({ ...STATEMENT, Sid: 'A' }, { ...STATEMENT, Sid: 'A' }),
        'identity',
        'Statement IDs (SID) in a single policy must be unique.',
      ],
      [
        text({ ...TRUST, Sid: 'A' }, { ...TRUST, Sid: 'A' }),
        'trust',
        'The Statement Ids in the policy are not unique',
      ],
    ];
    for (const [policy, kind, expected, options] of rows) {
      assert.equal(refused(policy, kind, options).message, expected, policy);
    }
  });

  test('syntax speaks before the version, the version before the rest', () => {
    const old = { Version: '2008-10-17', Statement: { ...STATEMENT, Resource: 'x' } };
    const managed = { managed: true };
    assert.match(
      refused(JSON.stringify(old), 'identity', managed).message,
      /^Policy document must be version/,
    );
    assert.equal(
      refused(JSON.stringify({ ...old, Foo: 1 }), 'identity', managed).message,
      'Syntax errors in policy.',
    );
  });
});

describe('problems', () => {
  test('are all found, in order, each where it stands', () => {
    const policy =
      '{\n  "Version": "2012-10-17",\n  "Statement": {\n    "Effect": "allow",\n    "Action": "GetObject",\n    "Resource": "*"\n  }\n}';
    const { problems, document } = readPolicy(policy, 'identity');
    assert.equal(document, undefined);
    assert.deepEqual(
      problems.map(({ code, start }) => [code, position(policy, start)]),
      [
        ['INVALID_EFFECT', { line: 4, column: 15 }],
        ['INVALID_ACTION', { line: 5, column: 15 }],
      ],
    );
  });

  test('a message tells the author what to write', () => {
    assert.match(
      refused('{"Statement":[],"version":"2012-10-17"}', 'trust')
        .problems.map(one => one.message)
        .join(),
      /write it "Version"/,
    );
  });
});
