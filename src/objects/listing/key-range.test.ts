import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareNames, successor } from './key-range.js';

const names = fc.string({ unit: 'binary', maxLength: 6 });

test('the order of names is that of their UTF-8', () => {
  fc.assert(
    fc.property(names, names, (a, b) => {
      assert.equal(Math.sign(compareNames(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('a successor follows all that begin with a prefix, and nothing else comes between', () => {
  fc.assert(
    fc.property(
      names.filter(text => text !== ''),
      names,
      (prefix, other) => {
        const next = successor(prefix);
        const begins = other.startsWith(prefix);
        const before =
          compareNames(other, prefix) >= 0 && (next === undefined || compareNames(other, next) < 0);
        assert.equal(before, begins);
      },
    ),
  );
  assert.equal(successor('a'), 'b');
  assert.equal(successor('\u{10ffff}'), undefined);
  assert.equal(successor('a\u{10ffff}'), 'b');
  assert.equal(successor('\ud7ff'), '\ue000');
});
