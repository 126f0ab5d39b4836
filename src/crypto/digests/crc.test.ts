import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Crc32, Crc32c, Crc64Nvme, type CrcName, joinCrcs } from './crc.js';

const MAKERS = { CRC32: () => new Crc32(), CRC32C: () => new Crc32c(), CRC64NVME: () => new Crc64Nvme() };
const NAMES = Object.keys(MAKERS) as CrcName[];

/** The check values of "123456789" (catalogue of parametrised CRC algorithms). */
const CHECKS: Readonly<Record<CrcName, string>> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
};

function crcOf(name: CrcName, ...pieces: Uint8Array[]): Buffer {
  const crc = MAKERS[name]();
  for (const piece of pieces) crc.update(piece);
  return crc.digest();
}

for (const name of NAMES) {
  test(`${name}: check value`, () => {
    assert.equal(crcOf(name, Buffer.from('123456789')).toString('hex'), CHECKS[name]);
  });

  test(`${name}: pieces make no difference, and their checks can be joined`, () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 6 });
    fc.assert(
      fc.property(pieces, list => {
        const whole = crcOf(name, Buffer.concat(list));
        assert.deepEqual(crcOf(name, ...list), whole);
        const checked = list.map(piece => ({ digest: crcOf(name, piece), size: piece.length }));
        assert.deepEqual(joinCrcs(name, checked), whole);
      }),
    );
  });
}

test('a long run has the check that it has in short pieces, which go another way', () => {
  const random = Buffer.alloc(300_000);
  for (let at = 0, value = 1; at < random.length; at++) {
    value = (Math.imul(value, 1_103_515_245) + 12_345) | 0;
    random[at] = value >>> 16;
  }
  const lengths = [
    10_549, 10_550, 10_551, 13_483, 13_484, 13_485, 20_000, 262_143, 262_144, 262_145, 275_628, 300_000,
  ];
  for (const name of NAMES) {
    for (const length of lengths) {
      for (const start of [0, 1, 7]) {
        const run = random.subarray(start, length);
        const pieces: Buffer[] = [];
        for (let at = 0; at < run.length; at += 4001) pieces.push(run.subarray(at, at + 4001));
        assert.deepEqual(crcOf(name, run), crcOf(name, ...pieces), `${name} of ${run.length}`);
      }
    }
  }
});

test('bodies of any length: the check of the whole is that of its pieces joined', () => {
  const whole = Buffer.alloc(300_001, 'abcdefghijklmnopqrstuvwxyz and some more');
  for (const name of NAMES) {
    const digest = crcOf(name, whole);
    for (const at of [1, 65_535, 65_536, 98_304, 98_305, 200_000]) {
      const pieces = [whole.subarray(0, at), whole.subarray(at)];
      assert.deepEqual(crcOf(name, ...pieces), digest);
      const checked = pieces.map(piece => ({ digest: crcOf(name, piece), size: piece.length }));
      assert.deepEqual(joinCrcs(name, checked), digest);
    }
  }
});
