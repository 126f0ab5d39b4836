import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32 } from '../../core/crc32.js';
import { CHECKED, opened, RowReader } from './lmdb-values.js';
import { checkedValue } from './value-checksum.js';

const key = Buffer.from('key');
const value = Buffer.from('value');

const NOTHING = { parts: [], length: 0 };

/** As `get` and as `list` read it. */
function both(stored: Buffer, version: number) {
  const one = opened(crc32(key), stored, version);
  const row = new RowReader();
  row.key(key, 0, key.length);
  row.value(stored, stored.length);
  const read = row.opened(version, NOTHING);
  const listed = read && { value: read.value, version: read.version };
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

test('rows stay as they were read, whatever is read after them', () => {
  const row = new RowReader();
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 1978 }), fc.nat(70_000)), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, read => {
      const rows = read.map(([keySize, size], number) => {
        const [name, content] = [Buffer.alloc(keySize, number + 1), Buffer.alloc(size, number + 101)];
        const stored = checkedValue(name, content);
        row.key(Buffer.concat([Buffer.from('x'), name]), 1, keySize + 1);
        row.value(stored, stored.length);
        const at = row.bytes.subarray(row.start, row.keyEnd);
        return { name, content, at, entry: row.opened(CHECKED + number, NOTHING)! };
      });
      for (const [number, { name, content, at, entry }] of rows.entries()) {
        assert.deepEqual(at, name);
        assert.deepEqual(entry.value, content);
        assert.equal(entry.version, CHECKED + number);
      }
    }),
    { numRuns: 40 },
  );
});
