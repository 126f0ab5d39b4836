/** The file of an unload while it is written: first under another name, beside its place. */
import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { StagingError } from './errors.js';
import type { Job } from './job.js';
import { writeParquet } from './parquet.js';
import type { RunState } from './run-state.js';

/** A part as it lies in the bucket and uncompressed. */
export interface LandedPart {
  readonly index: number;
  readonly stored: Uint8Array;
  readonly bytes: Buffer;
}

/** CSV, compressed where the name ends in `.gz`. */
export class FileLanding {
  readonly #job: Job;
  readonly #state: RunState;
  readonly #compressed: boolean;
  readonly #beside: string;
  #file: FileHandle | undefined;

  constructor(job: Job, state: RunState, path: string, beside: string) {
    this.#job = job;
    this.#state = state;
    this.#compressed = path.endsWith('.gz');
    this.#beside = beside;
  }

  async begin(): Promise<void> {
    this.#file = await open(this.#beside, 'w');
    const { header } = this.#state;
    if (!this.#job.dialect.header || header === undefined) return;
    const line = Buffer.from(`${header}\n`);
    await this.#file.writeFile(this.#compressed ? gzipSync(line) : line);
  }

  /** Compressed files one after the other are one compressed file (RFC 1952, 2.2). */
  async add({ stored, bytes }: LandedPart): Promise<void> {
    await this.#file!.writeFile(this.#compressed ? stored : bytes);
  }

  async finish(): Promise<void> {
    await this.#file!.sync();
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** Parquet: the staged objects gather in a directory beside it, compressed, until all are there. */
export class ParquetLanding {
  readonly #job: Job;
  readonly #state: RunState;
  readonly #beside: string;
  readonly #directory: string;
  readonly #files: string[] = [];

  constructor(job: Job, state: RunState, _path: string, beside: string) {
    this.#job = job;
    this.#state = state;
    this.#beside = beside;
    this.#directory = `${beside}s`;
  }

  async begin(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
  }

  async add({ index, stored }: LandedPart): Promise<void> {
    const file = join(this.#directory, `${String(index).padStart(6, '0')}.csv.gz`);
    await writeFile(file, stored);
    this.#files.push(file);
  }

  async finish(): Promise<void> {
    const { columns = [], rows } = this.#state;
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
