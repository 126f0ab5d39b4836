import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import type { RequestBody } from '../../core/http-message.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import { openObjects } from '../index.js';
import { bodyOf, code } from '../testing.test.support.js';

const clock = new ManualClock(1_700_000_000_000);

async function opened() {
  const blobs = openMemoryBlobs(() => clock.now());
  const objects = await openObjects({ kv: openMemoryKv(), blobs, clock, inlineLimit: 1000 });
  const count = async () => {
    let number = 0;
    for await (const _ of blobs.list()) number++;
    return number;
  };
  return { contents: objects.contents, count };
}

/** A body whose SHA-256 was signed, `expected`; reading it without its claim is an error here. */
function claimed(bytes: Uint8Array, expected: Buffer): RequestBody {
  return {
    length: bytes.length,
    trailers: new Map(),
    [Symbol.asyncIterator]: () => assert.fail('its SHA-256 would be computed twice'),
    claim: {
      body: bodyOf(bytes),
      demand: sha256 => {
        if (!expected.equals(sha256)) throw new RangeError('another SHA-256 was signed');
      },
    },
  };
}

for (const size of [0, 900, 100_000, 3_000_000]) {
  const bytes = Buffer.alloc(size, 'content');
  const sha256 = createHash('sha256').update(bytes).digest();

  test(`a signed SHA-256 of ${size} bytes is computed with the other digests, and demanded`, async () => {
    const { contents, count } = await opened();
    const received = await contents.receive(claimed(bytes, sha256), size, {});
    assert.equal(received.md5.toString('hex'), createHash('md5').update(bytes).digest('hex'));
    assert.equal(received.checksum.algorithm, 'CRC64NVME');
    // A client may ask for the same digest as its checksum.
    const both = await contents.receive(claimed(bytes, sha256), size, { algorithm: 'SHA256' });
    assert.equal(both.checksum.value, sha256.toString('base64'));
    const stored = await count();
    const changed = Buffer.concat([bytes, Buffer.of(1)]);
    await assert.rejects(contents.receive(claimed(changed, sha256), changed.length, {}), RangeError);
    const mine = { algorithm: 'SHA256', value: sha256.toString('base64') } as const;
    await assert.rejects(contents.receive(claimed(changed, sha256), changed.length, mine), RangeError);
    assert.equal(await count(), stored, 'nothing stays of a refused body');
  });
}

test('a body that is longer or shorter than declared is refused, and nothing stays of it', async () => {
  const { contents, count } = await opened();
  const bytes = Buffer.alloc(50_000, 'content');
  for (const length of [49_999, 50_001]) {
    await assert.rejects(contents.receive(bodyOf([bytes], { length }), length, {}), code('IncompleteBody'));
  }
  assert.equal(await count(), 0);
});
