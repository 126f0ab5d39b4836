import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from '../../core/crc32.js';
import { CHECKED, opened, openedRow } from './lmdb-values.js';
import { checkedValue } from './value-checksum.js';

const key = Buffer.from('key');
const value = Buffer.from('value');

/** As `get` and as `list` read it. */
function both(stored: Buffer, version: number) {
  const one = opened(crc32(key), stored, version);
  const listed = openedRow(Buffer.concat([key, stored]), key.length, version);
  assert.deepEqual(one, listed);
  return one;
}

test('a value is what was written, or damaged, however its version reads', () => {
  const stored = checkedValue(key, value);
  assert.deepEqual(both(stored, CHECKED + 7), { value, version: CHECKED + 7 });
  const changed = Buffer.from(stored);
  changed[2]! ^= 1;
  assert.equal(both(changed, CHECKED + 7), undefined);
  // A version is a floating-point number: whichever byte of it is another, it is no count from before checksums.
  for (let at = 0; at < 8; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(CHECKED + 7);
      if (bytes[at] === byte) continue;
      bytes[at] = byte;
      assert.equal(both(changed, bytes.readDoubleBE()), undefined, bytes.toString('hex'));
    }
  }
});

test('values from before there were checksums are read', () => {
  assert.deepEqual(both(value, 12), { value, version: 12 });
  assert.equal(both(checkedValue(key, value), 12), undefined, 'this one has a checksum');
});
