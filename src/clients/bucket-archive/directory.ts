/** Archives as directories: what an export that was cut short wrote is kept when it is run again. */
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type ArchiveWriter,
  BUCKET_FILE,
  END_FILE,
  type Entry,
  type VersionRecord,
  versionFile,
} from './archive.js';

/** Opens a directory to write to, making it where it does not exist. */
export async function directoryWriter(directory: string): Promise<ArchiveWriter> {
  await mkdir(directory, { recursive: true });
  const earlier: VersionRecord[] = [];
  for (;;) {
    const path = join(directory, `${versionFile(earlier.length + 1)}.json`);
    const text = await readFile(path, 'utf8').catch(ifMissing);
    if (text === undefined) break;
    earlier.push(JSON.parse(text));
  }
  return {
    earlier,
    recordsFirst: false,
    async write(name, size, body) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      const file = await open(`${path}.new`, 'w');
      try {
        let written = 0;
        for await (const chunk of body) {
          await file.writeFile(chunk);
          written += chunk.length;
        }
        if (written !== size) throw new Error(`${name}: ${written} bytes came in place of ${size}`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    },
    close: async () => undefined,
  };
}

/** The files of an archive in the order in which a tar has them. */
export async function* directoryEntries(directory: string): AsyncGenerator<Entry> {
  yield await fileEntry(directory, BUCKET_FILE);
  for (let number = 1; ; number++) {
    const name = versionFile(number);
    const record = await fileEntry(directory, `${name}.json`).catch(ifMissing);
    if (record === undefined) break;
    yield record;
    const body = await fileEntry(directory, `${name}.body`).catch(ifMissing);
    if (body !== undefined) yield body;
  }
  const end = await fileEntry(directory, END_FILE).catch(ifMissing);
  if (end !== undefined) yield end;
}

async function fileEntry(directory: string, name: string): Promise<Entry> {
  const path = join(directory, name);
  const { size } = await stat(path);
  return {
    name,
    size,
    body: { [Symbol.asyncIterator]: () => createReadStream(path)[Symbol.asyncIterator]() },
  };
}

function ifMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
