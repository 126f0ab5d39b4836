import { createWriteStream, fdatasync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { AuditEvent } from '../core/cloudtrail.js';
import { LineWriter } from '../core/event-lines.js';
import type { Cancel, Scheduler } from '../core/scheduler.js';
import { lineFile } from './event-files.js';

interface WriterOptions {
  readonly scheduler: Scheduler;
  /** What tells this run of the process from another with its id. */
  readonly run: string;
  /** A file is followed by another when it has so many. */
  readonly pieceBytes: number;
  /** Hears of a file to which nothing is added any more. */
  readonly written: (name: string) => void;
}

const FLUSH_BYTES = 64 * 1024;
/** Milliseconds that lines wait in memory at most: what a process that is killed loses. */
const FLUSH_AFTER = 200;
/** Milliseconds between syncs: what a machine that loses its power loses besides. */
const SYNC_EVERY = 5000;

/** Appends events as lines to files of the day and process. */
export class EventWriter {
  readonly #directory: string;
  readonly #options: WriterOptions;
  readonly #timers: readonly Cancel[];
  #day = '';
  #piece = 0;
  #name: string | undefined;
  #file: WriteStream | undefined;
  #writer = new LineWriter();
  #lines: string[] = [];
  #waiting = 0;
  #unsynced = false;
  #broken = false;
  #open = true;
  /** Every file of before, until it is closed. */
  #closing: Promise<void> = Promise.resolve();

  constructor(directory: string, options: WriterOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#timers = [
      options.scheduler.every(FLUSH_AFTER, () => this.#write()),
      options.scheduler.every(SYNC_EVERY, () => this.#sync()),
    ];
  }

  /** The file that is being written to. */
  get name(): string | undefined {
    return this.#name;
  }

  write(event: AuditEvent): void {
    const day = event.eventTime.slice(0, 10);
    // A request that arrived before midnight may end after one that did not.
    if (day > this.#day || this.#broken) this.#begin(day > this.#day ? day : this.#day);
    const line = this.#writer.add(event);
    this.#lines.push(line);
    this.#waiting += line.length;
    if (this.#waiting >= FLUSH_BYTES) this.#write();
  }

  /** Resolves when what was written until now is in the file. */
  async flush(): Promise<void> {
    this.#write();
    await this.#closing;
    const file = this.#file;
    if (file?.writable) await new Promise<void>(done => file.write('', () => done()));
  }

  async close(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#open = false;
    this.#write();
    this.#end();
    await this.#closing;
  }

  #begin(day: string): void {
    this.#write();
    this.#end();
    this.#piece = day === this.#day ? this.#piece + 1 : 1;
    this.#day = day;
    this.#writer = new LineWriter();
    this.#name = lineFile(day, this.#options.run, this.#piece);
    this.#file = createWriteStream(join(this.#directory, this.#name), { flags: 'a', mode: 0o600 });
    // A full disk must not end the server: the stream reports, the next line tries again in a new file.
    this.#broken = false;
    this.#file.on('error', () => (this.#broken = true));
  }

  #end(): void {
    const file = this.#file;
    const name = this.#name;
    this.#file = this.#name = undefined;
    if (!file || name === undefined) return;
    const closed = new Promise<void>(done => {
      if (file.closed) return done();
      file.once('close', done);
      file.end();
    });
    this.#closing = Promise.all([this.#closing, closed]).then(() => {});
    if (this.#open) void closed.then(() => this.#options.written(name));
  }

  #write(): void {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#waiting = 0;
    this.#file?.write(text, 'latin1');
    this.#unsynced = true;
    if (this.#writer.length >= this.#options.pieceBytes) this.#begin(this.#day);
  }

  #sync(): void {
    const file = this.#file as (WriteStream & { readonly fd?: number | null }) | undefined;
    if (!this.#unsynced || typeof file?.fd !== 'number') return;
    this.#unsynced = false;
    fdatasync(file.fd, () => {});
  }
}
