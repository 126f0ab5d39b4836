/** Brings staged rows to where they go: the table, or the file. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzipSync } from 'node:zlib';
import { StagingError } from './errors.js';
import { ahead } from './parallel.js';
import { loadRows } from './postgres-rows.js';
import { fieldsOf } from './records.js';
import type { StagedPart } from './state.js';
import type { Work } from './work.js';

/** Loads the staged rows, once for a run however often it is called. Throws `StagingError`. */
export async function landRows(work: Work): Promise<void> {
  const { job, state, hear } = work;
  const { run, rows: expected, header } = state.current;
  const named = header === undefined ? undefined : fieldsOf(header, job.dialect.delimiter);
  const columns = job.load!.columns ?? named;
  if (named && columns && named.length !== columns.length) {
    throw new StagingError(`load.columns names ${columns.length} columns, the files have ${named.length}`);
  }
  const content = async function* () {
    for await (const { bytes } of partsOf(work)) yield bytes;
  };
  const { rows, before } = await loadRows(job, { run, expected, columns, content });
  hear({ event: 'committed', rows, before });
}

/** Writes the staged rows beside the file, and puts them in its place when all are on the disk. Throws `StagingError`. */
export async function landFile(work: Work): Promise<void> {
  const { job, state, hear } = work;
  const { run, header, rows } = state.current;
  const path = resolve(job.directory, job.unload!.file);
  const compressed = path.endsWith('.gz');
  const beside = `${path}.${run}.part`;
  const file = await open(beside, 'w');
  try {
    if (job.dialect.header && header !== undefined) {
      const line = Buffer.from(`${header}\n`);
      await file.writeFile(compressed ? gzipSync(line) : line);
    }
    // Compressed files one after the other are one compressed file (RFC 1952, 2.2).
    for await (const part of partsOf(work)) await file.writeFile(compressed ? part.stored : part.bytes);
    await file.sync();
    await file.close();
    await rename(beside, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(beside, { force: true });
    throw error;
  }
  hear({ event: 'written', file: path, rows });
}

/** The parts in order, each compared with what was staged. */
async function* partsOf({ job, bucket, state, hear }: Work) {
  const fetch = async (part: StagedPart) => ({ part, stored: await bucket.get(part.name) });
  for await (const { part, stored } of ahead(state.current.parts, job.parallel, fetch)) {
    const { index, name, rows, sha256 } = part;
    if (!stored) throw new StagingError(`the staged object ${name} is gone: give the run up with "clean"`);
    const bytes = await promisify(gunzip)(stored.body);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      throw new StagingError(
        `the staged object ${name} is not what was staged: give the run up with "clean"`,
      );
    }
    hear({ event: 'part-landed', part: index, rows, bytes: bytes.length });
    yield { stored: stored.body, bytes };
  }
}
