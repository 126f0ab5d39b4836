/**
 * What two processes say to one another of commits, as bytes. A frame begins with its length in bytes, itself included,
 * and the number of its batch; all numbers are little-endian, of 32 bits where nothing else is said.
 *
 * A batch: how many commits it has; of each, how many checks and writes it has, then those. A check is the length of
 * its key in 16 bits, its version as a float of 64 bits (ABSENT: there must be none), and the key. A write is the
 * length of its key in 16 bits, that of its value (DELETION: none), the key and the value.
 *
 * An answer: one byte for each commit, in their order; behind them, where some have failed, why, as JSON.
 */
import type { Version } from '../kv.js';

/** A commit whose keys and values are as they are stored. */
export interface EncodedCommit {
  readonly checks: readonly { readonly key: Uint8Array; readonly version: Version | undefined }[];
  readonly writes: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[];
}

/** Whether a commit's checks held; an error where the store could not commit it. */
export type Outcome = boolean | Error;

/** An error as it crosses over: what is asked of it there. */
interface Reason {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: Reason | undefined;
}

const HEAD = 8;
const ABSENT = -1;
const DELETION = 0xffff_ffff;
const [REFUSED, APPLIED, FAILED] = [0, 1, 2];

/** Bytes that a commit takes in a frame. */
export function sizeOf({ checks, writes }: EncodedCommit): number {
  let size = 8;
  for (const { key } of checks) size += 10 + key.length;
  for (const { key, value } of writes) size += 6 + key.length + (value?.length ?? 0);
  return size;
}

/** `size`: the sum of the commits' `sizeOf`. */
export function batchFrame(number: number, commits: readonly EncodedCommit[], size: number): Buffer {
  const frame = framed(number, 4 + size);
  let at = frame.writeUInt32LE(commits.length, HEAD);
  for (const { checks, writes } of commits) {
    at = frame.writeUInt32LE(checks.length, at);
    at = frame.writeUInt32LE(writes.length, at);
    for (const { key, version } of checks) {
      at = frame.writeUInt16LE(key.length, at);
      at = frame.writeDoubleLE(version ?? ABSENT, at);
      at = put(frame, key, at);
    }
    for (const { key, value } of writes) {
      at = frame.writeUInt16LE(key.length, at);
      at = frame.writeUInt32LE(value === undefined ? DELETION : value.length, at);
      at = put(frame, key, at);
      if (value) at = put(frame, value, at);
    }
  }
  return frame;
}

/** The commits of a batch; their keys and values are parts of the frame. */
export function commitsOf(frame: Buffer): EncodedCommit[] {
  let at = HEAD + 4;
  const bytes = (length: number): Buffer => frame.subarray(at, (at += length));
  return Array.from({ length: frame.readUInt32LE(HEAD) }, () => {
    const [checks, writes] = [frame.readUInt32LE(at), frame.readUInt32LE(at + 4)];
    at += 8;
    return {
      checks: Array.from({ length: checks }, () => {
        const [length, version] = [frame.readUInt16LE(at), frame.readDoubleLE(at + 2)];
        at += 10;
        return { key: bytes(length), version: version === ABSENT ? undefined : version };
      }),
      writes: Array.from({ length: writes }, () => {
        const [length, size] = [frame.readUInt16LE(at), frame.readUInt32LE(at + 2)];
        at += 6;
        const key = bytes(length);
        return { key, value: size === DELETION ? undefined : bytes(size) };
      }),
    };
  });
}

export function answerFrame(number: number, outcomes: readonly Outcome[]): Buffer {
  const reasons = outcomes.filter(outcome => outcome instanceof Error).map(reasonOf);
  const rest = Buffer.from(reasons.length === 0 ? '' : JSON.stringify(reasons));
  const frame = framed(number, outcomes.length + rest.length);
  for (const [index, outcome] of outcomes.entries()) {
    frame[HEAD + index] = outcome instanceof Error ? FAILED : outcome ? APPLIED : REFUSED;
  }
  put(frame, rest, HEAD + outcomes.length);
  return frame;
}

/** What became of a batch of `count` commits. */
export function outcomesOf(frame: Buffer, count: number): Outcome[] {
  const rest = frame.toString('utf8', HEAD + count);
  const reasons: Reason[] = rest === '' ? [] : JSON.parse(rest);
  return Array.from(frame.subarray(HEAD, HEAD + count), outcome =>
    outcome === FAILED ? errorOf(reasons.shift()!) : outcome === APPLIED,
  );
}

/** The number of the batch that a frame holds or answers. */
export const numberOf = (frame: Buffer): number => frame.readUInt32LE(4);

/** Puts together the frames of a stream from its chunks. */
export class Frames {
  #pieces: Buffer[] = [];
  #length = 0;

  /** The frames that are whole now. They share memory, and nothing writes to it later. */
  take(chunk: Buffer): Buffer[] {
    this.#pieces.push(chunk);
    this.#length += chunk.length;
    if (this.#length < 4) return [];
    // The length of the first stands in its first piece, but where that is shorter than four bytes.
    if (this.#pieces[0]!.length < 4) this.#pieces = [Buffer.concat(this.#pieces)];
    if (this.#length < this.#pieces[0]!.readUInt32LE(0)) return [];
    let rest = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    const frames: Buffer[] = [];
    while (rest.length >= 4 && rest.length >= rest.readUInt32LE(0)) {
      const size = rest.readUInt32LE(0);
      frames.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#length = rest.length;
    return frames;
  }
}

function framed(number: number, size: number): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + size);
  frame.writeUInt32LE(frame.length, 0);
  frame.writeUInt32LE(number, 4);
  return frame;
}

/** Answers where what was put ends. */
function put(frame: Buffer, bytes: Uint8Array, at: number): number {
  frame.set(bytes, at);
  return at + bytes.length;
}

function reasonOf(error: Error): Reason {
  const { name, message, cause } = error;
  return {
    name,
    message,
    ...('code' in error && { code: error.code }),
    ...(cause instanceof Error && { cause: reasonOf(cause) }),
  };
}

function errorOf({ name, message, code, cause }: Reason): Error {
  const error = new Error(message, cause && { cause: errorOf(cause) });
  return Object.assign(error, { name }, code !== undefined && { code });
}
