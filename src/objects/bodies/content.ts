/** Taking bodies in, and giving them back. */

import { crc32 } from '../../core/crc32.js';
import { joined, type RequestBody, wholeOf } from '../../core/http-message.js';
import { s3Errors } from '../../core/s3-errors.js';
import { BlobDamaged, BlobMissing, type Blobs } from '../../store/blobs.js';
import { CommitInDoubt, type Kv, ValueDamaged, type Write } from '../../store/kv.js';
import {
  blobReferenceKey,
  type Content,
  contentKey,
  EMPTY,
  type ObjectRecord,
  type Part,
  partLists,
} from '../records.js';
import type { Garbage } from '../upkeep/garbage.js';
import { type Digested, Digesting, type Integrity } from './checksums.js';
import { BodyKey, isLarge, newSalt } from './encryption.js';

/** The record was read, but its content is gone: it was replaced or deleted in between. Look it up again. */
export class ContentGone extends Error {
  override readonly name = 'ContentGone';
}

/** A body that was received whole and found to be what the client said it would be. */
export interface Received extends Digested {
  /** Bytes, as the client sent them. */
  readonly size: number;
  readonly stored: StoredBody;
}

/** The bytes as they are stored, or the blob that they were written to. */
type StoredBody = ({ readonly bytes: Uint8Array } | { readonly blob: string }) & {
  /** Present where they are encrypted under a key that serves others, too. */
  readonly salt?: Uint8Array | undefined;
};

/** How a body is received. */
interface Receiving {
  /** 32 bytes for each layer of encryption: the body is stored encrypted under it. */
  readonly dataKey?: Uint8Array | undefined;
  /** Whether the data key was made for this body and serves no other. */
  readonly alone?: boolean;
  /** A blob, however small the body is. */
  readonly asBlob?: boolean;
}

/** A received body on its way into a commit. */
export interface PlacedContent {
  readonly content: Content;
  readonly salt?: Uint8Array | undefined;
  readonly writes: readonly Write[];
}

export class Contents {
  readonly #kv: Kv;
  readonly #blobs: Blobs;
  readonly #garbage: Garbage;
  readonly #inlineLimit: number;
  readonly #demandRoom: () => void;

  constructor(
    kv: Kv,
    blobs: Blobs,
    garbage: Garbage,
    inlineLimit: number,
    demandRoom: () => void = () => undefined,
  ) {
    this.#kv = kv;
    this.#blobs = blobs;
    this.#garbage = garbage;
    this.#inlineLimit = inlineLimit;
    this.#demandRoom = demandRoom;
  }

  /**
   * Reads a body once: digests it, checks it, and writes it to a blob unless it is small.
   * `length` is what the client declared, bytes; undefined where it declared nothing.
   * Throws IncompleteBody, BadDigest, InvalidDigest, what `demandRoom` throws, and whatever reading the body throws;
   * then nothing stays behind.
   */
  async receive(
    sent: RequestBody,
    length: number | undefined,
    integrity: Integrity,
    { dataKey, alone = false, asBlob = false }: Receiving = {},
  ): Promise<Received> {
    this.#demandRoom();
    const { claim } = sent;
    const body = claim?.body ?? sent;
    const digesting = await Digesting.of(integrity, claim);
    const salted = !alone || isLarge(length ?? 0);
    const key = dataKey && new BodyKey(dataKey, salted ? newSalt(length) : undefined);
    const inline = (bytes: Uint8Array): Received => {
      const { md5, checksum } = digesting.whole(bytes, body.trailers);
      const stored = { bytes: key ? key.encryptBytes(bytes) : bytes, salt: key?.salt };
      return { md5, checksum, size: bytes.length, stored };
    };
    if (!asBlob && length !== undefined && length <= this.#inlineLimit) {
      const bytes = await wholeOf(body);
      if (bytes.length !== length) throw s3Errors.IncompleteBody('end');
      return inline(bytes);
    }
    if (asBlob || length !== undefined) return this.#toBlob(body, length, body.trailers, digesting, key);
    const source = body[Symbol.asyncIterator]();
    const head: Uint8Array[] = [];
    for (let size = 0; size <= this.#inlineLimit; size += head.at(-1)!.length) {
      const next = await source.next();
      if (next.done) return inline(joined(head));
      head.push(next.value);
    }
    return this.#toBlob(chained(head, source), length, body.trailers, digesting, key);
  }

