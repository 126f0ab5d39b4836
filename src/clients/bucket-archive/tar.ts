/** Archives as tar files ("ustar Interchange Format", POSIX.1-2017, pax), read and written as streams. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import type { ArchiveWriter, Entry } from './archive.js';

/** Bytes that are read from an archive at once. */
const READ = 1024 * 1024;

/** Writes a new file; rejects where it exists. */
export async function tarWriter(path: string): Promise<ArchiveWriter> {
  const file = await open(path, 'wx');
  const archive = pack();
  const written = pipeline(archive, file.createWriteStream({ flush: true }));
  // It is waited for at the end; until then the entry that fails says so.
  written.catch(() => undefined);
  return {
    earlier: [],
    recordsFirst: true,
    async write(name, size, body) {
      await Promise.race([pipeline(Readable.from(body), archive.entry({ name, size })), written]);
    },
    async close() {
      archive.finalize();
      await written;
    },
  };
}

/** The regular files in a tar, under their pax or GNU names. Throws where it is cut off or is no tar. */
export async function* tarEntries(path: string): AsyncGenerator<Entry> {
  const archive = extract();
  const read = pipeline(createReadStream(path, { highWaterMark: READ }), archive);
  // The loop hears of it as well.
  read.catch(() => undefined);
  try {
    for await (const entry of archive) {
      const { type, name, size = 0 } = entry.header;
      if (type === 'file' || type === 'contiguous-file')
        yield { name: name.replace(/^\.\//, ''), size, body: bytesOf(entry, path) };
      entry.resume();
    }
  } catch (error) {
    throw damaged(path, error);
  } finally {
    archive.destroy();
  }
}

/** Unlike the entry's own iterator it may be left early: that one would end the archive with the entry. */
async function* bytesOf(entry: AsyncIterable<unknown>, path: string): AsyncGenerator<Uint8Array> {
  const bytes = entry[Symbol.asyncIterator]();
  const next = () => bytes.next().catch(error => Promise.reject(damaged(path, error)));
  for (let piece = await next(); !piece.done; piece = await next()) yield piece.value as Uint8Array;
}

const damaged = (path: string, cause: unknown): Error =>
  new Error(`${path} is no tar file, or damaged or cut off`, { cause });
