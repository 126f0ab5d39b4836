import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { otpauthUri, qrPng } from './mfa-qr.js';
import { base32, codeOf, stepOf } from './mfa-totp.js';

// RFC 6238, appendix B (SHA-1); its codes have eight digits, ours are their last six.
const VECTORS: readonly (readonly [seconds: number, code: string])[] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
];

test('codes are those of RFC 6238', () => {
  const seed = Buffer.from('12345678901234567890');
  for (const [seconds, code] of VECTORS) assert.equal(codeOf(seed, stepOf(seconds * 1000)), code.slice(-6));
});

// RFC 4648, section 10.
test('seeds are written in Base32', () => {
  assert.equal(base32(Buffer.from('fooba')), 'MZXW6YTB');
  assert.equal(base32(Buffer.alloc(5, 255)), '77777777');
  assert.equal(base32(Buffer.alloc(40)).length, 64);
});

test('the picture is a PNG with a QR code’s finder pattern', () => {
  const uri = otpauthUri('Karikagi:phone@111122223333', 'MZXW6YTB');
  assert.equal(uri, 'otpauth://totp/Karikagi%3Aphone%40111122223333?secret=MZXW6YTB&issuer=Karikagi');
  const png = qrPng(uri);
  assert.equal(png.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  const width = png.readUInt32BE(16);
  assert.equal(png.readUInt32BE(20), width);
  const length = png.readUInt32BE(33);
  const pixels = inflateSync(png.subarray(41, 41 + length));
  const stride = 1 + Math.ceil(width / 8);
  assert.equal(pixels.length, width * stride);
  const dark = (x: number, y: number) => (pixels[y * stride + 1 + (x >> 3)]! & (0x80 >> (x & 7))) === 0;
  // Four modules of border, then seven dark ones in a row, of six pixels each.
  const row = Array.from({ length: 13 }, (_, module) => dark(module * 6 + 3, 4 * 6 + 3));
  assert.deepEqual(row, [
    false,
    false,
    false,
    false,
    true,
    true,
    true,
    true,
    true,
    true,
    true,
    false,
    row[12],
  ]);
});
