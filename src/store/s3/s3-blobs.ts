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

/** Opens the store, and looks whether its bucket can be listed. Throws what S3 says where not. */
export async function openS3Blobs(options: S3BlobsOptions): Promise<Blobs> {
  const client = new S3Client({
    // A body is signed as it is, so the store checks it; a checksum of another kind would say no more.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
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
  readonly #writes = new Set<Promise<StoredBlob>>();
  #isOpen = true;

  constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async write(source: AsyncIterable<Uint8Array>, id = newBlobId()): Promise<StoredBlob> {
    this.#demandOpen();
    const write = this.#write(source, id);
    this.#writes.add(write);
    try {
      return await write;
    } finally {
      this.#writes.delete(write);
    }
  }

  async *read(id: string, start = 0, end?: number, segment?: number): AsyncIterable<Uint8Array> {
    this.#demandOpen();
    if (!BLOB_ID.test(id)) throw new BlobMissing(`no blob ${id}`);
    const name = this.#nameOf(id);
    try {
      if (segment !== undefined && start < (end ?? Number.POSITIVE_INFINITY))
        yield* this.#readSegments(name, start, end, segment);
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
    await Promise.allSettled(this.#writes);
    this.#client.destroy();
  }

  async #write(source: AsyncIterable<Uint8Array>, id: string): Promise<StoredBlob> {
    const name = this.#nameOf(id);
    const file = blockFile(source);
    const parts = gathered(file.bytes);
    const first = await parts.next();
    const second = await parts.next();
    if (first.done || second.done) {
      const Body = first.done ? new Uint8Array(0) : first.value;
      await this.#send(() => this.#client.send(new PutObjectCommand({ ...name, Body, IfNoneMatch: '*' })));
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
      const underWay = new Set<Promise<void>>();
      const send = (Body: Uint8Array): void => {
        const part: (typeof sent)[number] = { PartNumber: sent.length + 1, ETag: undefined };
        sent.push(part);
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
      const MultipartUpload = { Parts: sent };
      await this.#send(() =>
        this.#client.send(
          new CompleteMultipartUploadCommand({ ...upload, MultipartUpload, IfNoneMatch: '*' }),
        ),
      );
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
      throw error;
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
        body,
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
    if (!(error instanceof S3ServiceException)) {
      const isNetwork = error instanceof Error && ('code' in error || error.name === 'TimeoutError');
      return isNetwork ? new StoreUnavailable('the S3 store does not answer', { cause: error }) : error;
    }
    const status = error.$metadata.httpStatusCode ?? 500;
    // An answer to HEAD has no code.
    if (id !== undefined && status === 404 && error.name !== 'NoSuchBucket')
      return new BlobMissing(`no blob ${id}`);
    if (status === 416) return new RangeError(`the blob ${id} has no such bytes`);
    if (status >= 500 || status === 429)
      return new StoreUnavailable(`the S3 store answers ${error.name}`, { cause: error });
    return new Error(`the S3 store refuses: ${error.name}: ${error.message}`, { cause: error });
  }

  #demandOpen(): void {
    if (!this.#isOpen) throw new StoreClosed();
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
      const last = Math.min(this.#size, position + Math.max(length, WINDOW)) - 1;
      const { Body } = await this.#client.send(
        new GetObjectCommand({ ...this.#name, Range: `bytes=${position}-${last}` }),
      );
      this.#window = await Body!.transformToByteArray();
      this.#windowAt = position;
      return this.#copy(target, offset, length, 0);
    }
    return this.#copy(target, offset, length, at);
  }

  #copy(target: Uint8Array, offset: number, length: number, at: number) {
    const part = this.#window.subarray(at, at + length);
    target.set(part, offset);
    return { bytesRead: part.length };
  }
}
