import type { Clock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import type { RequestBody } from '../../core/http-message.js';
import { contended, s3Errors } from '../../core/s3-errors.js';
import { Slices } from '../../core/slices.js';
import {
  type Item,
  type Key,
  type Kv,
  under,
  ValueDamaged,
  type Version,
  type Write,
} from '../../store/kv.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import {
  type ChecksumAlgorithm,
  type ChecksumType,
  DEFAULT_ALGORITHM,
  type Integrity,
  multipartETag,
} from '../bodies/checksums.js';
import type { Contents } from '../bodies/content.js';
import { type Buckets, checkOf } from '../buckets/buckets.js';
import type { Cause } from '../events/events.js';
import {
  type Bucket,
  blobReferenceKey,
  contentKey,
  EMPTY,
  type Encryption,
  endedUploadKey,
  type ObjectAttributes,
  type ObjectRecord,
  type Part,
  type PartRecord,
  partKey,
  partLists,
  partRecords,
  type UploadRecord,
  uploadKey,
  uploadRecords,
} from '../records.js';
import type { Garbage } from '../upkeep/garbage.js';
import { etagOf } from '../versions/candidate.js';
import { uploadId } from '../versions/version-id.js';
import type { Versions } from '../versions/versions.js';
import type { WriteConditions } from '../versions/write-conditions.js';
import {
  type Completion,
  checksumTypeOf,
  chosenParts,
  demandChecksumType,
  demandPartAlgorithm,
  demandWhole,
} from './completion.js';

export interface NewUpload extends ObjectAttributes {
  /** ARN of who begins it. */
  readonly initiator: string;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  readonly checksumType?: ChecksumType | undefined;
  readonly encryption?: Encryption | undefined;
}

/** Parts that are read, or dropped, in one piece: of many, a commit would keep the others waiting. */
const AT_ONCE = 500;

const NONE: ReadonlySet<string> = new Set();

interface StoredUpload extends UploadRecord {
  readonly stored: Version;
}

interface StoredPart extends PartRecord {
  readonly stored: Version;
}

/** A page of the parts of an upload. */
interface PartPage {
  readonly parts: readonly PartRecord[];
  readonly more: boolean;
}

/** Multipart uploads that are neither completed nor aborted. A part is a blob, and stays one in the object. */
export class Uploads {
  readonly #kv: Kv;
  readonly #clock: Clock;
  readonly #buckets: Buckets;
  readonly #contents: Contents;
  readonly #versions: Versions;
  readonly #garbage: Garbage;

  constructor(stores: {
    readonly kv: Kv;
    readonly clock: Clock;
    readonly buckets: Buckets;
    readonly contents: Contents;
    readonly versions: Versions;
    readonly garbage: Garbage;
  }) {
    this.#kv = stores.kv;
    this.#clock = stores.clock;
    this.#buckets = stores.buckets;
    this.#contents = stores.contents;
    this.#versions = stores.versions;
    this.#garbage = stores.garbage;
  }

  /** Begins an upload; answers its id. Throws InvalidRequest for a checksum type that the algorithm cannot have. */
  async create(
    bucket: Bucket,
    key: string,
    { algorithm, checksumType, ...upload }: NewUpload,
  ): Promise<{ id: string; upload: UploadRecord }> {
    const before = await this.#versions.find(bucket, key);
    const record: UploadRecord = {
      ...upload,
      initiated: this.#clock.now(),
      onto: before && !before.marker ? before.id : null,
      algorithm: algorithm ?? DEFAULT_ALGORITHM,
      checksumType: checksumTypeOf(algorithm, checksumType),
      checksumAsked: algorithm !== undefined,
    };
    const id = uploadId(record.initiated, key);
    const write = { key: uploadKey(bucket.id, key, id), value: uploadRecords.encode(record) };
    return await this.#buckets.commitIn(bucket, async now =>
      (await this.#kv.commit([checkOf(now)], [write])) ? { id, upload: record } : OVERTAKEN,
    );
  }

  /** An upload that is neither completed nor aborted. */
  async find(bucket: Bucket, key: string, id: string): Promise<UploadRecord | undefined> {
    return this.#find(bucket, key, id);
  }

