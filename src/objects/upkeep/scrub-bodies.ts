/** Whether the bytes of a version or a part are there, whole and authentic. */

import { crc32 } from '../../core/crc32.js';
import type { Blobs } from '../../store/blobs.js';
import { type Kv, under } from '../../store/kv.js';
import { BodyKey, storedSize } from '../bodies/encryption.js';
import { type OwnKeys, ownerOf } from '../bodies/own-keys.js';
import {
  type BucketRecord,
  blobReferenceKey,
  contentKey,
  type Encryption,
  type ObjectRecord,
  type Part,
  partLists,
} from '../records.js';

/** What is stored is not what was written, or does not fit together. The message says what. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** A body in a blob. `size`: bytes before encryption. */
type BlobBody = Pick<Part, 'blob' | 'size' | 'salt'>;

interface BodyScrub {
  readonly kv: Kv;
  readonly blobs: Blobs;
  /** Of objects under SSE-S3; without them, only the checksums of encrypted bodies are looked at. */
  readonly keys: OwnKeys | undefined;
  /** Hears of the bytes that were read, and may take its time. */
  readonly read: (bytes: number) => Promise<void> | void;
  /** Hears of each encrypted body whose key is not the server's own, or not at hand. */
  readonly sealed: () => void;
}

/** Reads bodies and compares them with what is known of them. */
export class Bodies {
  readonly #scrub: BodyScrub;
  /** Blobs that several versions have in common and that were found whole: read once. */
  readonly #whole = new Set<string>();

  constructor(scrub: BodyScrub) {
    this.#scrub = scrub;
  }

  /** Throws `Damaged`, or what the stores throw for what cannot be read. */
  async checkVersion(bucket: BucketRecord, key: string, record: ObjectRecord): Promise<void> {
    const { id, content, encryption, salt, size } = record;
    const dataKey = await this.#dataKey(bucket, key, encryption);
    if (content.kind === 'blob') {
      await this.checkBlob({ blob: content.blob, size, salt }, id, encryption, dataKey);
      return;
    }
    const stored = (await this.#scrub.kv.get(contentKey(bucket.id, id)))?.value;
    if (stored === undefined) throw new Damaged('its body is missing');
    if (content.kind === 'inline') {
      await this.#scrub.read(stored.length);
      if (crc32(stored) !== content.crc) throw new Damaged('its body does not match its checksum');
      demandSize(stored.length, size, encryption, salt);
      if (dataKey) new BodyKey(dataKey, salt).decryptBytes(stored);
      return;
    }
    const parts = partLists.decode(stored);
    const total = parts.reduce((sum, part) => sum + part.size, 0);
    if (parts.length !== content.count || total !== size)
      throw new Damaged('its list of parts is not its own');
    for (const part of parts) await this.checkBlob(part, id, encryption, dataKey);
  }

  /** As `checkVersion`, for a part of an unfinished upload. `dataKey`: see `uploadKey`. */
  async checkBlob(
    { blob, size, salt }: BlobBody,
    owner: string,
    encryption: Encryption | undefined,
    dataKey: Uint8Array | undefined,
  ): Promise<void> {
    const { kv, blobs } = this.#scrub;
    if ((await kv.get(blobReferenceKey(blob, owner))) === undefined) {
      throw new Damaged(`nothing keeps its blob ${blob} from being deleted`);
    }
    if (this.#whole.has(blob)) return;
    let length = 0;
    const counted = this.#counted(blobs.read(blob), bytes => {
      length += bytes;
    });
    const plain = dataKey ? new BodyKey(dataKey, salt).decrypt(counted, 0, size) : counted;
    for await (const _ of plain);
    demandSize(length, size, encryption, salt);
    if (!encryption && (await kv.list({ ...under(['blob', blob]), limit: 2 })).length > 1)
      this.#whole.add(blob);
  }

  /** The data key of parts of an unfinished upload, where it is the server's own. */
  partsKey(bucket: BucketRecord, key: string, encryption: Encryption | undefined) {
    return this.#dataKey(bucket, key, encryption);
  }

  async #dataKey(
    bucket: BucketRecord,
    key: string,
    encryption: Encryption | undefined,
  ): Promise<Uint8Array | undefined> {
    if (!encryption) return undefined;
    const { keys, sealed } = this.#scrub;
    if (encryption.kind === 'AES256' && keys) return keys.open(ownerOf(bucket.id, key), encryption);
    sealed();
    return undefined;
  }

  async *#counted(
    source: AsyncIterable<Uint8Array>,
    count: (bytes: number) => void,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      count(chunk.length);
      await this.#scrub.read(chunk.length);
      yield chunk;
    }
  }
}

function demandSize(
  stored: number,
  size: number,
  encryption: Encryption | undefined,
  salt: Uint8Array | undefined,
): void {
  const layers = encryption === undefined ? 0 : encryption.kind === 'aws:kms:dsse' ? 2 : 1;
  const expected = storedSize(size, layers, salt);
  if (stored !== expected) throw new Damaged(`its body has ${stored} bytes in place of ${expected}`);
}
