import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import type { RequestBody } from '../../core/http-message.js';
import { BlobDamaged } from '../../store/blobs.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import { type ObjectRecord, openObjects } from '../index.js';
import { bodyOf, code } from '../testing.test.support.js';

const clock = new ManualClock(1_700_000_000_000);

async function opened() {
  const blobs = openMemoryBlobs(() => clock.now());
  const kv = openMemoryKv();
  const objects = await openObjects({ kv, blobs, clock, inlineLimit: 100_000 });
  const count = async () => {
    let number = 0;
    for await (const _ of blobs.list()) number++;
    return number;
  };
  return { kv, contents: objects.contents, count };
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

for (const size of [0, 900, 200_000, 3_000_000]) {
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

test('a small encrypted body that is not what was stored is not handed out', async () => {
  const { kv, contents } = await opened();
  const dataKey = randomBytes(32);
  const stored = async (id: string, size: number) => {
    const received = await contents.receive(bodyOf(randomBytes(size)), size, {}, { dataKey });
    const { content, salt, writes } = contents.place('bucket', id, received.stored);
    await kv.commit([], writes);
    const { key, value } = writes[0]!;
    return {
      version: { id, size, content, salt, encryption: {} } as unknown as ObjectRecord,
      key,
      value: value!,
    };
  };
  const { version, key, value } = await stored('id', 70_000);
  const read = () => contents.read('bucket', version, { dataKey });
  assert.equal(((await read()) as Uint8Array).length, 70_000);
  const { value: another } = await stored('other', 70_000);
  const flipped = Buffer.from(value);
  flipped[5]! ^= 1;
  const segment = 64 * 1024 + 16;
  const damaged = {
    flipped,
    another,
    'cut off': value.subarray(0, 100),
    'without its end': value.subarray(0, segment),
  };
  for (const [name, bytes] of Object.entries({ ...damaged, gone: new Uint8Array(0) })) {
    await kv.commit([], [{ key, value: bytes }]);
    await assert.rejects(read(), BlobDamaged, name);
  }
});

test('a body that is longer or shorter than declared is refused, and nothing stays of it', async () => {
  const { contents, count } = await opened();
  const bytes = Buffer.alloc(50_000, 'content');
  for (const length of [49_999, 50_001]) {
    await assert.rejects(contents.receive(bodyOf([bytes], { length }), length, {}), code('IncompleteBody'));
  }
  assert.equal(await count(), 0);
});
