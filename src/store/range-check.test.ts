import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RangeCheck } from './range-check.js';

const key = fc.uint8Array({ maxLength: 5, max: 3 }).map(bytes => Buffer.from(bytes));

test('keys are held against the range and against one another as whole keys are', () => {
  fc.assert(
    fc.property(key, key, fc.boolean(), fc.array(key, { maxLength: 8 }), (a, b, reverse, keys) => {
      const [low, high] = [a, b].sort(Buffer.compare) as [Buffer, Buffer];
      const check = new RangeCheck(low, high, reverse);
      let last: Buffer | undefined;
      for (const next of keys) {
        check.key(Buffer.concat([Buffer.from('x'), next, Buffer.from('y')]), 1, 1 + next.length);
        const near = last ?? (reverse ? high : low);
        const order = Buffer.compare(next, near);
        // The first may be the range's first key itself, but not its end, which is outside of it.
        const inOrder = reverse ? order < 0 : last ? order > 0 : order >= 0;
        assert.equal(check.inOrder, inOrder);
        // Nothing is said of what comes behind a key that is out of order.
        if (!inOrder) return;
        assert.equal(check.ended, Buffer.compare(next, reverse ? low : high) >= 0 !== reverse);
        assert.deepEqual(Buffer.from(check.last!), next);
        assert.equal(check.mayEnd(next), true);
        last = next;
      }
    }),
    { numRuns: 2000 },
  );
});
