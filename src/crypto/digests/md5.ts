/**
 * MD5 (RFC 1321) of several streams side by side. OpenSSL's takes each stream by itself and is bound by the length of a
 * step; here up to eight streams share the steps, each in a lane of its own.
 */
import { copyShared } from '../../core/shared-bytes.js';
import { openModule } from '../../core/wasm.js';
import { MODULE, PIECE, PIECES, STATES } from './md5-wasm.js';

const BLOCK = 64;
const LANES = 8;
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;

interface Loops {
  readonly memory: { readonly buffer: ArrayBuffer };
  lanes1(length: number): void;
  lanes4(length: number): void;
  lanes8(length: number): void;
}

/** The loops and their memory. */
class Machine {
  readonly #loops = openModule<Loops>(MODULE);
  readonly #states = new Uint32Array(this.#loops.memory.buffer, STATES, 4 * LANES);
  readonly #pieces = Array.from({ length: LANES }, (_, lane) =>
    Buffer.from(this.#loops.memory.buffer, PIECES + lane * PIECE, PIECE),
  );

  /** Takes the next `length` bytes of each, whole blocks; of at most eight. */
  run(streams: readonly Taking[], length: number): void {
    streams.forEach(({ md5, bytes, at }, lane) => {
      copyShared(bytes.subarray(at, at + length), this.#pieces[lane]!);
      for (let word = 0; word < 4; word++) this.#states[indexOf(lane, word)] = md5.state[word]!;
    });
    if (streams.length === 1) this.#loops.lanes1(length);
    else if (streams.length <= 4) this.#loops.lanes4(length);
    else this.#loops.lanes8(length);
    streams.forEach((stream, lane) => {
      for (let word = 0; word < 4; word++) stream.md5.state[word] = this.#states[indexOf(lane, word)]!;
      stream.at += length;
    });
  }
}

/** Where a lane's state has its word. */
function indexOf(lane: number, word: number): number {
  return (lane & 4) * 4 + word * 4 + (lane & 3);
}

let machine: Machine | undefined;

/** Whole blocks on their way into a digest. */
interface Taking {
  readonly md5: Md5;
  readonly bytes: Uint8Array;
  at: number;
}

/** A digest in progress. */
export class Md5 {
  readonly state = Uint32Array.from(INITIAL);
  /** The bytes behind the last whole block. */
  readonly #rest = Buffer.alloc(BLOCK);
  #length = 0;

  update(chunk: Uint8Array): void {
    updateTogether([[this, chunk]]);
  }

  digest(): Buffer {
    const filled = this.#length % BLOCK;
    const padding = Buffer.alloc((filled < BLOCK - 8 ? BLOCK : 2 * BLOCK) - filled);
    padding[0] = 0x80;
    padding.writeBigUInt64LE(BigInt(this.#length) * 8n, padding.length - 8);
    this.update(padding);
    const digest = Buffer.alloc(16);
    for (const [at, word] of this.state.entries()) digest.writeUInt32LE(word, 4 * at);
    return digest;
  }

  /** The whole blocks that end in this chunk, in pieces of one run of bytes each. What is behind them is kept. */
  *take(chunk: Uint8Array): Generator<Uint8Array> {
    const filled = this.#length % BLOCK;
    this.#length += chunk.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(BLOCK - filled, chunk.length);
      this.#rest.set(chunk.subarray(0, at), filled);
      if (filled + at < BLOCK) return;
      yield this.#rest;
    }
    const end = chunk.length - ((chunk.length - at) % BLOCK);
    if (end > at) yield chunk.subarray(at, end);
    this.#rest.set(chunk.subarray(end));
  }
}

/** The next bytes of several digests, none of which may be there twice. */
export function updateTogether(updates: readonly (readonly [md5: Md5, chunk: Uint8Array])[]): void {
  machine ??= new Machine();
  let waiting: Taking[] = [];
  for (const [md5, chunk] of updates) {
    for (const bytes of md5.take(chunk)) {
      const taking = { md5, bytes, at: 0 };
      // What completes a block is in memory that is used again at once.
      if (bytes.length === BLOCK) machine.run([taking], BLOCK);
      else waiting.push(taking);
    }
  }
  while (waiting.length > 0) {
    const together = waiting.slice(0, LANES);
    const length = Math.min(PIECE, ...together.map(({ bytes, at }) => bytes.length - at));
    machine.run(together, length);
    waiting = waiting.filter(({ bytes, at }) => at < bytes.length);
  }
}
