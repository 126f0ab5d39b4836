/** A thread that digests: it hears `ToThread` and answers `FromThread`. Started by `threads.ts`. */
import { parentPort } from 'node:worker_threads';
import { type Digest, type DigestAlgorithm, loadDigests, openDigest } from './digest.js';

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
  /** The slab of the oldest update that was not answered yet has been read. */
  | { readonly kind: 'updated'; readonly id: number }
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

port.on('message', (message: ToThread) => {
  const loading = message.kind === 'open' ? loadDigests([message.algorithm]) : undefined;
  if (!waiting && !loading) {
    hear(message);
    return;
  }
  const turn = Promise.all([waiting, loading]).then(() => {
    hear(message);
    if (waiting === turn) waiting = undefined;
  });
  waiting = turn;
});

function hear(message: ToThread): void {
  const { kind, id } = message;
  if (kind === 'open') {
    const slabs = message.slabs.map(slab => new Uint8Array(slab));
    open.set(id, { digest: openDigest(message.algorithm), slabs });
    return;
  }
  const { digest, slabs } = open.get(id)!;
  if (kind === 'update') {
    digest.update(slabs[message.slab]!.subarray(0, message.length));
    answer({ kind: 'updated', id });
    return;
  }
  open.delete(id);
  if (kind === 'finish') answer({ kind: 'finished', id, digest: digest.digest() });
}
