import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { holds } from '../testing.test.support.js';
import type { Context } from '../types.js';

const WHERE = '"IAM JSON policy elements: Condition operators", IAM User Guide';

/** operator, policy values, context value (undefined: absent), expected. */
type Row = [operator: string, wanted: unknown, actual: string | string[] | undefined, expected: boolean];

function check(key: string, rows: readonly Row[]): void {
  for (const [operator, wanted, actual, expected] of rows) {
    test(`${operator} ${JSON.stringify(wanted)} on ${JSON.stringify(actual) ?? 'an absent key'}: ${expected}`, () => {
      const context: Context = actual === undefined ? {} : { [key]: actual };
      assert.equal(holds({ [operator]: { [key]: wanted } }, context), expected);
    });
  }
}

describe(`strings: ${WHERE}`, () => {
  check('aws:UserAgent', [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', ['b', 'a'], 'a', true],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a*', 'a*', true],
    ['StringEquals', 'a', undefined, false],
    ['StringEquals', true, 'true', true],
    ['StringEquals', 1.0, '1', true],
    ['StringNotEquals', 'a', 'b', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', 'a', undefined, true],
    ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
    ['StringEqualsIgnoreCase', 'aB', 'Ac', false],
    ['StringNotEqualsIgnoreCase', 'aB', 'Ab', false],
    ['StringLike', 'a*c?', 'abbbcd', true],
    ['StringLike', 'a*c?', 'abbbc', false],
    ['StringLike', 'A*', 'ab', false],
    ['StringNotLike', 'a*', 'ab', false],
    ['StringNotLike', 'a*', 'b', true],
    ['StringEqualsIfExists', 'a', undefined, true],
    ['StringEqualsIfExists', 'a', 'b', false],
    ['stringequalsifexists', 'a', undefined, true],
    ['StringEquals', [], 'a', false],
    ['StringNotEquals', [], 'a', true],
  ]);
});

describe(`numbers: ${WHERE}`, () => {
  check('s3:max-keys', [
    ['NumericEquals', '10', '10', true],
    ['NumericEquals', 10, '10.0', true],
    ['NumericNotEquals', '10', '11', true],
    ['NumericNotEquals', '10', undefined, true],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericLessThanEquals', '10', '10.5', false],
    ['NumericGreaterThan', '10', '11', true],
    ['NumericGreaterThan', '10', undefined, false],
    ['NumericGreaterThanEquals', '-1', '-1', true],
    ['NumericEquals', 'ten', 'ten', false],
    ['NumericLessThan', '10', 'few', false],
    ['NumericLessThanIfExists', '10', undefined, true],
  ]);
});

