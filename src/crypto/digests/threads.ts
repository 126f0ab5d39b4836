/**
 * Digests on threads, so that a large body does not keep the requests beside it waiting, and its digests are computed
 * side by side. A body's bytes are copied into one of two slabs of shared memory; as soon as it is full, each digest's
 * thread reads it, while the other slab is being filled.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { copyShared } from '../../core/shared-bytes.js';
import type { BodyDigests, DigestAlgorithm } from './digest.js';
import type { FromThread, ToThread } from './digests-thread.js';

/** Bytes of a slab: enough that handing it over costs little beside digesting it. */
const SLAB = 256 * 1024;
/** Slabs that are kept for the next bodies; their memory is not given back. */
const KEPT_SLABS = 64;
/** More threads than this hardly ever find work. */
const MOST_THREADS = 8;

/** About the tenths of a second that a GiB takes, so that threads share the work evenly. */
const WEIGHTS: Readonly<Record<DigestAlgorithm, number>> = {
  CRC32: 1,
  CRC64NVME: 1,
  CRC32C: 1,
  SHA256: 6,
  SHA1: 6,
  // Of one of several bodies: alone it takes 16.
  MD5: 6,
  SHA512: 15,
  XXHASH128: 2,
  XXHASH3: 2,
  XXHASH64: 1,
};

/** What waits for a thread's answers to one digest. */
interface Listener {
  updated(): void;
  finished(digest: Buffer): void;
  failed(error: Error): void;
}

class Thread {
  /** Weights of what it works on. */
  load = 0;
  readonly #worker: Worker;
  #sending: ToThread[] = [];
  readonly #listeners = new Map<number, Listener & { readonly weight: number }>();

  constructor() {
    this.#worker = new Worker(new URL('./digests-thread.js', import.meta.url));
    this.#worker.on('message', (message: FromThread) => {
      if (message.kind === 'updated') {
        for (const id of message.ids) this.#listeners.get(id)?.updated();
        return;
      }
      const listener = this.#listeners.get(message.id);
      this.#forget(message.id);
      listener?.finished(Buffer.from(message.digest));
    });
    this.#worker.on('error', error => this.#end(error));
    this.#worker.on('exit', status => this.#end(new Error(`a thread ended with status ${status}`)));
    this.#worker.unref();
  }

  open(
    id: number,
    algorithm: DigestAlgorithm,
    slabs: readonly SharedArrayBuffer[],
    listener: Listener,
  ): void {
    const weight = WEIGHTS[algorithm];
    this.load += weight;
    // A process may end under an idle thread, but not under one that somebody waits for.
    this.#worker.ref();
    this.#listeners.set(id, { ...listener, weight });
    this.send({ kind: 'open', id, algorithm, slabs });
  }

  drop(id: number): void {
    this.#forget(id);
    this.send({ kind: 'drop', id });
  }

  /** Messages of one turn leave together: each wakes the thread up, and it digests faster what comes at once. */
  send(message: ToThread): void {
    if (this.#sending.length === 0) setImmediate(() => this.#flush());
    this.#sending.push(message);
  }

  #flush(): void {
    this.#worker.postMessage(this.#sending);
    this.#sending = [];
  }

  #forget(id: number): void {
    this.load -= this.#listeners.get(id)?.weight ?? 0;
    this.#listeners.delete(id);
    if (this.#listeners.size === 0) this.#worker.unref();
  }

  /** What it worked on fails; the next digests get another thread. */
  #end(error: Error): void {
    const index = threads.indexOf(this);
    if (index >= 0) threads.splice(index, 1);
    for (const listener of this.#listeners.values()) listener.failed(error);
    this.#listeners.clear();
  }
}

const threads: Thread[] = [];
const freeSlabs: SharedArrayBuffer[] = [];
let lastId = 0;

