import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import type { AuditEvent } from '../core/cloudtrail.js';
import { randomForId } from '../core/random.js';
import type { Cancel, Scheduler } from '../core/scheduler.js';
import { type AuditSpace, eventFiles } from './event-files.js';
import { EventWriter } from './event-writer.js';
import type { EventFeed, FeedSource } from './feed.js';
import type { Gathered, Selections } from './gather.js';
import type { EventPage, EventQuery } from './query.js';
import { EventThread } from './thread-handle.js';

export interface AuditLog extends EventFeed {
  /** Takes note at once, writes soon: a request never waits for its record. */
  record(event: AuditEvent): void;
  /**
   * The events that answer a query, newest first. Those of this process are all among them, those of another up to a
   * fifth of a second ago. Rejects where the files cannot be read.
   */
  search(query: EventQuery): Promise<EventPage>;
  close(): Promise<void>;
}

export interface AuditOptions {
  readonly space: AuditSpace;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Whether no other process writes there yet: files that are there have been left behind. */
  readonly keeps: boolean;
  /** Hears of files that could not be sealed or deleted. */
  readonly failed: (error: unknown) => void;
  /** Bytes of a file before it is followed by another and becomes a segment. Default: 8 MiB, some 25,000 events. */
  readonly pieceBytes?: number;
}

const PIECE_BYTES = 8 * 1024 * 1024;
/** Of all space: the oldest events go by so much. */
const PIECES = 16;

/** Milliseconds until what was left behind is put in order, and between two looks at what is too old. */
const TIDY_AFTER = 60_000;
const TIDY_EVERY = 60 * TIDY_AFTER;

/** Appends events to files of the day (UTC) and process; `event-files.ts` says which. */
export async function openAuditLog(directory: string, options: AuditOptions): Promise<AuditFiles> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return new AuditFiles(directory, options);
}

class AuditFiles implements AuditLog {
  readonly #writer: EventWriter;
  readonly #thread: EventThread;
  readonly #options: AuditOptions;
  readonly #directory: string;
  #leftBehind: readonly string[];
  readonly #timers: readonly Cancel[];
  #sealing: Promise<unknown> = Promise.resolve();

  constructor(directory: string, options: AuditOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#thread = new EventThread();
    this.#leftBehind = options.keeps
      ? eventFiles(directory).flatMap(({ name, kind }) =>
          kind === 'lines' || kind === 'jsonl' ? [name] : [],
        )
      : [];
    const { space, clock, scheduler, pieceBytes = PIECE_BYTES } = options;
    this.#writer = new EventWriter(directory, {
      scheduler,
      run: `${clock.now().toString(36)}${randomForId(3).toString('hex')}`,
      pieceBytes: Math.min(pieceBytes, Math.ceil(space.bytes / PIECES)),
      written: name => {
        this.#sealing = this.tidy([name]);
      },
    });
    const tidy = () => {
      this.#sealing = this.tidy();
    };
    this.#timers = [scheduler.after(TIDY_AFTER, tidy), scheduler.every(TIDY_EVERY, tidy)];
  }

  record(event: AuditEvent): void {
    this.#writer.write(event);
  }

  async search(query: EventQuery): Promise<EventPage> {
    await this.#writer.flush();
    const { page, failed } = await this.#thread.ask({ kind: 'search', directory: this.#directory, query });
    if (!page) throw new Error(failed);
    return page;
  }

  async sources(): Promise<FeedSource[]> {
    await this.#writer.flush();
    const found = new Map<string, FeedSource>();
    // By name: the second name of lines, `.due`, comes before their first.
    for (const { name, kind } of eventFiles(this.#directory)) {
      if (kind === 'seg') continue;
      const source = name.slice(0, -kind.length - 1);
      const end = await sizeOf(join(this.#directory, name));
      // As long as lines have their first name, they may be given their second one again.
      if (end !== undefined) found.set(source, { name: source, end, isOver: kind === 'due' });
    }
    return [...found.values()];
  }

  async gather(
    source: string,
    from: number,
    to: number | undefined,
    selections: Selections,
  ): Promise<Gathered> {
    // The lines get their second name before they lose their first.
    const paths = ['lines', 'jsonl', 'due'].map(kind => join(this.#directory, `${source}.${kind}`));
    const { gathered, failed } = await this.#thread.ask({ kind: 'gather', paths, from, to, selections });
    if (!gathered) throw new Error(failed);
    return gathered;
  }

  async drop(sources: readonly string[]): Promise<void> {
    for (const source of sources) await rm(join(this.#directory, `${source}.due`), { force: true });
  }

  /** Makes segments of files that are written no more, and deletes what is too old or too much. Never rejects. */
  async tidy(written: readonly string[] = []): Promise<void> {
    const names = [...this.#leftBehind, ...written];
    this.#leftBehind = [];
    const { space, clock, failed } = this.#options;
    const directory = this.#directory;
    const about = { directory, space, now: clock.now(), inUse: this.#writer.name };
    for (const task of [{ kind: 'seal', directory, names } as const, { kind: 'room', ...about } as const]) {
      const answer = await this.#thread.ask(task).catch((error: unknown) => ({ failed: String(error) }));
      if (answer.failed !== undefined) failed(answer.failed);
    }
  }

  async close(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    await this.#writer.close();
    await this.#sealing;
    await this.#thread.close();
  }
}

/** `undefined` for a file that is not there. */
async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}
