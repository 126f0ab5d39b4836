import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy, invalidPrincipal, mapPrincipals, parsePolicy, principalsOf } from '../index.js';

const TEXT = `{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Principal": { "AWS": ["arn:aws:iam::111122223333:user/a", "111122223333"] }, "Action": "sts:AssumeRole" },
    { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:user\\/a", "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" },
    { "Effect": "Deny", "Principal": { "AWS": "*" }, "Action": "sts:TagSession",
      "Condition": { "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::111122223333:user/a" } } }
  ]
}`;

test('principals are listed once, in order', () => {
  const found = principalsOf(parsePolicy(TEXT, 'trust')).map(({ type, word }) => [type, word.value]);
  assert.deepEqual(found, [
    ['AWS', 'arn:aws:iam::111122223333:user/a'],
    ['AWS', '111122223333'],
    ['Service', 'ec2.amazonaws.com'],
    ['AWS', '*'],
  ]);
});

test('principals are replaced, and nothing else: not white space, not ARNs in conditions', () => {
  const stored = mapPrincipals(TEXT, (type, value) =>
    type === 'AWS' && value.endsWith('user/a') ? 'AIDAAAAAAAAAAAAAAAAA' : undefined,
  );
  assert.equal(
    stored,
    TEXT.replace('["arn:aws:iam::111122223333:user/a"', '["AIDAAAAAAAAAAAAAAAAA"').replace(
      '"arn:aws:iam::111122223333:user\\/a"',
      '"AIDAAAAAAAAAAAAAAAAA"',
    ),
  );
  assert.equal(compilePolicy(stored, 'trust').statements.length, 3);
});

test('replacing nothing, or by the same, gives the text back', () => {
  assert.equal(
    mapPrincipals(TEXT, () => undefined),
    TEXT,
  );
  assert.equal(
    mapPrincipals('[1, {"Statement": 3}]', () => 'x'),
    '[1, {"Statement": 3}]',
  );
});

test('a principal that does not exist is refused in the words of IAM', () => {
  const [entry] = principalsOf(parsePolicy(TEXT, 'trust'));
  assert.equal(
    invalidPrincipal(entry!).message,
    'Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/a"',
  );
});
