/** Brings staged rows to where they go: the table, or the file. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { StagingError } from './errors.js';
import { FileLanding, type LandedPart, ParquetLanding } from './file-landing.js';
import { ahead } from './parallel.js';
import { isParquet } from './parquet.js';
import { placeOf } from './place.js';
import { countRecords, fieldsOf } from './records.js';
import type { Refused } from './refusals.js';
import type { StagedPart } from './rows.js';
import { isAway, type Loaded, openWarehouse, type StagedRows } from './warehouses/index.js';
import type { Work } from './work.js';

/** Seconds between the tries at a warehouse that is away. */
const WAITS = [1, 2, 4, 8, 16];

/** Loads the staged rows, once for a run however often it is called. Throws `StagingError`. */
export async function landRows(work: Work): Promise<Loaded> {
  const { job, state, hear } = work;
  const { run, rows: expected, header, parts } = state.current;
  const named = header === undefined ? undefined : fieldsOf(header, job.dialect.delimiter);
  const columns = job.load!.columns ?? named;
  if (named && columns && named.length !== columns.length) {
    throw new StagingError(`load.columns names ${columns.length} columns, the files have ${named.length}`);
  }
  const content = async function* () {
    for await (const { bytes } of partsOf(work)) yield bytes;
  };
  const refuse = async (refused: readonly Refused[]) => {
    await work.bucket.put(refusedOf(run), errorText(refused));
  };
  const rows = { run, parts, expected, columns, content, refuse, place: placeOf(work) };
  const loaded = await loadPatiently(work, rows);
  hear({ event: 'committed', ...loaded });
  if (loaded.refused > 0) await writeRefused(work, loaded.refused);
  return loaded;
}

/** Tries again while the warehouse restarts: what it has not committed is gone, and what it has is not loaded twice. */
async function loadPatiently({ job, hear }: Work, rows: StagedRows): Promise<Loaded> {
  for (const seconds of [...WAITS, undefined]) {
    try {
      const warehouse = await openWarehouse(job, {}, job.warehouse);
      try {
        return await warehouse.load(rows);
      } finally {
        await warehouse.close();
      }
    } catch (error) {
      if (seconds === undefined || !isAway(error)) throw error;
      hear({ event: 'waiting', seconds, reason: (error as Error).message });
      await setTimeout(seconds * 1000);
    }
  }
  throw new StagingError('the warehouse is away');
}

const refusedOf = (run: string) => `${run}/refused.csv`;

/** Each record behind its number and the reason, as CSV. */
function errorText(refused: readonly Refused[]): Buffer {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = refused.map(
    ({ record, reason, text }) => `${record},${quoted(reason)},${quoted(text.replace(/\r?\n$/, ''))}\n`,
  );
  return Buffer.from(`record,reason,text\n${lines.join('')}`);
}

/** From the bucket, where they have been since before the commit: so they are not lost with the process. */
async function writeRefused({ job, bucket, state, hear }: Work, records: number): Promise<void> {
  const stored = await bucket.get(refusedOf(state.current.run));
  if (!stored) throw new StagingError('the refused records are gone from the bucket');
  const file = resolve(job.directory, job.load!.errorFile!);
  const beside = `${file}.${state.current.run}.part`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(stored.body);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
  hear({ event: 'refused', file, records });
}

/**
 * Writes the staged rows beside the file, and puts them in its place when all are on the disk. Throws `StagingError`.
 */
export async function landFile(work: Work): Promise<void> {
  const { job, state, hear } = work;
  const { run, rows } = state.current;
  const path = resolve(job.directory, job.unload!.file);
  const beside = `${path}.${run}.part`;
  const Landing = isParquet(path) ? ParquetLanding : FileLanding;
  const landing = new Landing(job, state.current, path, beside);
  try {
    await landing.begin();
    for await (const part of partsOf(work)) await landing.add(part);
    await landing.finish();
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await landing.close();
  }
  hear({ event: 'written', file: path, rows });
}

/** The parts in order, each compared with what was staged. */
async function* partsOf({ job, bucket, state, hear }: Work): AsyncGenerator<LandedPart> {
  const fetch = async (part: StagedPart) => ({ part, stored: await bucket.get(part.name) });
  for await (const { part, stored } of ahead(state.current.parts, job.parallel, fetch)) {
    const { index, name, rows } = part;
    if (!stored) throw new StagingError(`the staged object ${name} is gone: give the run up with "clean"`);
    const bytes = await promisify(gunzip)(stored.body);
    if (!isAsStaged(part, bytes)) {
      throw new StagingError(
        `the staged object ${name} is not what was staged: give the run up with "clean"`,
      );
    }
    hear({ event: 'part-landed', part: index, rows, bytes: bytes.length });
    yield { index, stored: stored.body, bytes };
  }
}

/** Of an object that the warehouse has written, its manifest says the number of rows. */
function isAsStaged({ sha256, rows }: StagedPart, bytes: Buffer): boolean {
  if (sha256 === undefined) return countRecords(bytes) === rows;
  return createHash('sha256').update(bytes).digest('hex') === sha256;
}
