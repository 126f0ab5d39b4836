/** Where large bodies live: immutable, named by an id the store gives, verified on read. */
import { randomBytes } from 'node:crypto';

export interface StoredBlob {
  readonly id: string;
  /** Bytes. */
  readonly size: number;
}

export interface BlobInfo extends StoredBlob {
  /** When it was written, milliseconds since the epoch. */
  readonly modified: number;
}

/** What the id of a blob looks like. */
export const BLOB_ID = /^[0-9a-f]{32}$/;

/** An id that no blob has. */
export function newBlobId(): string {
  return randomBytes(16).toString('hex');
}

/** Stored bytes do not match their checksum: damage, never served. */
export class BlobDamaged extends Error {
  override readonly name = 'BlobDamaged';
}

/** No blob of that id. */
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';
}

export interface Blobs {
  /**
   * Writes a body and resolves once it is on disk; if the source throws, nothing stays behind and the
   * error passes through. Unreferenced until a KV commit names it. `id`: of a blob of another store, which comes with
   * the records that name it; else it gets one of its own.
   */
  write(source: AsyncIterable<Uint8Array>, id?: string): Promise<StoredBlob>;
  /**
   * The bytes from `start` (inclusive) to `end` (exclusive; default: the whole blob). Throws `BlobDamaged`
   * before a damaged block is yielded, `BlobMissing` where there is none.
   *
   * `segment`: bytes. The caller finds damage itself, segment by segment from the blob's beginning, and `start` is
   * where one begins: the blob's own checksums are not looked at, and whole segments are yielded. What was yielded
   * stands until the next is asked for.
   */
  read(id: string, start?: number, end?: number, segment?: number): AsyncIterable<Uint8Array>;
  /** Idempotent. */
  delete(id: string): Promise<void>;
  list(): AsyncIterable<BlobInfo>;
  close(): Promise<void>;
}