  /** An upload; undefined once it is completed, as long as its object is current. Throws NoSuchUpload. */
  async known(bucket: Bucket, key: string, id: string): Promise<UploadRecord | undefined> {
    const upload = await this.#find(bucket, key, id);
    if (!upload) await this.#completedBefore(bucket, key, id);
    return upload;
  }

  /** Throws NoSuchUpload. */
  async get(bucket: Bucket, key: string, id: string): Promise<UploadRecord> {
    return this.#get(bucket, key, id);
  }

  /**
   * Takes in a part, in place of an earlier one of its number. `length`: bytes that the client declared.
   * Throws NoSuchUpload; InvalidRequest for another checksum than the upload's; what `Contents.receive` throws.
   */
  async putPart(
    bucket: Bucket,
    key: string,
    id: string,
    number: number,
    body: RequestBody,
    length: number | undefined,
    integrity: Integrity,
    dataKey?: Uint8Array,
  ): Promise<PartRecord> {
    const upload = await this.#get(bucket, key, id);
    demandPartAlgorithm(upload, integrity.algorithm);
    if (upload.encryption && !dataKey)
      throw new TypeError('a part of an encrypted upload takes its data key');
    const receiving = { dataKey, asBlob: true };
    const received = await this.#contents.receive(
      body,
      length,
      { ...integrity, keep: upload.algorithm },
      receiving,
    );
    const { stored } = received;
    if (!('blob' in stored)) throw new TypeError('a part is a blob');
    const part: PartRecord = {
      number,
      size: received.size,
      blob: stored.blob,
      salt: stored.salt,
      etag: etagOf(received, upload.encryption),
      checksum: received.checksum.value,
      modified: this.#clock.now(),
    };
    try {
      await this.#storePart(bucket, key, id, part);
      return part;
    } catch (error) {
      this.#contents.abandon(stored, error);
      throw error;
    }
  }

  async #storePart(bucket: Bucket, key: string, id: string, part: PartRecord): Promise<void> {
    const rowKey = partKey(id, part.number);
    await untilCommitted(async () => {
      const upload = await this.#get(bucket, key, id);
      const entry = await this.#kv.get(rowKey).catch(ifDamaged);
      const replaced = entry && 'value' in entry ? partRecords.decode(entry.value) : undefined;
      const checks = [
        { key: uploadKey(bucket.id, key, id), version: upload.stored },
        { key: rowKey, version: entry?.version },
      ];
      const writes: Write[] = [
        { key: rowKey, value: partRecords.encode(part) },
        { key: blobReferenceKey(part.blob, id), value: EMPTY },
      ];
      if (replaced) writes.push({ key: blobReferenceKey(replaced.blob, id), value: undefined });
      if (upload.completing) {
        const { stored: _, completing: __, ...open } = upload;
        writes.push(uploadRow(bucket, key, id, open));
      }
      if (!(await this.#kv.commit(checks, writes))) return OVERTAKEN;
      if (replaced) this.#garbage.discard([replaced.blob]);
      return undefined;
    }, contended);
  }

  /** The parts behind number `after`. Throws NoSuchUpload. */
  async listParts(bucket: Bucket, key: string, id: string, after: number, limit: number): Promise<PartPage> {
    await this.#get(bucket, key, id);
    const { end } = under(['part', id]);
    const rows = await this.#kv.list({ start: partKey(id, after + 1), end, limit: limit + 1 });
    return {
      parts: rows.slice(0, limit).map(row => partRecords.decode(row.value)),
      more: rows.length > limit,
    };
  }

  /**
   * Makes the object of the named parts; no byte of them is moved. Done again, it answers the same as long as
   * the object stands. Throws NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, BadDigest,
   * InvalidRequest, and what `Versions.commit` throws.
   */
  async complete(
    bucket: Bucket,
    key: string,
    id: string,
    completion: Completion,
    conditions: WriteConditions,
    cause?: Cause,
  ): Promise<ObjectRecord> {
    return await untilCommitted(async again => {
      const now = again ? await this.#buckets.again(bucket) : bucket;
      const found = await this.#find(bucket, key, id);
      if (!found) return this.#completedBefore(bucket, key, id);
      const many = completion.parts.length > AT_ONCE;
      const upload = many ? await this.#closed(bucket, key, id, found) : found;
      if (!upload) return OVERTAKEN;
      const stored = await this.#parts(id);
      demandChecksumType(upload, completion);
      const parts = chosenParts(id, upload, completion, stored);
      const checksum = await demandWhole(upload, completion, parts);
      const rowKey = uploadKey(bucket.id, key, id);
      const record = await this.#versions.commitOnce(
        now,
        key,
        {
          record: {
            ...attributesOf(upload),
            encryption: upload.encryption,
            size: parts.reduce((sum, part) => sum + part.size, 0),
            etag: multipartETag(parts),
            checksum,
            upload: id,
          },
          cause,
          place: version => placeParts(bucket.id, version, parts),
          checks: [
            { key: rowKey, version: upload.stored },
            ...(many ? [] : parts.map(part => ({ key: partKey(id, part.number), version: part.stored }))),
          ],
          writes: endOf(rowKey, id, stored),
        },
        { ...conditions, onto: upload.onto },
      );
      if (!record) return OVERTAKEN;
      const used = new Set(parts.map(part => part.blob));
      if (stored.length <= AT_ONCE) this.#discard(stored, used);
      await this.#clear(id, stored.length > AT_ONCE, used);
      return record;
    }, contended);
  }

  /**
   * Drops an upload and its parts, whole or damaged. Without effect on one that is completed, as long as its object is
   * current (boto3's integration test test_s3_multipart relies on that). Throws NoSuchUpload.
   */
  async abort(bucket: Bucket, key: string, id: string): Promise<void> {
    const rowKey = uploadKey(bucket.id, key, id);
    await untilCommitted(async () => {
      const upload = await this.#kv.get(rowKey).catch(ifDamaged);
      if (!upload) {
        await this.#completedBefore(bucket, key, id);
        return undefined;
      }
      const { parts, damaged } = await this.#someParts(id);
      const whole = parts.length + damaged.length <= AT_ONCE;
      const writes = [...endOf(rowKey, id, whole ? parts : undefined), ...(whole ? dropRows(damaged) : [])];
      if (!(await this.#kv.commit([{ key: rowKey, version: upload.version }], writes))) return OVERTAKEN;
      if (whole) this.#garbage.discard(parts.map(part => part.blob));
      return await this.#clear(id, !whole);
    }, contended);
  }

  /** Drops every upload of a bucket in which nothing can be begun any more. */
  async abortAll(bucket: Bucket): Promise<void> {
    for (;;) {
      const keys: Key[] = [];
      const damaged = (key: Key) => keys.push(key);
      const rows = await this.#kv.list({ ...under(['upload', bucket.id]), limit: 100, damaged });
      keys.push(...rows.map(({ key }) => key));
      if (keys.length === 0) return;
      for (const key of keys)
        await this.abort(bucket, key[2] as string, key[3] as string).catch(ifNoSuchUpload);
    }
  }

  /**
   * The upload with a note that it is being completed: any part that is put from then on changes it, so that nothing
   * has to be checked but that. Undefined where it was changed meanwhile.
   */
  async #closed(
    bucket: Bucket,
    key: string,
    id: string,
    { stored, ...upload }: StoredUpload,
  ): Promise<StoredUpload | undefined> {
    const write = uploadRow(bucket, key, id, { ...upload, completing: true });
    await this.#kv.commit([{ key: write.key, version: stored }], [write]);
    const closed = await this.#find(bucket, key, id);
    return closed?.completing ? closed : undefined;
  }

  #discard(parts: readonly PartRecord[], used: ReadonlySet<string> = NONE): void {
    this.#garbage.discard(parts.map(part => part.blob).filter(blob => !used.has(blob)));
  }

  /** Goes on dropping the parts of uploads that ended before a crash. */
  async recover(): Promise<void> {
    for (;;) {
      const ended = await this.#kv.list({ ...under(['ended-upload']), limit: 100 });
      if (ended.length === 0) return;
      for (const { key } of ended) await this.#clear(key[1] as string, true);
    }
  }

  /**
   * Drops the parts of an upload that has ended, with those that were put while it went: no commit adds to them any
   * more. Some at a time, so that other commits have their turn. `noted`: whether its end was noted for that. `used`:
   * blobs that go on.
   */
  async #clear(id: string, noted: boolean, used?: ReadonlySet<string>): Promise<void> {
    for (;;) {
      const { parts, damaged } = await this.#someParts(id);
      const count = parts.length + damaged.length;
      const last = noted && count <= AT_ONCE ? [{ key: endedUploadKey(id), value: undefined }] : [];
      if (count + last.length === 0) return;
      await this.#kv.commit([], [...dropParts(id, parts), ...dropRows(damaged), ...last]);
      this.#discard(parts, used);
      if (count <= AT_ONCE) return;
    }
  }

  /** The first parts of an upload: more than `AT_ONCE`, if there are as many. */
  async #someParts(id: string): Promise<{ parts: StoredPart[]; damaged: Key[] }> {
    const damaged: Key[] = [];
    const range = { ...under(['part', id]), limit: AT_ONCE + 1, damaged: (part: Key) => damaged.push(part) };
    return { parts: (await this.#kv.list(range)).map(storedPart), damaged };
  }

  /** A client that did not hear the answer asks again. */
  async #completedBefore(bucket: Bucket, key: string, id: string): Promise<ObjectRecord> {
    const version = await this.#versions.find(bucket, key);
    return version && !version.marker && version.upload === id ? version : noSuchUpload(id);
  }

  /** All of them, in order. Throws `ValueDamaged`. */
  async #parts(id: string): Promise<StoredPart[]> {
    const slices = new Slices(id);
    const { end } = under(['part', id]);
    const parts: StoredPart[] = [];
    for (;;) {
      const start = partKey(id, (parts.at(-1)?.number ?? 0) + 1);
      const rows = await this.#kv.list({ start, end, limit: AT_ONCE });
      parts.push(...rows.map(storedPart));
      if (rows.length < AT_ONCE) return parts;
      await slices.pause();
    }
  }

  async #get(bucket: Bucket, key: string, id: string): Promise<StoredUpload> {
    return (await this.#find(bucket, key, id)) ?? noSuchUpload(id);
  }

  async #find(bucket: Bucket, key: string, id: string): Promise<StoredUpload | undefined> {
    const entry = await this.#kv.get(uploadKey(bucket.id, key, id));
    return entry && { ...uploadRecords.decode(entry.value), stored: entry.version };
  }
}

