import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { openDigests } from './body-digests.js';
import { DIGEST_ALGORITHMS, type DigestAlgorithm, loadDigests, openDigest } from './digest.js';

const MIB = 1024 * 1024;
const body = Buffer.alloc(3 * MIB + 5);
for (let at = 0; at < body.length; at++) body[at] = (at * 31 + (at >> 9)) & 0xff;

function expected(algorithm: DigestAlgorithm, bytes: Uint8Array): string {
  const digest = openDigest(algorithm);
  digest.update(bytes);
  return digest.digest().toString('hex');
}

async function digested(
  algorithms: readonly DigestAlgorithm[],
  bytes: Uint8Array,
  cut: number,
  length: number | undefined,
): Promise<string[]> {
  const digests = openDigests(algorithms, length);
  for (let at = 0; at < bytes.length; at += cut) {
    // The chunk is the caller's again: it may be used for something else.
    const chunk = Buffer.from(bytes.subarray(at, at + cut));
    const working = digests.update(chunk);
    await working;
    chunk.fill(0);
  }
  const found = await digests.finish();
  digests.abandon();
  return found.map(digest => digest.toString('hex'));
}

test('on threads or not, however the body is cut, its digests are the same', async () => {
  await loadDigests(DIGEST_ALGORITHMS);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: body.length }),
      fc.integer({ min: 1000, max: 2 * MIB }),
      fc.uniqueArray(fc.constantFrom(...DIGEST_ALGORITHMS), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (length, cut, algorithms, known) => {
        const bytes = body.subarray(0, length);
        const found = await digested(algorithms, bytes, cut, known ? body.length : undefined);
        assert.deepEqual(
          found,
          algorithms.map(algorithm => expected(algorithm, bytes)),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('many bodies at once, some of them abandoned, do not get into each other', async () => {
  await Promise.all(
    Array.from({ length: 40 }, async (_, number) => {
      const bytes = body.subarray(number * 1000, number * 1000 + MIB + number);
      if (number % 4 === 0) {
        const digests = openDigests(['MD5', 'CRC64NVME'], body.length);
        await digests.update(bytes);
        digests.abandon();
        digests.abandon();
        return;
      }
      const [md5] = await digested(['MD5', 'SHA256'], bytes, 60_000 + number, body.length);
      assert.equal(md5, createHash('md5').update(bytes).digest('hex'));
    }),
  );
});
