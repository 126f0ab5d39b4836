/** The files that events are written to: one a day and process, in pieces, so that the oldest can go. */

import { createWriteStream, type WriteStream } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DAY_MS } from '../core/time.js';

/** A file is followed by another when it takes this part of the whole. */
const PIECES = 16;

export interface AuditSpace {
  /** Files of days before are deleted. */
  readonly keepDays: number;
  /** Of all files of the directory together: the oldest are deleted. */
  readonly bytes: number;
}

/** Appends to `events-2026-01-31-PID.jsonl`, then `events-2026-01-31-PID-2.jsonl` … */
export class AuditFiles {
  #day = '';
  #piece = 1;
  #bytes = 0;
  #file: WriteStream | undefined;
  #removal: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: string,
    private readonly space: AuditSpace,
  ) {}

  get day(): string {
    return this.#day;
  }

  /** Goes on in a file of that day, `2026-01-31`. */
  begin(day: string): void {
    this.#piece = day === this.#day ? this.#piece + 1 : 1;
    this.#day = day;
    this.#bytes = 0;
    const former = this.#file;
    // What a file still has to write counts, so its end is waited for.
    const ended = new Promise<void>(done => (former ? former.end(() => done()) : done()));
    const name = `events-${day}-${process.pid}${this.#piece === 1 ? '' : `-${this.#piece}`}.jsonl`;
    this.#file = createWriteStream(join(this.directory, name), { flags: 'a', mode: 0o600 });
    // A full disk must not end the server: the stream reports, the next line tries again in a new file.
    this.#file.on('error', () => (this.#day = ''));
    const oldest = Date.parse(day) - this.space.keepDays * DAY_MS;
    this.#removal = this.#removal.then(() => ended).then(() => this.#makeRoom(oldest, name));
  }

  write(text: string): void {
    if (this.#day === '') return;
    this.#file?.write(text);
    this.#bytes += text.length;
    if (this.#bytes >= this.space.bytes / PIECES) this.begin(this.#day);
  }

  async close(): Promise<void> {
    await this.#removal;
    await new Promise<void>(done => (this.#file ? this.#file.end(() => done()) : done()));
  }

  async #makeRoom(oldest: number, current: string): Promise<void> {
    await removeOlder(this.directory, oldest);
    const files = await filesIn(this.directory);
    let left = files.reduce((sum, { bytes }) => sum + bytes, 0) - this.space.bytes;
    for (const { name, bytes } of files) {
      if (left <= 0) return;
      if (name === current) continue;
      await rm(join(this.directory, name)).catch(() => {});
      left -= bytes;
    }
  }
}

/** The files of events, those that were written to longest ago first. */
async function filesIn(directory: string) {
  const names = (await readdir(directory).catch(() => [])).filter(name => name.startsWith('events-'));
  const files = await Promise.all(
    names.map(async name => {
      const found = await stat(join(directory, name)).catch(() => undefined);
      return { name, bytes: found?.size ?? 0, written: found?.mtimeMs ?? 0 };
    }),
  );
  return files.sort((one, other) => one.written - other.written);
}

/** Deletes the files `events-DATE…` of days before `oldest`, milliseconds since the epoch. */
export async function removeOlder(directory: string, oldest: number): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const written = Date.parse(name.slice('events-'.length, 'events-2026-01-31'.length));
    // A file that cannot be removed today is tried again tomorrow.
    if (name.startsWith('events-') && written < oldest) await rm(join(directory, name)).catch(() => {});
  }
}