describe(`dates: ${WHERE}`, () => {
  check('aws:CurrentTime', [
    ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', true],
    ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+01:00', true],
    ['DateEquals', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00+0100', true],
    ['DateEquals', '2026-01-01', '2026-01-01T00:00:00.000Z', true],
    ['DateEquals', '1767225600', '2026-01-01T00:00:00Z', true],
    ['DateEquals', '2026', '2026-01-01T00:00:00', true],
    ['DateNotEquals', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', true],
    ['DateLessThan', '2026-01-02', '2026-01-01T23:59:59Z', true],
    ['DateLessThan', '2026-01-02', '2026-01-02T00:00:00Z', false],
    ['DateLessThanEquals', '2026-01-02', '2026-01-02T00:00:00Z', true],
    ['DateGreaterThan', '2026-01-02', '2026-01-02T00:00:01Z', true],
    ['DateGreaterThanEquals', '2026-01-02', '2026-01-01', false],
    ['DateGreaterThan', 'yesterday', '2026-01-02T00:00:01Z', false],
    ['DateGreaterThan', '2026-01-02', 'tomorrow', false],
    ['DateGreaterThan', '2026-01-02', undefined, false],
  ]);
  // Revoking sessions: "aws:TokenIssueTime" is absent for long-lived keys, so the Deny does not touch them.
  check('aws:TokenIssueTime', [['DateLessThan', '2026-01-01T00:00:00Z', undefined, false]]);
});

describe(`booleans, binaries, null: ${WHERE}`, () => {
  check('aws:SecureTransport', [
    ['Bool', 'true', 'true', true],
    ['Bool', true, 'true', true],
    ['Bool', 'false', 'true', false],
    ['Bool', 'True', 'true', true],
    ['Bool', 'true', undefined, false],
    ['BoolIfExists', 'true', undefined, true],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['BinaryEquals', 'QmluYXJ5', 'qmluYXJ5', false],
    ['Null', 'true', undefined, true],
    ['Null', true, 'x', false],
    ['Null', 'false', 'x', true],
    ['Null', 'false', undefined, false],
    ['Null', 'true', [], true],
    ['Null', 'perhaps', 'x', false],
    ['ForAllValues:Null', 'false', undefined, true],
    ['ForAnyValue:Null', 'true', undefined, false],
  ]);
});

describe(`IP addresses: ${WHERE}`, () => {
  check('aws:SourceIp', [
    ['IpAddress', '203.0.113.0/24', '203.0.113.77', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.1', false],
    ['IpAddress', '203.0.113.7', '203.0.113.7', true],
    ['IpAddress', ['10.0.0.0/8', '203.0.113.128/25'], '203.0.113.129', true],
    ['IpAddress', '203.0.113.128/25', '203.0.113.127', false],
    ['IpAddress', '0.0.0.0/0', '8.8.8.8', true],
    ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
    ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678:9::1', true],
    ['IpAddress', '2001:db8::/33', '2001:db8:8000::', false],
    ['IpAddress', '::1', '0:0:0:0:0:0:0:1', true],
    ['IpAddress', '127.0.0.0/8', '::ffff:127.0.0.1', true],
    ['IpAddress', '64:ff9b::/96', '64:ff9b::192.0.2.33', true],
    ['NotIpAddress', '203.0.113.0/24', '203.0.113.77', false],
    ['NotIpAddress', '203.0.113.0/24', undefined, true],
    ['IpAddress', '203.0.113.0/33', '203.0.113.0', false],
    ['IpAddress', '203.0.113.0/x', '203.0.113.0', false],
    ['IpAddress', '203.0.113', '203.0.113.0', false],
    ['IpAddress', '203.0.113.256', '203.0.113.0', false],
    ['IpAddress', '1::2::3', '1::2', false],
    ['IpAddress', '1:2:3', '1::2', false],
    ['IpAddress', '::12345', '::1', false],
    ['IpAddress', '::1.2.3', '::1', false],
    ['IpAddress', '1:2:3:4:5:6:7:8::', '1:2:3:4:5:6:7:8', false],
    ['IpAddress', '203.0.113.0/24', 'localhost', false],
  ]);
});

describe(`ARNs: ${WHERE}`, () => {
  const arn = 'arn:aws:iam::111122223333:role/team/app';
  check('aws:PrincipalArn', [
    ['ArnEquals', arn, arn, true],
    ['ArnEquals', 'arn:aws:iam::*:role/team/*', arn, true],
    ['ArnLike', 'arn:aws:iam::*:role/*', arn, true],
    ['ArnLike', 'arn:aws:iam::1111222233??:role/*', arn, true],
    ['ArnLike', 'arn:aws:*:role/team/app', arn, false],
    ['ArnLike', 'arn:*:iam::*:role/team/app', arn, true],
    ['ArnLike', '*', arn, true],
    ['ArnLike', '*', 'no-arn', false],
    ['ArnLike', 'arn:aws:iam::111122223333:role/TEAM/*', arn, false],
    ['ArnNotEquals', arn, arn, false],
    ['ArnNotLike', 'arn:aws:iam::*:user/*', arn, true],
    ['ArnNotLike', 'arn:aws:iam::*:user/*', undefined, true],
    ['ArnLikeIfExists', arn, undefined, true],
  ]);
});

describe('sets: "Multivalued context keys", IAM User Guide', () => {
  check('aws:TagKeys', [
    ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
    ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
    ['ForAllValues:StringEquals', ['a', 'b'], [], true],
    ['ForAllValues:StringEquals', ['a', 'b'], undefined, true],
    ['ForAllValues:StringEquals', ['a', 'b'], '', true],
    ['ForAllValues:StringEquals', ['a', 'b'], [''], true],
    ['ForAllValues:StringEquals', 'a', 'b', false],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
    ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
    ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
    ['ForAnyValue:StringEquals', 'a', 'a', true],
    ['ForAnyValue:StringEquals', ['a', 'b'], [], false],
    ['ForAnyValue:StringEquals', ['a', 'b'], undefined, false],
    ['ForAnyValue:StringEqualsIfExists', ['a', 'b'], undefined, true],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
    ['ForAnyValue:StringLike', ['x-*'], ['a', 'x-1'], true],
    ['StringEquals', 'a', ['b', 'a'], true],
    ['StringNotEquals', 'a', ['b', 'a'], false],
  ]);
});

describe('several conditions', () => {
  test('all operators and all keys must hold', () => {
    const condition = {
      StringEquals: { 'aws:username': 'alice', 'aws:userid': 'A' },
      Bool: { 'aws:SecureTransport': 'true' },
    };
    assert.equal(
      holds(condition, { 'aws:username': 'alice', 'aws:userid': 'A', 'aws:SecureTransport': 'true' }),
      true,
    );
    assert.equal(
      holds(condition, { 'aws:username': 'alice', 'aws:userid': 'B', 'aws:SecureTransport': 'true' }),
      false,
    );
    assert.equal(holds(condition, { 'aws:username': 'alice', 'aws:userid': 'A' }), false);
  });

  test('keys match without case, their tag keys too', () => {
    assert.equal(holds({ StringEquals: { 'AWS:sourceip': 'x' } }, { 'aws:SourceIp': 'x' }), true);
    assert.equal(
      holds({ StringEquals: { 'aws:PrincipalTag/TEAM': 'x' } }, { 'aws:PrincipalTag/team': 'x' }),
      true,
    );
    assert.equal(holds({ StringEquals: { 'aws:sourceiP': 'x' } }, { 'aws:SourceIq': 'x' }), false);
  });

  test('names that every object has are no keys', () => {
    assert.equal(holds({ Null: { 'aws:toString': 'true' } }, {}), true);
  });
});

describe('variables: "IAM policy elements: Variables and tags"', () => {
  const like = (value: string, context: Context, version?: string) =>
    holds({ StringLike: { 'aws:UserAgent': value } }, context, version);

  test('take the value of a key', () => {
    assert.equal(
      like('home/${aws:username}', { 'aws:UserAgent': 'home/alice', 'aws:username': 'alice' }),
      true,
    );
    assert.equal(
      like('home/${AWS:UserName}/*', { 'aws:UserAgent': 'home/alice/x', 'aws:username': 'alice' }),
      true,
    );
    assert.equal(
      like('home/${aws:username}', { 'aws:UserAgent': 'away/alice', 'aws:username': 'alice' }),
      false,
    );
    assert.equal(
      holds(
        { StringEqualsIgnoreCase: { 'aws:UserAgent': '${aws:username}X' } },
        { 'aws:UserAgent': 'alicex', 'aws:username': 'ALICE' },
      ),
      true,
    );
    assert.equal(
      holds(
        { ArnLike: { 'aws:SourceArn': '${aws:PrincipalArn}' } },
        { 'aws:SourceArn': 'arn:aws:iam::1:user/x', 'aws:PrincipalArn': 'arn:aws:iam::1:user/x' },
      ),
      true,
    );
  });

  test('wildcards in a value are plain text', () => {
    assert.equal(like('${aws:username}', { 'aws:UserAgent': 'anything', 'aws:username': '*' }), false);
    assert.equal(like('${aws:username}', { 'aws:UserAgent': '*', 'aws:username': '*' }), true);
  });

  test('without a value equal nothing, so that negated operators hold', () => {
    assert.equal(like('${aws:username}', { 'aws:UserAgent': '${aws:username}' }), false);
    assert.equal(
      holds({ StringNotEquals: { 'aws:UserAgent': '${aws:username}' } }, { 'aws:UserAgent': 'x' }),
      true,
    );
    assert.equal(
      holds({ StringEqualsIgnoreCase: { 'aws:UserAgent': '${aws:username}' } }, { 'aws:UserAgent': 'x' }),
      false,
    );
  });

  test('a key with a list of values is no variable', () => {
    assert.equal(like('${aws:TagKeys}', { 'aws:UserAgent': 'a', 'aws:TagKeys': ['a'] }), false);
  });

  test('may have a default', () => {
    assert.equal(like("${aws:PrincipalTag/team, 'none'}", { 'aws:UserAgent': 'none' }), true);
    assert.equal(
      like("${aws:PrincipalTag/team, 'none'}", { 'aws:UserAgent': 'x', 'aws:PrincipalTag/team': 'x' }),
      true,
    );
    assert.equal(like("${aws:PrincipalTag/team,''}-x", { 'aws:UserAgent': '-x' }), true);
  });

  test('escapes stand for the characters themselves', () => {
    assert.equal(like('a${*}b${?}c${$}{x}', { 'aws:UserAgent': 'a*b?c${x}' }), true);
    assert.equal(like('a${*}', { 'aws:UserAgent': 'ab' }), false);
  });

  test('what is no variable is plain text', () => {
    assert.equal(like('${', { 'aws:UserAgent': '${' }), true);
    assert.equal(like('${a b}', { 'aws:UserAgent': '${a b}' }), true);
    assert.equal(like(`\${${'x'.repeat(2000)}}`, { 'aws:UserAgent': `\${${'x'.repeat(2000)}}` }), true);
  });

  test('are plain text under Version 2008-10-17', () => {
    assert.equal(
      like('${aws:username}', { 'aws:UserAgent': 'alice', 'aws:username': 'alice' }, '2008-10-17'),
      false,
    );
    assert.equal(like('${aws:username}', { 'aws:UserAgent': '${aws:username}' }, '2008-10-17'), true);
  });

  test('numbers, dates and addresses take none', () => {
    assert.equal(
      holds(
        { NumericEquals: { 's3:max-keys': '${aws:username}' } },
        { 's3:max-keys': '1', 'aws:username': '1' },
      ),
      false,
    );
    assert.equal(
      holds(
        { IpAddress: { 'aws:SourceIp': '${aws:username}' } },
        { 'aws:SourceIp': '1.1.1.1', 'aws:username': '1.1.1.1' },
      ),
      false,
    );
  });
});
