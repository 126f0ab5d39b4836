import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, open, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { BlobDamaged, type Blobs } from '../blobs.js';
import { testBlobs } from '../suite/suite-blobs.js';
import { openFileBlobs } from './files.js';

const NOW = 1_795_000_000_000;
const DAY = 24 * 60 * 60 * 1000;

if (process.argv[2] === 'write') await writeForever(process.argv[3]!);
else defineTests();

/** As another process: begins a body and never ends it. */
async function writeForever(directory: string): Promise<void> {
  const blobs = await openFileBlobs(directory, () => NOW);
  await blobs.write(
    (async function* () {
      yield Buffer.alloc(2_000_000, 'unfinished');
      process.stdout.write('begun\n');
      await once(process.stdin.resume(), 'end');
    })(),
  );
}

async function startWriter(directory: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'write', directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  return child;
}

async function* just(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

function defineTests(): void {
  const inDirectory = (title: string, body: (directory: string) => Promise<void>) =>
    test(title, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-blobs-'));
      try {
        await body(directory);
      } finally {
        await rm(directory, { recursive: true });
      }
    });

  const pathOf = (directory: string, id: string) => join(directory, id.slice(0, 2), id);

  testBlobs(
    'files',
    async () => {
      const directory = await mkdtemp(join(tmpdir(), 'karikagi-blobs-'));
      const store = await openFileBlobs(directory, () => NOW);
      return {
        store,
        async release() {
          await store.close();
          assert.deepEqual(await readdir(join(directory, 'tmp')), []);
          await rm(directory, { recursive: true });
        },
      };
    },
    NOW,
    50,
  );

  inDirectory(
    'bodies are there when the store is opened again, readable by their owner alone',
    async directory => {
      const { id } = await (await openFileBlobs(directory, () => NOW)).write(just(Buffer.from('kept')));
      const again = await openFileBlobs(directory, () => NOW);
      assert.equal(String(await drain(again.read(id))), 'kept');
      assert.equal((await stat(pathOf(directory, id))).mode & 0o777, 0o600);
    },
  );

  /** Writes a body of a few blocks, lets `damage` at its file, and answers how reading then ends. */
  async function damaged(
    blobs: Blobs,
    directory: string,
    damage: (path: string, length: number) => Promise<void>,
  ) {
    const content = Buffer.alloc(200_000);
    for (let at = 0; at < content.length; at++) content[at] = at % 251;
    const { id } = await blobs.write(just(content));
    const path = pathOf(directory, id);
    await damage(path, (await stat(path)).size);
    let read = 0;
    try {
      for await (const piece of blobs.read(id)) {
        assert.ok(content.subarray(read, read + piece.length).equals(piece), 'damaged bytes were served');
        read += piece.length;
      }
    } catch (error) {
      assert.ok(error instanceof BlobDamaged, String(error));
      assert.match(error.message, new RegExp(id));
      return 'damaged';
    }
    return 'whole';
  }

  inDirectory('no damaged byte is ever served', async directory => {
    const blobs = await openFileBlobs(directory, () => NOW);
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (share, flip) => {
          const outcome = await damaged(blobs, directory, async (path, length) => {
            const file = await open(path, 'r+');
            const at = Math.floor(share * length);
            const byte = Buffer.alloc(1);
            await file.read(byte, 0, 1, at);
            byte[0]! ^= flip;
            await file.write(byte, 0, 1, at);
            await file.close();
          });
          assert.equal(outcome, 'damaged');
        },
      ),
      { numRuns: 40 },
    );
  });

  inDirectory('a file that was cut off or added to is damaged', async directory => {
    const blobs = await openFileBlobs(directory, () => NOW);
    for (const left of [0, 1, 15, 16, 65_536, 65_540, 65_556, 199_999]) {
      assert.equal(
        await damaged(blobs, directory, path => truncate(path, left)),
        'damaged',
        `cut to ${left}`,
      );
    }
    for (const more of [1, 4, 16, 65_540]) {
      assert.equal(await damaged(blobs, directory, path => appendFile(path, Buffer.alloc(more))), 'damaged');
    }
    assert.equal(await damaged(blobs, directory, async () => undefined), 'whole');
  });

  inDirectory('a range is read where other parts are damaged', async directory => {
    const blobs = await openFileBlobs(directory, () => NOW);
    const { id } = await blobs.write(just(Buffer.alloc(200_000, 'x')));
    const file = await open(pathOf(directory, id), 'r+');
    await file.write('y', 150_000);
    await file.close();
    assert.equal((await drain(blobs.read(id, 0, 100_000))).length, 100_000);
    await assert.rejects(drain(blobs.read(id, 140_000, 140_001)), BlobDamaged);
  });

  inDirectory(
    'opening sweeps what a killed process left, and leaves a running one alone',
    async directory => {
      const temporaries = () => readdir(join(directory, 'tmp'));
      const killed = await startWriter(directory);
      const running = await startWriter(directory);
      assert.equal((await temporaries()).length, 2);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      const blobs = await openFileBlobs(directory, () => NOW);
      assert.equal((await temporaries()).length, 1);
      running.stdin!.end();
      await once(running, 'exit');
      assert.deepEqual(await temporaries(), []);
      const infos = [];
      for await (const info of blobs.list()) infos.push(info.size);
      assert.deepEqual(infos, [2_000_000]);
    },
  );

  inDirectory('what another host left is swept once nobody wrote to it for a day', async directory => {
    await openFileBlobs(directory, () => NOW);
    const [old, young] = [join(directory, 'tmp', '1.2.6162.old'), join(directory, 'tmp', '1.2.6162.young')];
    for (const [path, age] of [
      [old, DAY + 1000],
      [young, DAY - 1000],
    ] as const) {
      await writeFile(path, 'unfinished');
      await utimes(path, (NOW - age) / 1000, (NOW - age) / 1000);
    }
    await openFileBlobs(directory, () => NOW);
    assert.deepEqual(await readdir(join(directory, 'tmp')), ['1.2.6162.young']);
  });

  inDirectory('a full disk fails the write and leaves nothing', async directory => {
    const child = spawn(
      'sh',
      [
        '-c',
        'ulimit -f 2000; exec "$0" "$@"',
        process.execPath,
        fileURLToPath(import.meta.url),
        'write',
        directory,
      ],
      { stdio: ['ignore', 'ignore', 'ignore'] },
    );
    const [status] = await once(child, 'exit');
    assert.notEqual(status, 0);
    assert.deepEqual(await readdir(join(directory, 'tmp')), []);
  });
}
