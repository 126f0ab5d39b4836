import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32, crc32Within } from './crc32.js';

test('no bytes change no checksum, with memory behind them or without', () => {
  const before = crc32(Buffer.from('123456789'));
  assert.equal(before, 0xcbf43926);
  const empty = new Uint8Array(0);
  // Asked for its buffer, an empty array loses what memory it had.
  assert.equal(empty.buffer.byteLength, 0);
  for (const nothing of [empty, Buffer.alloc(0), Buffer.from('abc').subarray(1, 1)]) {
    assert.equal(crc32(nothing, before), before);
    assert.equal(crc32(nothing), 0);
  }
});

test('the checksum of a part of some bytes is that of a view of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), fc.nat(80), (bytes, from, size) => {
      const start = Math.min(from, bytes.length);
      const end = Math.min(start + size, bytes.length);
      assert.equal(crc32Within(bytes, start, end), crc32(bytes.subarray(start, end)));
    }),
  );
});
