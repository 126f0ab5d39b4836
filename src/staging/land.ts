/** Brings staged rows to where they go: the table, or the file. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { StagingError } from './errors.js';
import { FileLanding, ParquetLanding } from './file-landing.js';
import { gunzipped } from './gzip.js';
import { ahead } from './parallel.js';
import { isParquet } from './parquet.js';
import { PartContent, type RowsInParts } from './part-content.js';
import { placeOf } from './place.js';
import { countRecords, fieldsOf } from './records.js';
import type { Refused } from './refusals.js';
import type { StagedPart } from './rows.js';
import { isAway, type Loaded, openWarehouse, type StagedRows } from './warehouses/index.js';
import type { Work } from './work.js';

/** Seconds between the tries at a warehouse that is away. */
const WAITS = [1, 2, 4, 8, 16];

/** Loads the rows, once for a run however often it is called. Throws `StagingError`. */
export async function landRows(work: Work, { header, parts }: RowsInParts): Promise<Loaded> {
  const { job, bucket, state, hear } = work;
  const { run } = state.current;
  const named = header === undefined ? undefined : fieldsOf(header, job.dialect.delimiter);
  const columns = job.load!.columns ?? named;
  if (named && columns && named.length !== columns.length) {
    throw new StagingError(`load.columns names ${columns.length} columns, the files have ${named.length}`);
  }
  const loaded = await loadPatiently(work, parts, {
    run,
    columns,
    place: placeOf(work),
    async refuse(refused) {
      await bucket.put(refusedOf(run), errorText(refused));
    },
    staged: () => state.current,
  });
  hear({ event: 'committed', ...loaded });
  if (loaded.refused > 0) await writeRefused(work, loaded.refused);
  return loaded;
}

/** Tries again while the warehouse restarts: what it has not committed is gone, and what it has is not loaded twice. */
async function loadPatiently(
  work: Work,
  parts: AsyncGenerator<PartContent>,
  rows: Omit<StagedRows, 'content'>,
): Promise<Loaded> {
  const { job, state, hear } = work;
  let source = new Source(work, parts);
  for (const seconds of [...WAITS, undefined]) {
    try {
      const warehouse = await openWarehouse(job, {}, job.warehouse);
      try {
        return await warehouse.load({ ...rows, content: source });
      } finally {
        await warehouse.close();
      }
    } catch (error) {
      source.check();
      if (seconds === undefined || !isAway(error)) throw error;
      hear({ event: 'waiting', seconds, reason: (error as Error).message });
      await setTimeout(seconds * 1000);
      // What had landed is gone: all of it comes from the bucket, once it is there.
      while (state.current.step === 'staging' && !(await parts.next()).done);
      source.check();
      source = new Source(work, readBack(work));
    }
  }
  throw new StagingError('the warehouse is away');
}

/** The parts on their way to the warehouse. Who reads them may leave, and they can be read on. */
class Source implements AsyncIterable<PartContent> {
  readonly #work: Work;
  readonly #parts: AsyncGenerator<PartContent>;
  #failure: { readonly error: unknown } | undefined;

  constructor(work: Work, parts: AsyncGenerator<PartContent>) {
    this.#work = work;
    this.#parts = parts;
  }

  [Symbol.asyncIterator](): AsyncIterator<PartContent> {
    return { next: () => this.#next() };
  }

  /** Throws what went wrong before the warehouse, whatever it has made of that. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  async #next(): Promise<IteratorResult<PartContent>> {
    try {
      const next = await this.#parts.next();
      if (!next.done) hearLanded(this.#work, next.value);
      return next;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
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
 * Writes the rows beside the file, and puts them in its place when all are on the disk. Throws `StagingError`.
 */
export async function landFile(work: Work, { header, parts }: RowsInParts): Promise<Loaded> {
  const { job, state, hear } = work;
  const path = resolve(job.directory, job.unload!.file);
  const beside = `${path}.${state.current.run}.part`;
  const Landing = isParquet(path) ? ParquetLanding : FileLanding;
  const landing = new Landing(job, path, beside);
  try {
    await landing.begin(header);
    for await (const part of parts) {
      await landing.add(part);
      hearLanded(work, part);
    }
    await landing.finish(state.current);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  } finally {
    await landing.close();
  }
  const { rows } = state.current;
  hear({ event: 'written', file: path, rows });
  return { rows, refused: 0, before: false };
}

const hearLanded = ({ hear }: Work, { index, rows, bytes }: PartContent) =>
  hear({ event: 'part-landed', part: index, rows, bytes: bytes.length });

/** The parts of the state from the bucket, each compared with what was staged. */
export async function* readBack({ job, bucket, state }: Work): AsyncGenerator<PartContent> {
  const fetch = async (part: StagedPart): Promise<PartContent> => {
    const { index, name, rows } = part;
    const stored = await bucket.get(name);
    if (!stored) throw new StagingError(`the staged object ${name} is gone: give the run up with "clean"`);
    const isCompressed = name.endsWith('.gz');
    const bytes = isCompressed ? await gunzipped(stored.body) : stored.body;
    if (!isAsStaged(part, bytes)) {
      throw new StagingError(
        `the staged object ${name} is not what was staged: give the run up with "clean"`,
      );
    }
    return new PartContent(index, { bytes, rows }, isCompressed ? stored.body : undefined);
  };
  yield* ahead(state.current.parts, job.parallel, fetch);
}

/** Of an object that the warehouse has written, its manifest says the number of rows. */
function isAsStaged({ sha256, rows }: StagedPart, bytes: Uint8Array): boolean {
  if (sha256 === undefined) return countRecords(bytes) === rows;
  return createHash('sha256').update(bytes).digest('hex') === sha256;
}
