import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeKey, encodeBound, encodeKey, KeyTooLong, MAX_KEY_BYTES } from './keys.js';
import { END, type Key, type KeyPart } from './kv.js';

const part = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('\0', '\x01', 'a', '~', '\x7f', 'é', 'ﬀ', '𐀀', '\uffff'), maxLength: 6 }),
  fc.maxSafeNat(),
  fc.nat(300),
  fc.constant(END),
);
const anyKey = fc.array(part, { maxLength: 5 });

/** The order that kv.ts states, by its words. */
function compareParts(a: KeyPart, b: KeyPart): number {
  const rank = (part: KeyPart) => (typeof part === 'number' ? 0 : typeof part === 'string' ? 1 : 2);
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return Math.sign(rank(a) - rank(b));
}

function compareKeys(a: Key, b: Key): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareParts(part, other);
    if (order !== 0) return order;
  }
  return a.length === b.length ? 0 : -1;
}

test('keys come back as they went in', () => {
  fc.assert(fc.property(anyKey, key => assert.deepEqual(decodeKey(encodeBound(key)), key)));
});

test('the order of the bytes is the order of the tuples', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (a, b) => {
      assert.equal(Buffer.compare(encodeBound(a), encodeBound(b)), compareKeys(a, b));
    }),
    { numRuns: 2000 },
  );
});

test('a prefix sorts before its extensions, and END after all of them', () => {
  fc.assert(
    fc.property(
      anyKey,
      anyKey.filter(rest => rest.length > 0 && rest[0] !== END),
      (prefix, rest) => {
        const extended = encodeBound([...prefix, ...rest]);
        assert.equal(Buffer.compare(encodeBound(prefix), extended), -1);
        assert.equal(Buffer.compare(extended, encodeBound([...prefix, END])), -1);
      },
    ),
  );
});

test('a key of an S3 object of 1,024 bytes leaves 952 bytes for the rest', () => {
  for (const name of ['\0'.repeat(1024), 'é'.repeat(512), '𐀀'.repeat(256)]) {
    const key = [name, 'x'.repeat(950)];
    assert.equal(encodeKey(key).length, MAX_KEY_BYTES);
    assert.deepEqual(decodeKey(encodeKey(key)), key);
    assert.throws(() => encodeKey([name, 'x'.repeat(951)]), KeyTooLong);
    assert.throws(() => encodeKey([name, 'x'.repeat(950), 0]), KeyTooLong);
    assert.throws(() => encodeKey([name, `${'x'.repeat(949)}é`]), KeyTooLong);
  }
});

test('what has no order or no UTF-8 is refused', () => {
  for (const number of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => encodeKey([number]), RangeError);
  }
  assert.throws(() => encodeKey(['\ud800']), TypeError);
});

test('a bound is no key to store under', () => {
  assert.throws(() => encodeKey([]), RangeError);
  assert.throws(() => encodeKey(['a', END]), RangeError);
});

test('bytes that no key encodes to are refused', () => {
  for (const bytes of [[0x20, 0x62], [0x12, 1], [0x18], [0]]) {
    assert.throws(() => decodeKey(Uint8Array.from(bytes)), RangeError);
  }
});
