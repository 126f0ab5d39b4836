/** The file of an unload while it is written: first under another name, beside its place. */
import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StagingError } from './errors.js';
import { gzipped } from './gzip.js';
import type { Job } from './job.js';
import { writeParquet } from './parquet.js';
import type { PartContent } from './part-content.js';
import type { RunState } from './run-state.js';

/** CSV, compressed where the name ends in `.gz`. */
export class FileLanding {
  readonly #job: Job;
  readonly #compressed: boolean;
  readonly #beside: string;
  #file: FileHandle | undefined;

  constructor(job: Job, path: string, beside: string) {
    this.#job = job;
    this.#compressed = path.endsWith('.gz');
    this.#beside = beside;
  }

  async begin(header: string | undefined): Promise<void> {
    this.#file = await open(this.#beside, 'w');
    if (!this.#job.dialect.header || header === undefined) return;
    const line = Buffer.from(`${header}\n`);
    await this.#file.writeFile(this.#compressed ? await gzipped(line) : line);
  }

  /** Compressed files one after the other are one compressed file (RFC 1952, 2.2). */
  async add(part: PartContent): Promise<void> {
    await this.#file!.writeFile(this.#compressed ? await part.compressed() : part.bytes);
  }

  async finish(): Promise<void> {
    await this.#file!.sync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** Parquet: the rows gather in a directory beside it, as compressed CSV, until all are there. */
export class ParquetLanding {
  readonly #job: Job;
  readonly #beside: string;
  readonly #directory: string;
  readonly #files: string[] = [];

  constructor(job: Job, _path: string, beside: string) {
    this.#job = job;
    this.#beside = beside;
    this.#directory = `${beside}s`;
  }

  async begin(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  async add(part: PartContent): Promise<void> {
    const file = join(this.#directory, `${String(part.index).padStart(6, '0')}.csv.gz`);
    await writeFile(file, await part.compressed());
    this.#files.push(file);
  }

  async finish({ columns = [], rows }: RunState): Promise<void> {
    const written = await writeParquet(this.#job, this.#files, columns, this.#beside);
    if (written !== rows) throw new StagingError(`${written} rows of ${rows} are in the Parquet file`);
    const file = await open(this.#beside, 'r+');
    await file.sync();
    await file.close();
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