  /**
   * Throws IncompleteBody where the length is not what was declared, EntityTooLarge where none was and it is too long.
   */
  async #toBlob(
    body: AsyncIterable<Uint8Array>,
    length: number | undefined,
    trailers: RequestBody['trailers'],
    digesting: Digesting,
    key: BodyKey | undefined,
  ): Promise<Received> {
    const digests = digesting.open(length);
    let size = 0;
    let digested: Digested | undefined;
    async function* whole(): AsyncGenerator<Uint8Array> {
      for await (const chunk of body) {
        size += chunk.length;
        if (size > (length ?? LARGEST_BODY)) break;
        const working = digests.update(chunk);
        if (working) await working;
        yield chunk;
      }
      if (length === undefined && size > LARGEST_BODY) throw entityTooLarge(size);
      if (length !== undefined && size !== length) throw s3Errors.IncompleteBody('end');
      digested = digesting.check(await digests.finish(), trailers);
    }
    try {
      const { id } = await this.#blobs.write(key ? key.encrypt(whole()) : whole());
      return { ...digested!, size, stored: { blob: id, salt: key?.salt } };
    } finally {
      digests.abandon();
    }
  }

  /** What a commit writes for a received body, in the name of the version `id`. */
  place(bucket: string, id: string, stored: StoredBody): PlacedContent {
    const { salt } = stored;
    if ('blob' in stored) {
      const reference = { key: blobReferenceKey(stored.blob, id), value: EMPTY };
      return { content: { kind: 'blob', blob: stored.blob }, salt, writes: [reference] };
    }
    const write = { key: contentKey(bucket, id), value: stored.bytes };
    return { content: { kind: 'inline', crc: crc32(stored.bytes) }, salt, writes: [write] };
  }

  /**
   * Drops a received body that no commit took, for the reason `why`. One whose commit is in doubt may yet be named: it
   * is left to the sweep.
   */
  abandon(stored: StoredBody, why: unknown): void {
    if ('blob' in stored && !(why instanceof CommitInDoubt)) this.#garbage.discard([stored.blob]);
  }

  /**
   * What a commit writes so that the version `id` of `bucket` has the content of `source`, which that commit must check
   * and whose data key is to be the version's, too. Throws `ContentGone`.
   */
  async share(
    sourceBucket: string,
    source: ObjectRecord,
    bucket: string,
    id: string,
  ): Promise<PlacedContent> {
    const { content, salt } = source;
    if (content.kind === 'inline') {
      const write = {
        key: contentKey(bucket, id),
        value: await this.#inline(sourceBucket, source.id, content.crc),
      };
      return { content, salt, writes: [write] };
    }
    if (content.kind === 'blob') {
      return { content, salt, writes: [{ key: blobReferenceKey(content.blob, id), value: EMPTY }] };
    }
    const parts = await this.parts(sourceBucket, source.id);
    const references = parts.map(({ blob }) => ({ key: blobReferenceKey(blob, id), value: EMPTY }));
    return {
      content,
      writes: [{ key: contentKey(bucket, id), value: partLists.encode(parts) }, ...references],
    };
  }

  /** What a commit writes to drop a version's content, and the blobs to discard after it. */
  async drop(bucket: string, { id, content }: ObjectRecord): Promise<{ writes: Write[]; blobs: string[] }> {
    if (content.kind === 'blob') {
      const { blob } = content;
      return { writes: [{ key: blobReferenceKey(blob, id), value: undefined }], blobs: [blob] };
    }
    const writes: Write[] = [{ key: contentKey(bucket, id), value: undefined }];
    if (content.kind === 'inline') return { writes, blobs: [] };
    // A version that is already gone makes the commit fail by its own check. Of a damaged list, the blobs stay behind.
    const parts = await this.parts(bucket, id).catch(ifLost([]));
    const blobs = [...new Set(parts.map(part => part.blob))];
    for (const blob of blobs) writes.push({ key: blobReferenceKey(blob, id), value: undefined });
    return { writes, blobs };
  }

  /** The parts of a version whose content is `parts`. Throws `ContentGone`. */
  async parts(bucket: string, id: string): Promise<readonly Part[]> {
    const entry = await this.#kv.get(contentKey(bucket, id));
    if (entry === undefined) throw new ContentGone('the list of parts is gone');
    return partLists.decode(entry.value);
  }

  /**
   * The bytes from `start` (inclusive) to `end` (exclusive). The first of them are read before it resolves, so
   * that what is damaged or gone is known before an answer begins. `dataKey`: of an encrypted version.
   * Throws `ContentGone`, `BlobDamaged`; the iteration may throw them too.
   */
  async read(
    bucket: string,
    version: ObjectRecord,
    {
      start = 0,
      end = version.size,
      dataKey,
    }: { start?: number; end?: number; dataKey?: Uint8Array | undefined } = {},
  ): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const { content, encryption, salt, size } = version;
    if (encryption && !dataKey) throw new TypeError('an encrypted version is read with its data key');
    if (end <= start) return EMPTY;
    if (content.kind === 'inline') {
      // A segment that is encrypted proves itself; that none is missing, its size does.
      const bytes = dataKey
        ? new BodyKey(dataKey, salt).decryptBytes(await this.#stored(bucket, version.id))
        : await this.#inline(bucket, version.id, content.crc);
      if (bytes.length !== size) throw new BlobDamaged(`the inline body of version ${version.id} ends early`);
      return bytes.subarray(start, end);
    }
    if (content.kind === 'blob') {
      return begun(this.#stream([{ blob: content.blob, salt, size, start, end }], dataKey));
    }
    const slices = slicesOf(await this.parts(bucket, version.id), start, end);
    return begun(this.#stream(slices, dataKey, () => this.parts(bucket, version.id)));
  }

  async #inline(bucket: string, id: string, crc: number): Promise<Uint8Array> {
    const stored = await this.#stored(bucket, id);
    if (crc32(stored) !== crc) throw new BlobDamaged(`the inline body of version ${id} is damaged`);
    return stored;
  }

  /** Not held against its checksum, for those who find out otherwise whether it is whole. */
  async #stored(bucket: string, id: string): Promise<Uint8Array> {
    const entry = await this.#kv.get(contentKey(bucket, id));
    if (entry === undefined) throw new ContentGone('the inline body is gone');
    return entry.value;
  }

  /**
   * `demandThere`: throws where the version is gone. Asked once the blobs are held, which are not all opened at once.
   */
  async *#stream(
    slices: readonly Slice[],
    dataKey: Uint8Array | undefined,
    demandThere?: () => Promise<unknown>,
  ): AsyncGenerator<Uint8Array> {
    for (const { blob } of slices) this.#garbage.hold(blob);
    try {
      await demandThere?.();
      for (const slice of slices) yield* this.#slice(slice, dataKey);
    } catch (error) {
      throw error instanceof BlobMissing ? new ContentGone('a blob is gone', { cause: error }) : error;
    } finally {
      for (const { blob } of slices) this.#garbage.release(blob);
    }
  }

  #slice(
    { blob, salt, size, start, end }: Slice,
    dataKey: Uint8Array | undefined,
  ): AsyncIterable<Uint8Array> {
    if (!dataKey) return this.#blobs.read(blob, start, end);
    const key = new BodyKey(dataKey, salt);
    const span = key.span(start, end, size);
    return key.decrypt(this.#blobs.read(blob, span.start, span.end, key.segment), start, end);
  }
}

