/** Brings rows into the bucket, in parts, and hands each part on. */
import { createHash } from 'node:crypto';
import { StagingError } from './errors.js';
import { beside } from './parallel.js';
import { isParquet } from './parquet.js';
import { PartContent, type RowsInParts } from './part-content.js';
import { placeOf } from './place.js';
import { type CutRecords, cutRecords, following, takeHeader } from './records.js';
import type { Column, StagedPart } from './rows.js';
import { SourceFiles } from './source-files.js';
import { openWarehouse, type Staged } from './warehouses/index.js';
import type { Work } from './work.js';

/**
 * Stages the rows of the job, and gives `land` the same parts beside it; `undefined` where the warehouse itself has
 * staged them. What `land` does not read is not staged. Throws `StagingError`, and what `land` throws.
 */
export function stage<T>(work: Work, land: (rows: RowsInParts) => Promise<T>): Promise<T | undefined> {
  return work.job.load?.files ? stageFiles(work, land) : stageRows(work, land);
}

/** Parts that an earlier process has staged are compared with the files, and not sent again. */
async function stageFiles<T>(work: Work, land: (rows: RowsInParts) => Promise<T>): Promise<T> {
  const files = await SourceFiles.open(work.job);
  return await handOn(stagedParts(work, files.parts(), work.state.current.parts, files), files, land);
}

/** An earlier process's parts do not count: the table may have changed since. */
async function stageRows<T>(work: Work, land: (rows: RowsInParts) => Promise<T>): Promise<T | undefined> {
  const { job, state } = work;
  await state.save({ parts: [] });
  const { from } = job.load ?? {};
  const warehouse = await openWarehouse(job, from ?? job.unload!, from?.warehouse ?? job.warehouse);
  let landed: T | undefined;
  try {
    const columns = job.unload && isParquet(job.unload.file) ? await warehouse.columns() : undefined;
    await warehouse.unload({
      place: placeOf(work),
      async stage(source, handedOut) {
        const { header, rest } = await takeHeader(source);
        const about = { header, columns, handedOut };
        const records = cutRecords(rest, job.partSize, 'the answer');
        landed = await handOn(stagedParts(work, records, [], about), about, land);
      },
      staged: staged => allStaged(work, staged, columns),
    });
  } finally {
    await warehouse.close();
  }
  return landed;
}

/** With the first part, the header is known. */
async function handOn<T>(
  parts: AsyncGenerator<PartContent>,
  about: Source,
  land: (rows: RowsInParts) => Promise<T>,
): Promise<T> {
  try {
    const first = await parts.next();
    return await land({ header: about.header, parts: first.done ? parts : following(first.value, parts) });
  } finally {
    await parts.return(undefined);
  }
}

/** What is known beside the records, once they have begun. */
interface Source {
  readonly header?: string | undefined;
  readonly columns?: readonly Column[] | undefined;
  /** Share that is read. */
  readonly read?: number;
  /** How many rows the warehouse has given, once they are read. */
  readonly handedOut?: () => Promise<number>;
}

/** Each part while it is staged. Ends when the state says that all are. */
async function* stagedParts(
  work: Work,
  source: AsyncIterable<CutRecords>,
  known: readonly StagedPart[],
  about: Source,
): AsyncGenerator<PartContent> {
  const stager = new Stager(work, known, about);
  const numbered = async function* () {
    let index = 0;
    for await (const records of source) yield new PartContent(index++, records);
  };
  let parts = 0;
  let rows = 0;
  for await (const part of beside(numbered(), work.job.parallel, each => stager.stage(each))) {
    parts++;
    rows += part.rows;
    yield part;
  }
  await stager.end(parts, rows);
}

class Stager {
  readonly #work: Work;
  readonly #about: Source;
  readonly #known: ReadonlyMap<number, StagedPart>;
  readonly #parts: StagedPart[];
  #saved: number;
  #saving = Promise.resolve();

  constructor(work: Work, known: readonly StagedPart[], about: Source) {
    this.#work = work;
    this.#about = about;
    this.#known = new Map(known.map(part => [part.index, part]));
    this.#parts = [...known];
    this.#saved = known.length;
  }

  async stage(part: PartContent): Promise<void> {
    const { bucket, state, job, hear } = this.#work;
    const { index, bytes, rows } = part;
    const sha256 = createHash('sha256').update(bytes).digest();
    const earlier = this.#known.get(index);
    if (earlier?.sha256 === sha256.toString('hex')) return;
    if (earlier)
      throw new StagingError('the source files have changed since this run began: give it up with "clean"');
    const { run, owner } = state.current;
    // With its owner in the name: a process that has lost the run cannot write over another one's parts.
    const name = `${run}/${owner}/part-${String(index).padStart(6, '0')}.csv`;
    const stored =
      job.compression === 'gzip'
        ? { name: `${name}.gz`, body: await part.compressed() }
        : { name, body: bytes, sha256 };
    await bucket.put(stored.name, stored.body, stored);
    this.#parts.push({ index, name: stored.name, rows, bytes: bytes.length, sha256: sha256.toString('hex') });
    const { read } = this.#about;
    const event = { event: 'part-staged', part: index, rows, bytes: bytes.length } as const;
    hear({ ...event, ...(read !== undefined && { read }) });
    await this.#save();
  }

  /** The longer the list, the rarer it is written: a crash costs 1/32 of the parts at most. */
  async #save(): Promise<void> {
    const { length } = this.#parts;
    if (length - this.#saved <= length / 32) return;
    this.#saved = length;
    this.#saving = this.#saving.then(() => this.#work.state.save({ parts: [...this.#parts] }));
    await this.#saving;
  }

  /** When all of the source is read, so many parts and rows. Throws `StagingError` where those are not all. */
  async end(parts: number, rows: number): Promise<void> {
    const { handedOut, header, columns } = this.#about;
    if (parts !== this.#parts.length) {
      throw new StagingError(
        'the source files are shorter than when this run began: give it up with "clean"',
      );
    }
    const given = await handedOut?.();
    if (given !== undefined && given !== rows) {
      throw new StagingError(`the warehouse has handed out ${given} rows, ${rows} have arrived`);
    }
    const sorted = this.#parts.toSorted((a, b) => a.index - b.index);
    const staged = { parts: sorted, rows, ...(header !== undefined && { header }) };
    await allStaged(this.#work, staged, columns);
  }
}

async function allStaged(
  { state, hear }: Work,
  staged: Staged,
  columns: readonly Column[] | undefined,
): Promise<void> {
  await state.save({ ...staged, ...(columns && { columns }), step: 'staged' });
  hear({ event: 'staged', parts: staged.parts.length, rows: staged.rows });
}