/** The one with the least to do; another one as long as all have something to do. */
function leastBusy(): Thread {
  const least = threads.reduce<Thread | undefined>(
    (best, thread) => (best && best.load <= thread.load ? best : thread),
    undefined,
  );
  if (least && (least.load === 0 || threads.length >= Math.min(availableParallelism(), MOST_THREADS))) {
    return least;
  }
  const thread = new Thread();
  threads.push(thread);
  return thread;
}

/** One digest, and the thread that computes it. */
interface Job {
  readonly id: number;
  readonly thread: Thread;
  readonly digest: Promise<Buffer>;
}

/** Its methods reject where a thread failed. */
export class DigestsOnThreads implements BodyDigests {
  readonly #slabs = [0, 1].map(() => freeSlabs.pop() ?? new SharedArrayBuffer(SLAB));
  readonly #bytes = this.#slabs.map(slab => Buffer.from(slab));
  /** How many jobs have yet to read each slab. */
  readonly #unread = [0, 0];
  readonly #jobs: readonly Job[];
  /** The slab that is being filled, and how far it is. */
  #filling = 0;
  #filled = 0;
  #error: Error | undefined;
  #wake: (() => void) | undefined;
  #ended = false;

  constructor(algorithms: readonly DigestAlgorithm[]) {
    this.#jobs = algorithms.map(algorithm => this.#open(algorithm));
  }

  update(chunk: Uint8Array): Promise<void> | undefined {
    const taken = this.#fill(chunk);
    return this.#filled < SLAB ? undefined : this.#updateRest(chunk.subarray(taken));
  }

  async finish(): Promise<readonly Buffer[]> {
    if (this.#filled > 0) this.#handOver();
    for (const { thread, id } of this.#jobs) thread.send({ kind: 'finish', id });
    try {
      return await Promise.all(this.#jobs.map(({ digest }) => digest));
    } finally {
      this.#end();
    }
  }

  abandon(): void {
    if (this.#ended) return;
    for (const { thread, id } of this.#jobs) thread.drop(id);
    this.#end();
  }

  #open(algorithm: DigestAlgorithm): Job {
    const thread = leastBusy();
    const id = ++lastId;
    let updates = 0;
    const digest = new Promise<Buffer>((resolve, reject) => {
      thread.open(id, algorithm, this.#slabs, {
        // Slabs are read in the order in which they were handed over, in turn.
        updated: () => this.#hasRead(updates++ % 2),
        finished: resolve,
        failed: error => {
          this.#error = error;
          this.#wake?.();
          reject(error);
        },
      });
    });
    // An abandoned body does not need it.
    digest.catch(() => undefined);
    return { id, thread, digest };
  }

  #hasRead(slab: number): void {
    this.#unread[slab]!--;
    if (this.#unread[this.#filling] === 0) this.#wake?.();
  }

  /** Copies what there is room for; answers how much that was. */
  #fill(chunk: Uint8Array): number {
    const length = Math.min(chunk.length, SLAB - this.#filled);
    copyShared(chunk.subarray(0, length), this.#bytes[this.#filling]!, this.#filled);
    this.#filled += length;
    return length;
  }

  /** Once a slab is full: hands it over, and goes on as soon as the other one is free. */
  async #updateRest(rest: Uint8Array): Promise<void> {
    let left = rest;
    while (this.#filled === SLAB) {
      this.#handOver();
      await this.#untilFree();
      left = left.subarray(this.#fill(left));
    }
  }

  #handOver(): void {
    const [slab, length] = [this.#filling, this.#filled];
    for (const { thread, id } of this.#jobs) thread.send({ kind: 'update', id, slab, length });
    this.#unread[slab] = this.#jobs.length;
    this.#filling = 1 - slab;
    this.#filled = 0;
  }

  async #untilFree(): Promise<void> {
    while (this.#unread[this.#filling]! > 0 && this.#error === undefined) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    if (this.#error) throw this.#error;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const kept = Math.max(0, KEPT_SLABS - freeSlabs.length);
    freeSlabs.push(...this.#slabs.slice(0, kept));
  }
}
