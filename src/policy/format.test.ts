import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOfPrincipal, formatPolicy, guessKind, JsonError, principalOfArn } from './index.js';

test('elements stand in the order of the grammar, values as they were', () => {
  const text = `{"Statement":{"Resource":["arn:aws:s3:::a","arn:aws:s3:::b"],"Condition":{"NumericLessThan":{"s3:max-keys":1.0},"Bool":{"aws:SecureTransport":true}},"Action":[],"Effect":"Allow","Extra":null},"Version":"2012-10-17"}`;
  assert.equal(
    formatPolicy(text),
    `{
  "Version": "2012-10-17",
  "Statement": {
    "Effect": "Allow",
    "Action": [],
    "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b"],
    "Condition": {
      "NumericLessThan": {
        "s3:max-keys": 1.0
      },
      "Bool": {
        "aws:SecureTransport": true
      }
    },
    "Extra": null
  }
}
`,
  );
  assert.equal(formatPolicy(formatPolicy(text)), formatPolicy(text));
});

test('a list too long for a line takes a line for each value', () => {
  const actions = Array.from({ length: 9 }, (_, i) => `service:ActionNumber${i}`);
  const formatted = formatPolicy(JSON.stringify({ Statement: [{ Action: actions, Condition: {} }] }));
  assert.match(formatted, /"Action": \[\n {8}"service:ActionNumber0",\n/);
  assert.match(formatted, /"Condition": \{\}/);
  assert.throws(() => formatPolicy('{'), JsonError);
});

test('principals are read from ARNs', () => {
  const rows: [string, object, object][] = [
    ['*', { type: 'anonymous', arn: '*' }, {}],
    ['ec2.amazonaws.com', { type: 'service', arn: 'ec2.amazonaws.com' }, {}],
    [
      'arn:aws:iam::111122223333:root',
      { type: 'root', account: '111122223333' },
      { 'aws:PrincipalType': 'Account' },
    ],
    [
      'arn:aws:iam::111122223333:user/team/alice',
      { type: 'user' },
      { 'aws:PrincipalType': 'User', 'aws:username': 'alice' },
    ],
    [
      'arn:aws-cn:iam::111122223333:role/team/app',
      {
        type: 'assumed-role',
        arn: 'arn:aws-cn:sts::111122223333:assumed-role/app/session',
        roleArn: 'arn:aws-cn:iam::111122223333:role/team/app',
      },
      { 'aws:PrincipalArn': 'arn:aws-cn:iam::111122223333:role/team/app' },
    ],
    [
      'arn:aws:sts::111122223333:assumed-role/app/s1',
      { type: 'assumed-role', roleArn: 'arn:aws:iam::111122223333:role/app' },
      { 'aws:PrincipalType': 'AssumedRole' },
    ],
    [
      'arn:aws:sts::111122223333:federated-user/fred',
      { type: 'federated-user' },
      { 'aws:PrincipalType': 'FederatedUser', 'aws:PrincipalAccount': '111122223333' },
    ],
  ];
  for (const [text, principal, context] of rows) {
    const found = principalOfArn(text);
    assert.deepEqual({ ...found, ...principal }, found);
    const keys = contextOfPrincipal(found);
    assert.deepEqual({ ...keys, ...context }, keys);
  }
  for (const text of [
    'alice',
    'arn:aws:iam::111122223333:group/a',
    'arn:aws:s3:::b',
    'arn:aws:sts::111122223333:assumed-role/app',
    'arn:aws:iam::111122223333:user',
  ])
    assert.throws(() => principalOfArn(text), RangeError, text);
});

test('the kind of a policy is told from what it says', () => {
  const rows: [string, string][] = [
    ['{"Statement":{"Action":"s3:*","Resource":"*"}}', 'identity'],
    ['{"Statement":[{"Principal":"*","Action":["sts:AssumeRole"]}]}', 'trust'],
    ['{"Statement":{"Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}', 'resource'],
    ['{"Statement":{"NotPrincipal":"*","Action":"kms:*","Resource":"*"}}', 'key'],
    ['{"Statement":{"Principal":"*","Action":"s3:*","Resource":"*"}}', 'resource'],
    ['{"Statement":{"Principal":"*","Action":1}}', 'resource'],
    ['{"Statement":{"Principal":"*"}}', 'resource'],
    ['[1]', 'identity'],
    ['{', 'identity'],
    ['"Statement": [{"Principal": {}, "Action": "sts:AssumeRole"}]', 'trust'],
    ['"Statement": [{"Principal": {}, "Action": "s3:*"}]', 'resource'],
  ];
  for (const [text, kind] of rows) assert.equal(guessKind(text), kind, text);
});
