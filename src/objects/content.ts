/** Taking bodies in, and giving them back. */
import { crc32 } from 'node:zlib';
import type { RequestBody } from '../message.js';
import { BlobDamaged, BlobMissing, type Blobs } from '../store/blobs.js';
import type { Kv, Write } from '../store/kv.js';
import { BodyDigest, type Checksum, type Integrity } from './checksums.js';
import { s3Errors } from './errors.js';
import type { Garbage } from './garbage.js';
import {
  blobReferenceKey,
  type Content,
  contentKey,
  EMPTY,
  type ObjectRecord,
  type Part,
  partLists,
} from './records.js';

/** The record was read, but its content is gone: it was replaced or deleted in between. Look it up again. */
export class ContentGone extends Error {
  override readonly name = 'ContentGone';
}

/** A body that was received whole and found to be what the client said it would be. */
export interface Received {
  readonly size: number;
  readonly md5: Buffer;
  readonly checksum: Checksum;
  /** The bytes, or the blob that they were written to. */
  readonly stored: { readonly bytes: Uint8Array } | { readonly blob: string };
}

/** A received body on its way into a commit. */
export interface PlacedContent {
  readonly content: Content;
  readonly writes: readonly Write[];
}

export class Contents {
  readonly #kv: Kv;
  readonly #blobs: Blobs;
  readonly #garbage: Garbage;
  readonly #inlineLimit: number;

  constructor(kv: Kv, blobs: Blobs, garbage: Garbage, inlineLimit: number) {
    this.#kv = kv;
    this.#blobs = blobs;
    this.#garbage = garbage;
    this.#inlineLimit = inlineLimit;
  }

  /**
   * Reads a body once: digests it, checks it, and writes it to a blob unless it is small.
   * `length` is what the client declared, bytes. Throws IncompleteBody, BadDigest, InvalidDigest, and whatever
   * reading the body throws; then nothing stays behind.
   */
  async receive(body: RequestBody, length: number, integrity: Integrity): Promise<Received> {
    if (length > this.#inlineLimit) return this.receiveBlob(body, length, integrity);
    const digest = new BodyDigest(integrity);
    const chunks: Uint8Array[] = [];
    for await (const chunk of checked(body, length, digest)) chunks.push(chunk);
    const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    return { ...digest.finish(body.trailers), size: digest.size, stored: { bytes } };
  }

  /** As `receive`, for a body that is to be a blob whatever its size. */
  async receiveBlob(
    body: RequestBody,
    length: number,
    integrity: Integrity,
  ): Promise<Received & { readonly stored: { readonly blob: string } }> {
    const digest = new BodyDigest(integrity);
    let finished: ReturnType<BodyDigest['finish']> | undefined;
    async function* source(): AsyncGenerator<Uint8Array> {
      yield* checked(body, length, digest);
      finished = digest.finish(body.trailers);
    }
    const { id } = await this.#blobs.write(source());
    return { ...finished!, size: digest.size, stored: { blob: id } };
  }

  /** What a commit writes for a received body, in the name of the version `id`. */
  place(bucket: string, id: string, stored: Received['stored']): PlacedContent {
    if ('blob' in stored) {
      const reference = { key: blobReferenceKey(stored.blob, id), value: EMPTY };
      return { content: { kind: 'blob', blob: stored.blob }, writes: [reference] };
    }
    const write = { key: contentKey(bucket, id), value: stored.bytes };
    return { content: { kind: 'inline', crc: crc32(stored.bytes) }, writes: [write] };
  }

  /** Drops a received body that no commit took. */
  abandon(stored: Received['stored']): void {
    if ('blob' in stored) this.#garbage.discard([stored.blob]);
  }

  /**
   * What a commit writes so that the version `id` of `bucket` has the content of `source`, which that commit
   * must check. Throws `ContentGone`.
   */
  async share(
    sourceBucket: string,
    source: ObjectRecord,
    bucket: string,
    id: string,
  ): Promise<PlacedContent> {
    const { content } = source;
    if (content.kind === 'inline') {
      const write = {
        key: contentKey(bucket, id),
        value: await this.#inline(sourceBucket, source.id, content.crc),
      };
      return { content, writes: [write] };
    }
    if (content.kind === 'blob') {
      return { content, writes: [{ key: blobReferenceKey(content.blob, id), value: EMPTY }] };
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
    // A version that is already gone makes the commit fail by its own check.
    const parts = await this.parts(bucket, id).catch(ifGone([]));
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
   * that what is damaged or gone is known before an answer begins.
   * Throws `ContentGone`, `BlobDamaged`; the iteration may throw them too.
   */
  async read(
    bucket: string,
    version: ObjectRecord,
    start = 0,
    end = version.size,
  ): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
    const { content } = version;
    if (end <= start) return EMPTY;
    if (content.kind === 'inline')
      return (await this.#inline(bucket, version.id, content.crc)).subarray(start, end);
    const slices =
      content.kind === 'blob'
        ? [{ blob: content.blob, start, end }]
        : slicesOf(await this.parts(bucket, version.id), start, end);
    return begun(this.#stream(slices));
  }

  async #inline(bucket: string, id: string, crc: number): Promise<Uint8Array> {
    const entry = await this.#kv.get(contentKey(bucket, id));
    if (entry === undefined) throw new ContentGone('the inline body is gone');
    if (crc32(entry.value) !== crc) throw new BlobDamaged(`the inline body of version ${id} is damaged`);
    return entry.value;
  }

  async *#stream(slices: readonly Slice[]): AsyncGenerator<Uint8Array> {
    const held = slices.map(slice => slice.blob);
    for (const blob of held) this.#garbage.hold(blob);
    try {
      for (const { blob, start, end } of slices) yield* this.#blobs.read(blob, start, end);
    } catch (error) {
      throw error instanceof BlobMissing ? new ContentGone('a blob is gone', { cause: error }) : error;
    } finally {
      for (const blob of held) this.#garbage.release(blob);
    }
  }
}

interface Slice {
  readonly blob: string;
  readonly start: number;
  readonly end: number;
}

function slicesOf(parts: readonly Part[], start: number, end: number): Slice[] {
  const slices: Slice[] = [];
  let offset = 0;
  for (const { blob, size } of parts) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, size);
    if (from < to) slices.push({ blob, start: from, end: to });
    offset += size;
    if (offset >= end) break;
  }
  return slices;
}

/** Passes a body on while digesting it; throws IncompleteBody where its length is not what was declared. */
async function* checked(body: RequestBody, length: number, digest: BodyDigest): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    digest.update(chunk);
    if (digest.size > length) break;
    yield chunk;
  }
  if (digest.size !== length) throw s3Errors.IncompleteBody();
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

function ifGone<T>(value: T): (error: unknown) => T {
  return error => {
    if (error instanceof ContentGone) return value;
    throw error;
  };
}
