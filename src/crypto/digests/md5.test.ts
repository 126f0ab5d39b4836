import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Md5, updateTogether } from './md5.js';

// RFC 1321, section A.5
const RFC_1321 = {
  '': 'd41d8cd98f00b204e9800998ecf8427e',
  a: '0cc175b9c0f1b6a831c399e269772661',
  abc: '900150983cd24fb0d6963f7d28e17f72',
  'message digest': 'f96b697d7cb7938d525a2f31aaf161d0',
  abcdefghijklmnopqrstuvwxyz: 'c3fcd3d76192e4007dfb496cca67e13b',
  ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: 'd174ab98d277d9f5a5611c2c9f419d9f',
  '12345678901234567890123456789012345678901234567890123456789012345678901234567890':
    '57edf4a22be3c955ac49da2e2107b67a',
};

test('gives the digests of RFC 1321', () => {
  for (const [text, expected] of Object.entries(RFC_1321)) {
    const md5 = new Md5();
    md5.update(Buffer.from(text));
    assert.equal(md5.digest().toString('hex'), expected);
  }
});

test('of any number of streams, however each is cut, the digests are those of Node', () => {
  const source = Buffer.alloc(100_000);
  for (let at = 0; at + 4 <= source.length; at += 4) source.writeUInt32LE((at * 2654435761) >>> 0, at);
  // Around a block of 64 bytes, its padding, and a piece of 8 KiB.
  const length = fc.oneof(fc.nat(200), fc.integer({ min: 8100, max: 8300 }), fc.nat(60_000));
  const chunk = fc.tuple(fc.nat(40_000), length);
  fc.assert(
    fc.property(fc.array(fc.array(chunk, { maxLength: 5 }), { minLength: 1, maxLength: 19 }), streams => {
      const md5s = streams.map(() => new Md5());
      const expected = streams.map(() => createHash('md5'));
      for (let turn = 0; turn < 5; turn++) {
        const updates = streams.flatMap((chunks, stream): [Md5, Uint8Array][] => {
          const [start, size] = chunks[turn] ?? [];
          if (start === undefined) return [];
          const bytes = source.subarray(start, start + size!);
          expected[stream]!.update(bytes);
          return [[md5s[stream]!, bytes]];
        });
        updateTogether(updates);
      }
      assert.deepEqual(
        md5s.map(md5 => md5.digest().toString('hex')),
        expected.map(hash => hash.digest('hex')),
      );
    }),
    { numRuns: 60 },
  );
});
