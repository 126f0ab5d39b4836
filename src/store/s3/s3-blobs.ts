/**
 * Bodies as objects of an S3 store, each in the form of a file of bodies (block-file.ts), so that its checksums go with
 * it. The store's rights: s3:PutObject, s3:GetObject, s3:DeleteObject and s3:AbortMultipartUpload on the prefix, and
 * s3:ListBucket on the bucket.
 */
import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  BLOB_ID,
  BlobDamaged,
  type BlobInfo,
  BlobMissing,
  type Blobs,
  newBlobId,
  type StoredBlob,
} from '../blobs.js';
import { blockFile, contentSize, readBlocks, segmentsOf } from '../files/block-file.js';
import { StoreClosed, StoreUnavailable } from '../kv.js';
import { gathered } from './parts.js';

interface S3BlobsOptions {
  readonly bucket: string;
  /** Before the name of each object, `/` at its end included; may be empty. */
  readonly prefix: string;
  readonly client: S3ClientConfig;
}

/** Parts of an upload under way, each of `PART` bytes (parts.ts). */
const PARTS_AT_ONCE = 2;

/** What a checked read takes from the store at a time, bytes. */
const WINDOW = 2 ** 20;

/** How often a body whose bytes break off is asked for again before any more of them came. */
const RESUMED = 2;

/**
 * How long a connection may take to be made, and for how long none of its bytes may come or go, milliseconds: a store
 * that hangs is then one that does not answer. A reader that takes longer finds its connection closed, and the rest is
 * asked for on another one.
 */
const CONNECT_MS = 3_000;
const SILENCE_MS = 10_000;

/** Who asked tries again, too, and is not to wait for long before. */
const ATTEMPTS = 2;

/** Each reader of a body has a connection for as long as it reads: how many there are is the server's to say. */
const AGENT = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
const HANDLER = {
  connectionTimeout: CONNECT_MS,
  socketTimeout: SILENCE_MS,
  httpAgent: AGENT,
  httpsAgent: AGENT,
};

/** Opens the store, and looks whether its bucket can be listed. Throws what S3 says where not. */
export async function openS3Blobs(options: S3BlobsOptions): Promise<Blobs> {
  const client = new S3Client({
    // A body is signed as it is, so the store checks it; a checksum of another kind would say no more.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: HANDLER,
    maxAttempts: ATTEMPTS,
    ...options.client,
  });
  const blobs = new S3Blobs(client, options.bucket, options.prefix);
  for await (const _ of blobs.list()) break;
  return blobs;
}