function uploadRow(bucket: Bucket, key: string, id: string, upload: UploadRecord): Write {
  return { key: uploadKey(bucket.id, key, id), value: uploadRecords.encode(upload) };
}

function storedPart({ value, version }: Item): StoredPart {
  return { ...partRecords.decode(value), stored: version };
}

/** Ends an upload, with its parts, or, where they are many, leaves a note that they are to be dropped. */
function endOf(rowKey: Key, id: string, parts: readonly PartRecord[] | undefined): Write[] {
  const end: Write = { key: rowKey, value: undefined };
  if (parts !== undefined && parts.length <= AT_ONCE) return [end, ...dropParts(id, parts)];
  return [end, { key: endedUploadKey(id), value: EMPTY }];
}

function ifNoSuchUpload(error: unknown): void {
  if (!(error instanceof ApiError) || error.code !== 'NoSuchUpload') throw error;
}

/** For what is replaced or deleted without being read. */
function ifDamaged(error: unknown): Pick<ValueDamaged, 'version'> {
  if (error instanceof ValueDamaged) return { version: error.version };
  throw error;
}

function noSuchUpload(id: string): never {
  throw s3Errors.NoSuchUpload({ members: { UploadId: id } });
}

function attributesOf(upload: UploadRecord): ObjectAttributes {
  const { headers, metadata, tags, storageClass, retention, legalHold, owner, acl } = upload;
  return { headers, metadata, tags, storageClass, retention, legalHold, owner, acl };
}

function placeParts(bucket: string, version: string, parts: readonly StoredPart[]) {
  const list = parts.map(({ stored: _, modified: __, ...part }): Part => part);
  const references = parts.map(({ blob }) => ({ key: blobReferenceKey(blob, version) as Key, value: EMPTY }));
  return {
    content: { kind: 'parts' as const, count: parts.length },
    writes: [{ key: contentKey(bucket, version), value: partLists.encode(list) }, ...references],
  };
}

const dropRows = (rows: readonly Key[]): Write[] => rows.map(key => ({ key, value: undefined }));

function dropParts(id: string, parts: readonly PartRecord[]): Write[] {
  return parts.flatMap(({ number, blob }) => [
    { key: partKey(id, number), value: undefined },
    { key: blobReferenceKey(blob, id), value: undefined },
  ]);
}
