/**
 * A thread that digests: it hears lists of `ToThread`, all of a turn of the process's event loop at once, and answers
 * `FromThread`. Started by `threads.ts`.
 */
import { parentPort } from 'node:worker_threads';
import { type Digest, type DigestAlgorithm, loadDigests, openDigest } from './digest.js';
import { Md5, updateTogether } from './md5.js';

export type ToThread =
  /** `slabs`: shared memory that the bytes of this digest come in. */
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly algorithm: DigestAlgorithm;
      readonly slabs: readonly SharedArrayBuffer[];
    }
  /** The first `length` bytes of a slab come next. */
  | { readonly kind: 'update'; readonly id: number; readonly slab: number; readonly length: number }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'drop'; readonly id: number };

export type FromThread =
  /** Of each of these, the slab of the oldest update that was not answered yet has been read. */
  | { readonly kind: 'updated'; readonly ids: readonly number[] }
  | { readonly kind: 'finished'; readonly id: number; readonly digest: Uint8Array };

interface Open {
  readonly digest: Digest;
  readonly slabs: readonly Uint8Array[];
}

const open = new Map<number, Open>();
const port = parentPort!;
const answer = (message: FromThread): void => port.postMessage(message);

/** Messages that wait for a digest's code, in their order; undefined where none do. */
let waiting: Promise<void> | undefined;

/** What has come since the thread last looked: digests that are updated together take a fraction of the time. */
let heard: ToThread[] = [];

port.on('message', (messages: readonly ToThread[]) => {
  if (heard.length === 0) setImmediate(hearAll);
  heard.push(...messages);
});

function hearAll(): void {
  const messages = heard;
  heard = [];
  const algorithms = messages.flatMap(message => (message.kind === 'open' ? message.algorithm : []));
  const loading = loadDigests(algorithms);
  if (!waiting && !loading) {
    hear(messages);
    return;
  }
  const turn = Promise.all([waiting, loading]).then(() => {
    hear(messages);
    if (waiting === turn) waiting = undefined;
  });
  waiting = turn;
}

function hear(messages: readonly ToThread[]): void {
  for (const message of messages) {
    const { kind, id } = message;
    if (kind === 'open') {
      const slabs = message.slabs.map(slab => new Uint8Array(slab));
      open.set(id, { digest: openHere(message.algorithm), slabs });
      continue;
    }
    const { digest, slabs } = open.get(id)!;
    if (kind === 'update') {
      updates.push({ id, digest, bytes: slabs[message.slab]!.subarray(0, message.length) });
      continue;
    }
    update();
    open.delete(id);
    if (kind === 'finish') answer({ kind: 'finished', id, digest: digest.digest() });
  }
  update();
}

function openHere(algorithm: DigestAlgorithm): Digest {
  return algorithm === 'MD5' ? new Md5() : openDigest(algorithm);
}

/** What comes next of a digest. */
interface Update {
  readonly id: number;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

let updates: Update[] = [];

/** Several MD5s are updated together, which takes a fraction of the time. */
function update(): void {
  while (updates.length > 0) {
    // The first of each digest: a second one follows on it, and its body can go on meanwhile.
    const first = new Map<number, Update>();
    const later: Update[] = [];
    for (const next of updates) {
      if (first.has(next.id)) later.push(next);
      else first.set(next.id, next);
    }
    updates = later;
    const md5s: [Md5, Uint8Array][] = [];
    for (const { digest, bytes } of first.values()) {
      if (digest instanceof Md5) md5s.push([digest, bytes]);
      else digest.update(bytes);
    }
    updateTogether(md5s);
    answer({ kind: 'updated', ids: [...first.keys()] });
  }
}
