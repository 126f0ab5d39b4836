import assert from 'node:assert/strict';
import { createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { seal } from '../../crypto/sealing.js';
import { BlobDamaged } from '../../store/blobs.js';
import { wholeOf } from '../testing.test.support.js';
import { BodyKey, isLarge, newSalt, SEGMENT, storedSize, unwrapKey } from './encryption.js';

const dataKey = randomBytes(32);
/** Of two layers. */
const twoKeys = randomBytes(64);

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const MIB = 1024 * 1024;
const sizes = fc.constantFrom(
  ...[0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT + 7],
  ...[MIB - 1, MIB, MIB + 1, MIB + SEGMENT],
);
const cuts = fc.integer({ min: 1000, max: 5 * SEGMENT });

test('any range of any body comes back, in one layer or two, however it is cut into chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(dataKey, twoKeys),
      fc.boolean(),
      sizes,
      cuts,
      cuts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (keys, salted, size, inCut, outCut, a, b) => {
        const body = randomBytes(size);
        const key = new BodyKey(keys, salted || isLarge(size) ? newSalt(size) : undefined);
        const stored = await wholeOf(key.encrypt(cut(body, inCut)));
        assert.ok(key.encryptBytes(body).equals(stored));
        assert.ok(body.equals(key.decryptBytes(stored)));
        assert.equal(storedSize(size, keys.length / 32, key.salt), stored.length);
        if (size > 0) assert.equal(key.span(0, size, size).end, stored.length);
        const [start, end] = [Math.floor(Math.min(a, b) * size), Math.ceil(Math.max(a, b) * size)];
        if (end <= start) return;
        const span = key.span(start, end, size);
        assert.ok(span.end - span.start <= end - start + 2 * key.segment);
        const again = new BodyKey(keys, key.salt);
        const read = await wholeOf(
          again.decrypt(cut(stored.subarray(span.start, span.end), outCut), start, end),
        );
        assert.ok(read.equals(body.subarray(start, end)));
      },
    ),
    { numRuns: 100 },
  );
});

test('each of two layers is encryption by itself: without the outer key nothing, without the inner one ciphertext', () => {
  const body = randomBytes(SEGMENT + 10);
  const key = new BodyKey(twoKeys, newSalt());
  const stored = key.encryptBytes(body);
  assert.equal(stored.length, body.length + 2 * 2 * 16);
  const [inner, outer] = [twoKeys.subarray(0, 32), twoKeys.subarray(32)];
  const firstSegment = stored.subarray(0, SEGMENT + 32);
  const open = (keys: Uint8Array, bytes: Uint8Array) => new BodyKey(keys, key.salt).decryptBytes(bytes);
  assert.throws(() => open(Buffer.concat([inner, randomBytes(32)]), stored), BlobDamaged);
  assert.throws(() => open(Buffer.concat([randomBytes(32), outer]), stored), BlobDamaged);
  assert.throws(() => open(Buffer.concat([outer, inner]), stored), BlobDamaged);
  const { layer, plain } = peeled(firstSegment, outer, inner, key.salt!);
  assert.equal(layer.includes(body.subarray(0, 32)), false);
  assert.ok(plain.equals(body.subarray(0, SEGMENT)));
});

/** Opens the first segment layer by layer, as the format says and without its code. */
function peeled(stored: Buffer, outer: Buffer, inner: Buffer, salt: Uint8Array) {
  const open = (bytes: Buffer, dataKey: Buffer) => {
    const key = createHmac('sha256', dataKey).update(salt).digest();
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
  };
  const layer = open(stored, outer);
  return { layer, plain: open(layer, inner) };
}

test('a large body has segments of 256 KiB, as its salt says, and is not read with those of another', async () => {
  const body = randomBytes(MIB);
  const key = new BodyKey(dataKey, newSalt(body.length));
  const stored = key.encryptBytes(body);
  assert.equal(stored.length, body.length + 4 * 16);
  const shorter = new BodyKey(dataKey, key.salt!.subarray(0, 16));
  await assert.rejects(wholeOf(shorter.decrypt(cut(stored, 5000), 0, body.length)), BlobDamaged);
  assert.throws(
    () => new BodyKey(dataKey, Buffer.concat([key.salt!.subarray(0, 16), Buffer.of(40)])),
    BlobDamaged,
  );
});

test('a changed, moved or missing byte is found before its segment is handed out', async () => {
  const body = randomBytes(2 * SEGMENT + 10);
  const key = new BodyKey(dataKey, newSalt());
  const stored = key.encryptBytes(body);
  const segment = SEGMENT + 16;
  const broken: [name: string, bytes: Buffer][] = [
    ['a bit', Buffer.from(stored).fill(stored[70_000]! ^ 1, 70_000, 70_001)],
    ['a tag', Buffer.from(stored).fill(stored[segment - 1]! ^ 1, segment - 1, segment)],
    [
      'the order',
      Buffer.concat([
        stored.subarray(segment, 2 * segment),
        stored.subarray(0, segment),
        stored.subarray(2 * segment),
      ]),
    ],
    ['the last segment', stored.subarray(0, 2 * segment)],
    ['the end', stored.subarray(0, stored.length - 1)],
    ['nearly all', stored.subarray(0, 3)],
  ];
  for (const [name, bytes] of broken) {
    await assert.rejects(wholeOf(key.decrypt(cut(bytes, 5000), 0, body.length)), BlobDamaged, name);
  }
  const other = new BodyKey(randomBytes(32), key.salt);
  await assert.rejects(wholeOf(other.decrypt(cut(stored, 5000), 0, body.length)), BlobDamaged);
});

test('bodies under one data key have nothing in common', () => {
  const body = Buffer.alloc(100);
  const encrypted = () => new BodyKey(dataKey, newSalt()).encryptBytes(body);
  assert.notDeepEqual(encrypted(), encrypted());
});

test('a wrapped key opens only where it belongs', () => {
  const [wrapping, key] = [randomBytes(32), randomBytes(32)];
  const wrapped = seal(wrapping, key, 'bucket/key');
  assert.ok(unwrapKey(wrapping, wrapped, 'bucket/key').equals(key));
  assert.throws(() => unwrapKey(wrapping, wrapped, 'bucket/other'), BlobDamaged);
  assert.throws(() => unwrapKey(randomBytes(32), wrapped, 'bucket/key'), BlobDamaged);
});
