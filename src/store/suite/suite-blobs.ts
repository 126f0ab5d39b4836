/** The tests that every adapter for bodies passes: its own test file calls them with how to open it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type BlobInfo, BlobMissing, type Blobs, type StoredBlob } from '../blobs.js';
import { type OpenFresh, withFresh } from './suite.js';

async function* chunked(content: Buffer, chunks: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < content.length; turn++) {
    const length = chunks[turn % chunks.length]!;
    yield content.subarray(at, (at += length));
  }
}

async function* just(content: Buffer): AsyncGenerator<Uint8Array> {
  yield content;
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function infosOf(blobs: Blobs): Promise<BlobInfo[]> {
  const infos: BlobInfo[] = [];
  for await (const info of blobs.list()) infos.push(info);
  return infos;
}

/** Content that differs in every part, so that no piece can pass for another. */
function contentOf(length: number): Buffer {
  const content = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE((at * 2654435761) >>> 0, at);
  return content;
}

/**
 * The tests of a store of bodies, whose clock must show `now`; undefined: it has a clock of its own. `runs` is how
 * often each randomised one is tried.
 */
export function testBlobs(name: string, open: OpenFresh<Blobs>, now: number | undefined, runs: number): void {
  const blobTest = (title: string, body: (blobs: Blobs) => Promise<void>) =>
    test(title, () => withFresh(open, body));

  describe(`${name} as a store of bodies`, () => {
    test('gives back every body and every range of it', () =>
      withFresh(open, blobs =>
        fc.assert(
          fc.asyncProperty(
            anyLength,
            anyChunks,
            fc.array(fc.tuple(anyShare, anyShare)),
            async (length, chunks, shares) => {
              const content = contentOf(length);
              const { id, size } = await blobs.write(chunked(content, chunks));
              assert.equal(size, length);
              assert.ok(content.equals(await collect(blobs.read(id))));
              const segment = 64 * 1024 + 16;
              const second = Math.min(segment, length);
              const pieces = [];
              // A piece stands until the next is asked for.
              for await (const piece of blobs.read(id, second, length, segment))
                pieces.push(Buffer.from(piece));
              assert.ok(content.subarray(second).equals(Buffer.concat(pieces)));
              for (const piece of pieces.slice(0, -1)) assert.equal(piece.length % segment, 0);
              for (const pair of shares) {
                const [start, end] = pair.map(share => Math.round(share * length)).sort((a, b) => a - b);
                assert.ok(content.subarray(start, end).equals(await collect(blobs.read(id, start, end))));
              }
            },
          ),
          { numRuns: runs },
        ),
      ));

    blobTest(
      'many readers of segments at once have each their own, also where some leave early',
      async blobs => {
        const segment = 256 * 1024 + 16;
        const contents = [4, 5, 6].map(segments => contentOf(segments * segment - 7));
        const ids = await Promise.all(contents.map(async content => (await blobs.write(just(content))).id));
        const read = async (number: number): Promise<void> => {
          const content = contents[number % 3]!;
          let at = segment * (number % 2);
          for await (const piece of blobs.read(ids[number % 3]!, at, content.length, segment)) {
            // Others read meanwhile.
            await new Promise(resolve => setImmediate(resolve));
            assert.ok(content.subarray(at, at + piece.length).equals(piece), `reader ${number} at ${at}`);
            at += piece.length;
            if (number % 5 === 0 && at > 2 * segment) return;
          }
          assert.equal(at, content.length);
        };
        for (let round = 0; round < 3; round++) {
          await Promise.all(Array.from({ length: 24 }, (_, number) => read(number)));
        }
      },
    );

    blobTest('lists what is there, with its size and time, and deletes', async blobs => {
      const first = await blobs.write(chunked(contentOf(10), [3]));
      const second = await blobs.write(chunked(contentOf(200_000), [65_536]));
      const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
      const listed = async () =>
        (await infosOf(blobs))
          .sort(byId)
          .map(({ modified, ...blob }) => (now === undefined ? blob : { ...blob, modified }));
      const expected = (...stored: StoredBlob[]) =>
        stored.sort(byId).map(blob => (now === undefined ? blob : { ...blob, modified: now }));
      assert.deepEqual(await listed(), expected(first, second));
      await blobs.delete(first.id);
      await blobs.delete(first.id);
      assert.deepEqual(await listed(), expected(second));
      await assert.rejects(collect(blobs.read(first.id)), BlobMissing);
    });

    blobTest('keeps nothing of a source that fails, and passes its error on', async blobs => {
      const failure = new Error('the client went away');
      for (const length of [0, 10, 3_000_000]) {
        const source = async function* () {
          yield* chunked(contentOf(length), [65_536]);
          throw failure;
        };
        await assert.rejects(blobs.write(source()), error => error === failure);
      }
      assert.deepEqual(await infosOf(blobs), []);
    });

    blobTest('knows no ids but its own', async blobs => {
      for (const id of [
        '',
        '.',
        '..',
        '../x',
        '/etc/passwd',
        'a'.repeat(32),
        '0'.repeat(31),
        `${'0'.repeat(31)}/`,
        '\0',
      ]) {
        await assert.rejects(collect(blobs.read(id)), BlobMissing);
        await blobs.delete(id);
      }
    });

    blobTest('refuses a range that the body does not have', async blobs => {
      const { id } = await blobs.write(chunked(contentOf(100), [100]));
      for (const [start, end] of [
        [0, 101],
        [50, 49],
        [101, undefined],
        [-1, 10],
      ] as const) {
        await assert.rejects(collect(blobs.read(id, start, end)), RangeError);
      }
      assert.equal((await collect(blobs.read(id, 100))).length, 0);
    });

    blobTest('serves many at once', async blobs => {
      const contents = Array.from({ length: 16 }, (_, index) => contentOf(index * 50_000));
      const stored = await Promise.all(contents.map(content => blobs.write(chunked(content, [9_999]))));
      const read = await Promise.all(stored.map(({ id }) => collect(blobs.read(id))));
      for (const [index, content] of contents.entries()) assert.ok(content.equals(read[index]!));
    });

    blobTest('lets a reader leave early', async blobs => {
      const content = contentOf(2_000_000);
      const { id } = await blobs.write(chunked(content, [65_536]));
      for await (const piece of blobs.read(id)) {
        assert.ok(piece.length < content.length);
        break;
      }
      assert.ok(content.equals(await collect(blobs.read(id))));
    });

    blobTest('refuses all work once it is closed', async blobs => {
      await blobs.close();
      await assert.rejects(blobs.write(chunked(contentOf(1), [1])));
      await assert.rejects(collect(blobs.read('0'.repeat(32))));
      await blobs.close();
    });
  });
}

const BLOCK = 65_536;
const anyLength = fc.oneof(
  fc.nat(300),
  fc
    .tuple(fc.nat(6), fc.integer({ min: -2, max: 2 }))
    .map(([blocks, more]) => Math.max(0, blocks * BLOCK + more)),
  fc.nat(3_000_000),
);
const anyChunks = fc.array(fc.oneof(fc.integer({ min: 1000, max: 200_000 }), fc.constant(BLOCK)), {
  minLength: 1,
  maxLength: 4,
});
const anyShare = fc.double({ min: 0, max: 1, noNaN: true });