/** Some bytes of a blob; `size` is that of the whole, decrypted. */
interface Slice {
  readonly blob: string;
  readonly salt: Uint8Array | undefined;
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

function slicesOf(parts: readonly Part[], start: number, end: number): Slice[] {
  const slices: Slice[] = [];
  let offset = 0;
  for (const { blob, size, salt } of parts) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, size);
    if (from < to) slices.push({ blob, salt, size, start: from, end: to });
    offset += size;
    if (offset >= end) break;
  }
  return slices;
}

/** Bytes that one request may bring ("Amazon S3 multipart upload limits"). */
export const LARGEST_BODY = 5 * 1024 ** 3;

async function* chained(
  head: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

export function entityTooLarge(size: number): Error {
  const members = { ProposedSize: String(size), MaxSizeAllowed: String(LARGEST_BODY) };
  return s3Errors.EntityTooLarge({ members });
}

/** Reads the first chunk, and gives an iterable of all of them. */
async function begun(source: AsyncGenerator<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  let first: Promise<IteratorResult<Uint8Array>> | undefined = source.next();
  await first;
  const iterator: AsyncIterator<Uint8Array> = {
    next() {
      const result = first ?? source.next();
      first = undefined;
      return result;
    },
    return: value => source.return(value),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function ifLost<T>(value: T): (error: unknown) => T {
  return error => {
    if (error instanceof ContentGone || error instanceof ValueDamaged) return value;
    throw error;
  };
}
