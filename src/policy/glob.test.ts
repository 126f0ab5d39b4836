import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ArnPattern, matchesArn, parseArn } from './arn.js';
import { Glob, readGlob } from './glob.js';

const matches = (pattern: string, value: string) => new Glob(readGlob(pattern)).matches(value);

/** Wildcards by their definition, one character at a time, with memory instead of backtracking. */
function slowly(pattern: string, value: string): boolean {
  let reached = [...Array(value.length + 1).keys()].map(at => at === 0);
  for (const char of pattern) {
    reached = reached.map((_, at) => {
      if (char === '*') return reached.slice(0, at + 1).includes(true);
      return at > 0 && (reached[at - 1] as boolean) && (char === '?' || char === value[at - 1]);
    });
  }
  return reached[value.length] as boolean;
}

test('wildcards match as they are defined', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
  const value = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
  fc.assert(
    fc.property(pattern, value, (p, v) => assert.equal(matches(p, v), slowly(p, v), `${p} on ${v}`)),
    { numRuns: 5000 },
  );
});

describe('hostile patterns take time in proportion to the text', () => {
  // A matcher that backtracks needs more steps for these than there is time.
  const long = 'a'.repeat(50_000);
  for (const [name, pattern] of [
    ['many stars', `${'*a'.repeat(1000)}*b`],
    ['many stars with holes', `${'*a?'.repeat(1000)}*b`],
    ['stars in a row', `${'*'.repeat(5000)}b`],
    ['a long piece with a hole', `*${'a'.repeat(100)}?b*`],
  ] as const) {
    test(name, () => {
      assert.equal(matches(pattern, long), false);
      assert.equal(matches(pattern, `${long}bbb`), true);
    });
  }
});

describe('ARNs', () => {
  test('are split into six components', () => {
    assert.deepEqual(parseArn('arn:aws-cn:kms:cn-north-1:111122223333:key/a:b'), {
      partition: 'aws-cn',
      service: 'kms',
      region: 'cn-north-1',
      account: '111122223333',
      resource: 'key/a:b',
    });
    for (const none of ['', 'arn:aws:s3', 'arn:aws:s3:::', 'arn::s3:::b', 'arn:aws::::b', 'urn:aws:s3:::b']) {
      assert.equal(parseArn(none), undefined, none);
    }
  });

  test('match component by component', () => {
    const rows: [string, string, boolean][] = [
      ['arn:aws:s3:::b/*', 'arn:aws:s3:::b/k', true],
      ['arn:aws:s3:::b/*', 'arn:aws:s3:::b/k:with:colons', true],
      ['arn:aws:s3:::b/*', 'arn:aws:s3:::b', false],
      ['arn:aws:s3:::*', 'arn:aws:s3:::b/k', true],
      ['arn:*:s3:::b', 'arn:aws-cn:s3:::b', true],
      ['arn:*:s3:::b', 'arn:aws:x:s3:::b', false],
      ['arn:aws:iam::*:role/a', 'arn:aws:iam::1:role/a', true],
      ['arn:aws:iam::*:role/a', 'arn:aws:iam::1:x:role/a', false],
      ['arn:aws:iam::?:role/a', 'arn:aws:iam::12:role/a', false],
      ['arn:aws:s3*', 'arn:aws:s3:::b', true],
      ['*', 'arn:aws:s3:::b', true],
      ['arn:aws:s3:::b', 'ARN:aws:s3:::b', false],
      ['arn:*:s3:::b', 'arn:aws', false],
    ];
    for (const [pattern, arn, expected] of rows) {
      assert.equal(matchesArn(pattern, arn), expected, `${pattern} on ${arn}`);
    }
  });

  test('a value that fills a variable may bring its own colons', () => {
    assert.equal(new ArnPattern(['arn:aws:iam::1:user/x']).matches('arn:aws:iam::1:user/x'), true);
    assert.equal(new ArnPattern([0, ':aws:iam::1:', 'user/x']).matches('arn:aws:iam::1:user/x'), true);
  });
});
