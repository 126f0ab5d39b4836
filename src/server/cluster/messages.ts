/** What the primary process and its workers say to one another. */

import type { LogLevel } from '../../core/log.js';
import type { ReadElsewhere } from '../../objects/index.js';
import type { Family } from '../metrics/families.js';
import type { Settings } from '../settings.js';

/** The file descriptor in a worker over which it hands its commits to the primary. */
export const COMMITS = 4;

export type ToWorker =
  /** `handsOver`: the primary commits for it, over the channel `COMMITS`. */
  | { readonly kind: 'start'; readonly settings: Settings; readonly handsOver: boolean }
  /** Asks whether it still works. */
  | { readonly kind: 'ping' }
  /** `grace`: milliseconds for running requests to end; `quiet`: see `HttpServer.close`. */
  | { readonly kind: 'stop'; readonly grace: number; readonly quiet: number }
  /** Asks what it has counted. */
  | { readonly kind: 'count' }
  /** What it had counted has arrived. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'log-level'; readonly level: LogLevel }
  | Question
  | Answer;

export type ToPrimary =
  /** What was sent before went unheard. `version`: of the package that it runs, which may have been replaced. */
  | { readonly kind: 'listening'; readonly version: string }
  /** What it has counted: when it was asked, and as the last thing it says. */
  | { readonly kind: 'counts'; readonly families: readonly Family[] }
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'pong' }
  /** The start did not succeed. */
  | { readonly kind: 'failed'; readonly message: string }
  | Question
  | Answer;

/** Which of the blobs are being read. */
export interface Question {
  readonly kind: 'question';
  readonly number: number;
  readonly blobs: readonly string[];
}

export interface Answer {
  readonly kind: 'answer';
  /** Of the question. */
  readonly number: number;
  readonly read: readonly string[];
}

/** Asks one other process, and takes its answers as they come. */
export class Questions {
  readonly #send: (question: Question) => void;
  readonly #asked = new Map<number, (read: ReadonlySet<string>) => void>();
  #last = 0;

  constructor(send: (question: Question) => void) {
    this.#send = send;
  }

  readonly ask: ReadElsewhere = blobs =>
    new Promise(resolve => {
      const number = ++this.#last;
      this.#asked.set(number, resolve);
      this.#send({ kind: 'question', number, blobs });
    });

  take({ number, read }: Answer): void {
    this.#asked.get(number)?.(new Set(read));
    this.#asked.delete(number);
  }

  /** The other process has ended and reads nothing. */
  end(): void {
    for (const resolve of this.#asked.values()) resolve(new Set());
    this.#asked.clear();
  }
}
