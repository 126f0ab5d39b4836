import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ArnPattern, matchesArn, parseArn } from './arn.js';
import { Glob, readGlob } from './glob.js';
import { Steps } from './steps.js';

/** Wildcards by their definition, one character at a time, with memory instead of backtracking. */
function slowly(pattern: string, value: string): boolean {
  let reached = [...Array(value.length + 1).keys()].map(at => at === 0);
  for (const char of pattern.split('')) {
    reached = reached.map((_, at) => {
      if (char === '*') return reached.slice(0, at + 1).includes(true);
      return at > 0 && (reached[at - 1] as boolean) && (char === '?' || char === value[at - 1]);
    });
  }
  return reached[value.length] as boolean;
}

/** The bound that the matcher promises. */
function bound(pattern: string, value: string): number {
  return 2 + 2 * value.length * (1 + Math.ceil(pattern.length / 32));
}

/** Matches, and checks the promise. */
function counted(pattern: string, value: string): boolean {
  const steps = new Steps(Number.POSITIVE_INFINITY);
  const matched = new Glob(readGlob(pattern)).matches(value, steps);
  assert.ok(steps.taken <= bound(pattern, value), `${steps.taken} steps for ${pattern} on ${value}`);
  return matched;
}

test('wildcards match as they are defined', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '*', '?'), maxLength: 8 });
  const value = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), maxLength: 10 });
  fc.assert(
    fc.property(pattern, value, (p, v) => assert.equal(counted(p, v), slowly(p, v), `${p} on ${v}`)),
    { numRuns: 5000 },
  );
});

test('so do long pieces, in and across words of 32', () => {
  const unit = fc.oneof(
    fc.constantFrom('a', 'b', '?', '*'),
    fc.constantFrom('a', 'ab', 'a?', '?').chain(part => fc.nat(45).map(times => part.repeat(times))),
  );
  const pattern = fc.array(unit, { maxLength: 6 }).map(parts => parts.join(''));
  // Texts that the pattern nearly matches: its own letters, with some changed.
  const like = (text: string) =>
    fc
      .tuple(fc.array(fc.nat(Math.max(text.length - 1, 0)), { maxLength: 2 }), fc.nat(40))
      .map(([changed, run]) =>
        [...text]
          .map((char, at) => {
            if (char === '*') return 'a'.repeat(run);
            return changed.includes(at) || char === '?' ? 'b' : char;
          })
          .join(''),
      );
  const both = pattern.chain(p => fc.tuple(fc.constant(p), like(p)));
  fc.assert(
    fc.property(both, ([p, v]) => assert.equal(counted(p, v), slowly(p, v), `${p} on ${v}`)),
    { numRuns: 2000 },
  );
});

describe('hostile patterns take steps in proportion to the text', () => {
  const long = 'a'.repeat(50_000);
  for (const [name, pattern] of [
    ['many stars', `${'*a'.repeat(1000)}*b`],
    ['many stars with holes', `${'*a?'.repeat(1000)}*b`],
    ['stars in a row', `${'*'.repeat(5000)}b`],
    ['a long piece with a hole', `*${'a'.repeat(100)}?b*`],
    ['a hole before a long piece', `*?${'a'.repeat(500)}b*`],
    ['a long piece of one letter', `*${'a'.repeat(500)}b*`],
    ['a long piece that differs at its start', `*b${'a'.repeat(500)}*`],
    ['a long piece that differs in its middle', `*${'a'.repeat(300)}b${'a'.repeat(300)}*`],
    ['holes everywhere', `*${'?a'.repeat(300)}b*`],
    ['a single piece with holes', `${'?a'.repeat(25_000)}b`],
  ] as const) {
    test(name, () => {
      assert.equal(counted(pattern, long), false);
      const fitting = pattern.replace(/\*+/g, 'aa').replace(/\?/g, 'a');
      assert.equal(counted(pattern, fitting), true);
      assert.equal(counted(`*${pattern}`, `${long}${fitting}`), true);
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
