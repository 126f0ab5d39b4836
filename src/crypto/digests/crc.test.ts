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
