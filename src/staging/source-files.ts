/** The files of a load, as parts of records. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createGunzip } from 'node:zlib';
import { StagingError } from './errors.js';
import type { Job } from './job.js';
import { isParquet, parquetRows } from './parquet.js';
import { type CutRecords, cutRecords, takeHeader } from './records.js';

/** Bytes that are read from a file at once. */
const CHUNK = 2 ** 18;

export class SourceFiles {
  readonly #job: Job;
  readonly #sizes: ReadonlyMap<string, number>;
  #header: string | undefined;
  #finished = 0;
  #current: { readonly bytesRead: number } | undefined;

  private constructor(job: Job, sizes: ReadonlyMap<string, number>) {
    this.#job = job;
    this.#sizes = sizes;
  }

  /** Looks at the files. Throws `StagingError` where one is missing. */
  static async open(job: Job): Promise<SourceFiles> {
    const sizes = new Map<string, number>();
    for (const file of job.load!.files!) sizes.set(file, await sizeOf(job, file));
    return new SourceFiles(job, sizes);
  }

  /** The record with the names, once the first part is there; `undefined` where the files have none. */
  get header(): string | undefined {
    return this.#header;
  }

  /** The share of all files that is read, from 0 to 1. */
  get read(): number {
    const total = [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
    return total === 0 ? 1 : Math.min(1, (this.#finished + (this.#current?.bytesRead ?? 0)) / total);
  }

  /** The records of all files, without their headers. Throws `StagingError`. */
  async *parts(): AsyncGenerator<CutRecords> {
    for (const file of this.#job.load!.files!) {
      yield* isParquet(file) ? this.#ofRows(parquetRows(this.#job, file), file, true) : this.#ofCsv(file);
      this.#finished += this.#sizes.get(file)!;
      this.#current = undefined;
    }
  }

  async *#ofCsv(file: string): AsyncGenerator<CutRecords> {
    const source = createReadStream(resolve(this.#job.directory, file), { highWaterMark: CHUNK });
    const rows = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
    // A pipe does not pass its source's failure on.
    if (rows !== source) source.on('error', error => rows.destroy(error));
    this.#current = source;
    try {
      yield* this.#ofRows(rows, file, this.#job.dialect.header);
    } finally {
      source.destroy();
    }
  }

  async *#ofRows(
    rows: AsyncIterable<Uint8Array>,
    file: string,
    hasHeader: boolean,
  ): AsyncGenerator<CutRecords> {
    if (!hasHeader) return yield* cutRecords(rows, this.#job.partSize, file);
    const { header, rest } = await takeHeader(rows);
    if (header === undefined) throw new StagingError(`${file} is empty: not even a header is there`);
    this.#header ??= header;
    if (this.#header !== header) throw new StagingError(`${file} has another header than the file before it`);
    yield* cutRecords(rest, this.#job.partSize, file);
  }
}

/** Bytes of a file on the disk. Throws `StagingError` where there is none. */
export async function sizeOf(job: Job, file: string): Promise<number> {
  const found = await stat(resolve(job.directory, file)).catch(() => undefined);
  if (found?.isFile()) return found.size;
  throw new StagingError(`load.files: ${file} is not a file`);
}
