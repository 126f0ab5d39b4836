import { createHash, type Hash } from 'node:crypto';
import type { ApiError } from '../core/errors.js';
import { joined, type RequestBody } from '../core/http-message.js';
import { s3Errors } from '../core/s3-errors.js';
import { s3Refusals } from './refusals.js';
import { ALGORITHM, EMPTY_SHA256, sameSignature, sha256Hex, sign } from './signing.js';

/** Every chunk but the last must have so many bytes (Amazon S3 API Reference, "sigv4-streaming"). */
const MIN_CHUNK = 8192;
/** Enough for a size, a signature and the name of one. */
const MAX_HEADER = 1024;
const MAX_TRAILER = 16 * 1024;
const CHUNK_HEADER = /^([0-9a-f]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?\r$/i;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/** What the signatures of chunks are chained to. */
export interface ChunkSigning {
  readonly key: Uint8Array;
  /** Of the request, `yyyyMMddTHHmmssZ`. */
  readonly timestamp: string;
  readonly scope: string;
  /** The signature of the request. */
  readonly seed: string;
  readonly accessKeyId: string;
}

export interface ChunkOptions {
  /** `x-amz-decoded-content-length` */
  readonly decodedLength: number;
  /** Names announced in `x-amz-trailer`, lower-case; `undefined` where the framing has no trailer. */
  readonly trailers: readonly string[] | undefined;
  /** Absent for STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
  readonly signing: ChunkSigning | undefined;
}

/**
 * Removes `aws-chunked` framing. Bytes are yielded as they come: AWS names no limit to a chunk, so none is held until
 * its signature was found right. Reading throws S3's error where framing, lengths, signatures or trailers do not hold,
 * so a reader that reaches the end has the body that the client meant.
 */
export function decodeChunks(source: AsyncIterable<Uint8Array>, options: ChunkOptions): RequestBody {
  return new DecodedBody(source, options);
}

class DecodedBody implements RequestBody {
  readonly length: number;
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #reader: ChunkReader;

  constructor(source: AsyncIterable<Uint8Array>, options: ChunkOptions) {
    this.length = options.decodedLength;
    this.#source = source;
    this.#reader = new ChunkReader(options);
  }

  get trailers(): ReadonlyMap<string, string> {
    return this.#reader.trailers;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.#source) yield* this.#reader.push(bytes);
    this.#reader.end();
  }

  /** Read piece by piece all the same: what is around it, nothing bounds. */
  async whole(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const bytes of this.#source) chunks.push(...this.#reader.push(bytes));
    this.#reader.end();
    return joined(chunks);
  }
}

const malformed = (): ApiError => s3Errors.IncompleteBody('end');

type State = 'header' | 'data' | 'data-end' | 'trailer' | 'last-end' | 'done';

/** The framing as a machine that is fed bytes as they come, however they are split. */
class ChunkReader {
  readonly trailers = new Map<string, string>();
  readonly #options: ChunkOptions;
  #state: State = 'header';
  /** Text of a header or trailer that has not ended yet. */
  #text = '';
  /** Which byte of CR LF is due. */
  #crlf = 0;
  /** Number, size and remaining bytes of the chunk being read. */
  #chunk = 0;
  #size = 0;
  #left = 0;
  #decoded = 0;
  #hash: Hash | undefined;
  #signature = '';
  #previous: string;

  constructor(options: ChunkOptions) {
    this.#options = options;
    this.#previous = options.signing?.seed ?? '';
  }

  /** Takes the next bytes of the body; yields what of them is payload. */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'header':
          at = this.#readHeader(bytes, at);
          break;
        case 'data': {
          const end = Math.min(bytes.length, at + this.#left);
          const part = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
          this.#left -= end - at;
          at = end;
          this.#hash?.update(part);
          yield part;
          if (this.#left > 0) break;
          if (this.#hash !== undefined) this.#verifyChunk(this.#hash.digest('hex'));
          this.#state = 'data-end';
          break;
        }
        case 'data-end':
          at = this.#readEnd(bytes, at, 'header');
          break;
        case 'last-end':
          at = this.#readEnd(bytes, at, 'done');
          break;
        case 'trailer':
          at = this.#readTrailer(bytes, at);
          break;
        case 'done':
          throw malformed();
      }
    }
  }

  /** The body has ended. */
  end(): void {
    if (this.#state !== 'done') throw malformed();
  }

  #readHeader(bytes: Uint8Array, at: number): number {
    const feed = bytes.indexOf(0x0a, at);
    const end = feed < 0 ? bytes.length : feed;
    if (this.#text.length + end - at > MAX_HEADER) throw malformed();
    this.#text += latin1(bytes, at, end);
    if (feed < 0) return end;
    const line = this.#text;
    this.#text = '';
    this.#beginChunk(line);
    return feed + 1;
  }

  #beginChunk(line: string): void {
    const match = CHUNK_HEADER.exec(line);
    const { signing, decodedLength, trailers } = this.#options;
    if (match === null || (match[2] !== undefined) !== (signing !== undefined)) throw malformed();
    const size = Number.parseInt(match[1]!, 16);
    this.#signature = match[2] ?? '';
    this.#chunk++;
    if (size === 0) {
      if (signing !== undefined) this.#verifyChunk(EMPTY_SHA256);
      if (this.#decoded !== decodedLength) throw this.#wrongLength();
      this.#state = trailers === undefined ? 'last-end' : 'trailer';
      // An empty trailer is one empty line: with the end of this line it ends like any other.
      this.#text = '\r\n';
      return;
    }
    if (this.#chunk > 1 && this.#size < MIN_CHUNK) {
      throw s3Errors.InvalidChunkSizeError({
        members: { Chunk: String(this.#chunk), BadChunkSize: String(this.#size) },
        advice: `Send chunks of ${MIN_CHUNK} bytes or more: the last alone may be smaller.`,
      });
    }
    this.#decoded += size;
    if (this.#decoded > decodedLength) throw this.#wrongLength();
    this.#size = size;
    this.#left = size;
    this.#hash = signing === undefined ? undefined : createHash('sha256');
    this.#state = 'data';
  }

  #readEnd(bytes: Uint8Array, at: number, next: State): number {
    if (bytes[at] !== (this.#crlf === 0 ? 0x0d : 0x0a)) throw malformed();
    this.#crlf = 1 - this.#crlf;
    if (this.#crlf === 0) this.#state = next;
    return at + 1;
  }

  /**
   * Trailers end at the first empty line that follows CR LF; a bare LF inside them is tolerated (AWS's own example has
   * one).
   */
  #readTrailer(bytes: Uint8Array, at: number): number {
    const before = this.#text.length;
    this.#text += latin1(bytes, at, Math.min(bytes.length, at + MAX_TRAILER));
    const end = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) {
      if (this.#text.length > MAX_TRAILER) throw s3Errors.MalformedTrailerError();
      return bytes.length;
    }
    this.#takeTrailers(this.#text.slice(0, end));
    this.#state = 'done';
    return at + end + 4 - before;
  }

  #takeTrailers(text: string): void {
    const { trailers: announced = [], signing } = this.#options;
    let canonical = '';
    let signature: string | undefined;
    for (const line of text.split('\n')) {
      const trimmed = line.trim();
      if (trimmed === '') continue;
      const colon = trimmed.indexOf(':');
      const name = trimmed.slice(0, Math.max(0, colon)).trim().toLowerCase();
      const value = trimmed.slice(colon + 1).trim();
      if (signing !== undefined && name === TRAILER_SIGNATURE && signature === undefined) {
        signature = value;
      } else if (announced.includes(name) && !this.trailers.has(name) && signature === undefined) {
        this.trailers.set(name, value);
        canonical += `${name}:${value}\n`;
      } else {
        throw s3Errors.MalformedTrailerError();
      }
    }
    if (this.trailers.size !== announced.length) throw s3Errors.MalformedTrailerError();
    if (signing === undefined) return;
    if (signature === undefined) throw s3Errors.MalformedTrailerError();
    this.#verify(signing, signature, `${ALGORITHM}-TRAILER`, sha256Hex(canonical));
  }

  #verifyChunk(payloadHash: string): void {
    const signing = this.#options.signing!;
    this.#verify(signing, this.#signature, `${ALGORITHM}-PAYLOAD`, `${EMPTY_SHA256}\n${payloadHash}`);
    this.#previous = this.#signature;
  }

  #verify(signing: ChunkSigning, provided: string, kind: string, hashes: string): void {
    const stringToSign = `${kind}\n${signing.timestamp}\n${signing.scope}\n${this.#previous}\n${hashes}`;
    if (sameSignature(sign(signing.key, stringToSign), provided)) return;
    throw s3Refusals.mismatch({ accessKeyId: signing.accessKeyId, provided, stringToSign });
  }

  #wrongLength(): ApiError {
    return s3Errors.IncompleteBody('bytes', {
      members: {
        NumberBytesExpected: String(this.#options.decodedLength),
        NumberBytesProvided: String(this.#decoded),
      },
    });
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
