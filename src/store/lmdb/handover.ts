/**
 * One process commits for others: they hand it their commits over a channel that they were born with, and it answers
 * which were applied. So commits of all of them go to the disk together, rather than with a sync for each process.
 *
 * What is handed over is sent once and never again. Where the channel ends, what had been sent and not been answered is
 * in doubt (`CommitInDoubt`): it may be on disk. What had not been sent, and all that comes later, the process commits
 * by itself, which it may at any time: LMDB's lock keeps commits of several processes apart.
 */
import type { Duplex } from 'node:stream';
import { MINUTE_MS } from '../../core/time.js';
import { CommitInDoubt } from '../kv.js';
import {
  answerFrame,
  batchFrame,
  commitsOf,
  type EncodedCommit,
  Frames,
  numberOf,
  type Outcome,
  outcomesOf,
  sizeOf,
} from './handover-frames.js';

/** Bytes that may be on their way: the rest waits, so that what the other process holds stays bounded. */
const MOST_BYTES = 8 * 2 ** 20;

/** How long an answer may take, milliseconds: the other process may be stopped. */
const PATIENCE_MS = MINUTE_MS;

interface Handed {
  readonly commit: EncodedCommit;
  readonly size: number;
  /** `undefined`: it was not sent. */
  readonly resolve: (applied: boolean | undefined) => void;
  readonly reject: (error: Error) => void;
}

interface Sent {
  readonly commits: readonly Handed[];
  readonly size: number;
}

/** The end of a process that hands its commits over. */
export class Handover {
  readonly #channel: Duplex;
  readonly #patience: number;
  readonly #frames = new Frames();
  #waiting: Handed[] = [];
  readonly #sent = new Map<number, Sent>();
  #bytes = 0;
  #last = 0;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;
  /** Called once nothing is on its way. */
  #settled: (() => void) | undefined;

  /** `patience`: milliseconds that an answer may take before the channel is given up. */
  constructor(channel: Duplex, patience = PATIENCE_MS) {
    this.#channel = channel;
    this.#patience = patience;
    channel.on('data', chunk => this.#hear(chunk));
    // Whatever ends it, `close` follows.
    channel.on('error', () => undefined);
    channel.on('end', () => channel.destroy());
    channel.on('close', () => this.#end());
  }

  /**
   * Whether the commit was applied, once it is on disk; `undefined` where the caller has to commit it. Rejects with
   * `CommitInDoubt`, and with what the other process's store threw.
   */
  commit(commit: EncodedCommit): Promise<boolean | undefined> {
    if (this.#channel.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, size: sizeOf(commit), resolve, reject });
      this.#schedule();
    });
  }

  /** Ends the channel once all that is on its way is answered. */
  async close(): Promise<void> {
    if (this.#sent.size > 0 || this.#waiting.length > 0) {
      await new Promise<void>(resolve => {
        this.#settled = resolve;
      });
    }
    this.#channel.destroy();
  }

  /** What a turn of the event loop brings goes in one write. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#channel.destroyed) return;
    let count = 0;
    let size = 0;
    // One at least, however large, where nothing is on its way.
    for (const { size: more } of this.#waiting) {
      if (this.#bytes + size + more > MOST_BYTES && (count > 0 || this.#bytes > 0)) break;
      size += more;
      count++;
    }
    if (count === 0) return;
    const commits = this.#waiting.splice(0, count);
    this.#last = (this.#last + 1) % 2 ** 32;
    this.#sent.set(this.#last, { commits, size });
    this.#bytes += size;
    this.#timer ??= setTimeout(() => this.#channel.destroy(), this.#patience).unref();
    const encoded = commits.map(({ commit }) => commit);
    this.#channel.write(batchFrame(this.#last, encoded, size));
  }

  #hear(chunk: Buffer): void {
    for (const frame of this.#frames.take(chunk)) {
      const number = numberOf(frame);
      const { commits, size } = this.#sent.get(number)!;
      this.#sent.delete(number);
      this.#bytes -= size;
      for (const [index, outcome] of outcomesOf(frame, commits.length).entries()) {
        const { resolve, reject } = commits[index]!;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
    }
    if (this.#sent.size > 0) this.#timer?.refresh();
    else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (this.#waiting.length > 0) this.#schedule();
    else if (this.#sent.size === 0) this.#settled?.();
  }

  #end(): void {
    clearTimeout(this.#timer);
    for (const { commits } of this.#sent.values()) {
      for (const { reject } of commits) reject(new CommitInDoubt('the process that commits went away'));
    }
    this.#sent.clear();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
    this.#settled?.();
  }
}

/**
 * Commits what another process hands over, until that ends. `apply` may throw at once, too. A batch is answered when
 * all of it is settled.
 */
export function takeOver(channel: Duplex, apply: (commit: EncodedCommit) => Promise<boolean>): void {
  const frames = new Frames();
  const outcomeOf = async (commit: EncodedCommit): Promise<Outcome> => {
    try {
      return await apply(commit);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  const answer = async (frame: Buffer): Promise<void> => {
    const outcomes = await Promise.all(commitsOf(frame).map(outcomeOf));
    // One that has ended hears nothing more.
    if (!channel.destroyed) channel.write(answerFrame(numberOf(frame), outcomes));
  };
  channel.on('data', chunk => {
    for (const frame of frames.take(chunk)) void answer(frame);
  });
  channel.on('error', () => undefined);
  channel.on('end', () => channel.destroy());
}