class S3Blobs implements Blobs {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  /** Writes under way, and what is done after those that failed. */
  readonly #working = new Set<Promise<unknown>>();
  #isOpen = true;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async write(source: AsyncIterable<Uint8Array>, id = newBlobId()): Promise<StoredBlob> {
    this.#demandOpen();
    const write = this.#write(source, id);
    this.#track(write);
    return await write;
  }

  async *read(id: string, start = 0, end?: number, segment?: number): AsyncIterable<Uint8Array> {
    this.#demandOpen();
    if (!BLOB_ID.test(id)) throw new BlobMissing(`no blob ${id}`);
    const name = this.#nameOf(id);
    try {
      if (segment !== undefined && start < (end ?? Number.POSITIVE_INFINITY))
        yield* resumed(start, at => this.#readSegments(name, at, end, segment));
      else yield* readBlocks(new ObjectReader(this.#client, name), start, end, segment);
    } catch (error) {
      throw this.#explained(error, id);
    }
  }

  async delete(id: string): Promise<void> {
    this.#demandOpen();
    if (BLOB_ID.test(id))
      await this.#send(() => this.#client.send(new DeleteObjectCommand(this.#nameOf(id))));
  }

  async *list(): AsyncIterable<BlobInfo> {
    this.#demandOpen();
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#send(() =>
        this.#client.send(
          new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix, ContinuationToken }),
        ),
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const id = Key.slice(this.#prefix.length + 3);
        if (BLOB_ID.test(id) && LastModified)
          yield { id, size: contentSize(Size) ?? 0, modified: LastModified.getTime() };
      }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  /** Waits for the writes under way. */
  async close(): Promise<void> {
    this.#isOpen = false;
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
    this.#client.destroy();
  }

  #track(work: Promise<unknown>): void {
    this.#working.add(work);
    const end = () => this.#working.delete(work);
    work.then(end, end);
  }

  async #write(source: AsyncIterable<Uint8Array>, id: string): Promise<StoredBlob> {
    const name = this.#nameOf(id);
    const file = blockFile(source);
    const parts = gathered(file.bytes);
    const first = await parts.next();
    const second = await parts.next();
    if (first.done || second.done) {
      const Body = first.done ? new Uint8Array(0) : first.value;
      await this.#finish(name, Body.length, new PutObjectCommand({ ...name, Body, IfNoneMatch: '*' }));
    } else await this.#upload(name, [first.value, second.value], parts);
    return { id, size: file.size() };
  }

  async #upload(
    name: ObjectName,
    begun: readonly Uint8Array[],
    rest: AsyncGenerator<Uint8Array, void>,
  ): Promise<void> {
    const { UploadId } = await this.#send(() => this.#client.send(new CreateMultipartUploadCommand(name)));
    const upload = { ...name, UploadId };
    try {
      const sent: { PartNumber: number; ETag: string | undefined }[] = [];
      let size = 0;
      const underWay = new Set<Promise<void>>();
      const send = (Body: Uint8Array): void => {
        const part: (typeof sent)[number] = { PartNumber: sent.length + 1, ETag: undefined };
        sent.push(part);
        size += Body.length;
        const { PartNumber } = part;
        const sending = this.#send(() =>
          this.#client.send(new UploadPartCommand({ ...upload, PartNumber, Body })),
        ).then(({ ETag }) => {
          part.ETag = ETag;
          underWay.delete(sending);
        });
        underWay.add(sending);
        // Awaited below; until then a failure must not count as unhandled.
        sending.catch(() => undefined);
      };
      for (const part of begun) send(part);
      for await (const part of rest) {
        while (underWay.size >= PARTS_AT_ONCE) await Promise.race(underWay);
        send(part);
      }
      await Promise.all(underWay);
      const complete = { ...upload, MultipartUpload: { Parts: sent }, IfNoneMatch: '*' };
      await this.#finish(name, size, new CompleteMultipartUploadCommand(complete));
    } catch (error) {
      // Who failed to write does not wait for a store that may not answer either.
      this.#track(this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined));
      throw error;
    }
  }

  /**
   * Sends what makes an object of `size` bytes. Where its answer is lost, the next attempt meets what the first one
   * made: no other server writes an object of that name.
   */
  async #finish(
    name: ObjectName,
    size: number,
    command: PutObjectCommand | CompleteMultipartUploadCommand,
  ): Promise<void> {
    try {
      // The union fits none of the overloads.
      await this.#client.send(command as PutObjectCommand);
    } catch (error) {
      const isThere =
        error instanceof S3ServiceException && /^(PreconditionFailed|NoSuchUpload)$/.test(error.name);
      if (!isThere || (await this.#sizeOf(name)) !== size) throw this.#explained(error);
    }
  }

  /** Bytes of an object; undefined where there is none. */
  async #sizeOf(name: ObjectName): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#client.send(new HeadObjectCommand(name));
      return ContentLength;
    } catch (error) {
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
      throw this.#explained(error);
    }
  }

  /** One request, whose answer is handed on as it comes. */
  async *#readSegments(
    name: ObjectName,
    start: number,
    end: number | undefined,
    segment: number,
  ): AsyncGenerator<Uint8Array> {
    const last = end === undefined ? '' : Math.ceil(end / segment) * segment - 1;
    const { Body, ContentRange } = await this.#client.send(
      new GetObjectCommand({ ...name, Range: `bytes=${start}-${last}` }),
    );
    const body = Body as Readable;
    try {
      const size = contentSize(Number(ContentRange?.split('/')[1]));
      if (size === undefined) throw new BlobDamaged('the object was cut off');
      const stop = end ?? size;
      if (stop > size) throw new RangeError(`the blob has ${size} bytes, none from ${start} to ${stop}`);
      yield* segmentsOf(
        bytesOf(body),
        segment,
        Math.min(size, Math.ceil(stop / segment) * segment) - start,
        stop - start,
      );
    } finally {
      body.destroy();
    }
  }

  #nameOf(id: string): ObjectName {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${id.slice(0, 2)}/${id}` };
  }

  async #send<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  /** What the store's error means to those who use this one. */
  #explained(error: unknown, id?: string): unknown {
    if (error instanceof BlobDamaged) return new BlobDamaged(`blob ${id}: ${error.message}`);
    if (error instanceof RangeError || error instanceof BlobMissing) return error;
    if (!(error instanceof S3ServiceException))
      return isNetwork(error)
        ? new StoreUnavailable('the S3 store does not answer', { cause: error })
        : error;
    const status = error.$metadata.httpStatusCode ?? 500;
    // An answer to HEAD has no code.
    if (id !== undefined && status === 404 && error.name !== 'NoSuchBucket')
      return new BlobMissing(`no blob ${id}`);
    if (status === 416) return new RangeError(`the blob ${id} has no such bytes`);
    // What takes too long to send, and a write whose first attempt has not ended, may be tried again, too.
    if (status >= 500 || status === 429 || /^(RequestTimeout|ConditionalRequestConflict)$/.test(error.name))
      return new StoreUnavailable(`the S3 store answers ${error.name}`, { cause: error });
    return new Error(`the S3 store refuses: ${error.name}: ${error.message}`, { cause: error });
  }

  #demandOpen(): void {
    if (!this.#isOpen) throw new StoreClosed();
  }
}

/** Whether the connection failed, not the store. */
const isNetwork = (error: unknown): boolean =>
  error instanceof Error && ('code' in error || error.name === 'TimeoutError');

/** The connection failed after the store had begun to answer; its cause is what it failed with. */
class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
}

/** The bytes of an answer. Throws `BrokenOff`. */
async function* bytesOf(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw isNetwork(error) ? new BrokenOff('the body broke off', { cause: error }) : error;
  }
}

/** Reads from `start` on, and from where it broke off. Requests without an answer have been tried again already. */
async function* resumed(
  start: number,
  read: (at: number) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let at = start;
  for (let failures = 0; ; ) {
    try {
      for await (const piece of read(at)) {
        at += piece.length;
        failures = 0;
        yield piece;
      }
      return;
    } catch (error) {
      if (!(error instanceof BrokenOff)) throw error;
      if (++failures > RESUMED) throw error.cause;
    }
  }
}

interface ObjectName {
  readonly Bucket: string;
  readonly Key: string;
}

/** Reads an object as if it were a file, in windows. */
class ObjectReader {
  readonly #client: S3Client;
  readonly #name: ObjectName;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;
  #size = 0;

  constructor(client: S3Client, name: ObjectName) {
    this.#client = client;
    this.#name = name;
  }

  async stat(): Promise<{ size: number }> {
    const { ContentLength = 0 } = await this.#client.send(new HeadObjectCommand(this.#name));
    this.#size = ContentLength;
    return { size: ContentLength };
  }

  async read(target: Uint8Array, offset: number, length: number, position: number) {
    if (position >= this.#size) return { bytesRead: 0 };
    const at = position - this.#windowAt;
    if (at < 0 || at >= this.#window.length) {
      const end = Math.min(this.#size, position + Math.max(length, WINDOW));
      const pieces: Uint8Array[] = [];
      for await (const piece of resumed(position, from => this.#range(from, end))) pieces.push(piece);
      this.#window = Buffer.concat(pieces);
      this.#windowAt = position;
      return this.#copy(target, offset, length, 0);
    }
    return this.#copy(target, offset, length, at);
  }

  async *#range(start: number, end: number): AsyncGenerator<Uint8Array> {
    const range = { ...this.#name, Range: `bytes=${start}-${end - 1}` };
    const { Body } = await this.#client.send(new GetObjectCommand(range));
    yield* bytesOf(Body as Readable);
  }

  #copy(target: Uint8Array, offset: number, length: number, at: number) {
    const part = this.#window.subarray(at, at + length);
    target.set(part, offset);
    return { bytesRead: part.length };
  }
}
