import { contended } from '../../core/s3-errors.js';
import { OVERTAKEN, untilCommitted } from '../../store/retry.js';
import { type Checksum, type ChecksumAlgorithm, type Digested, Digesting } from '../bodies/checksums.js';
import { ContentGone, type Contents } from '../bodies/content.js';
import type { Buckets } from '../buckets/buckets.js';
import type { Cause } from '../events/events.js';
import type { Bucket, Encryption, ObjectAttributes, ObjectRecord } from '../records.js';
import type { Versions } from './versions.js';
import type { WriteConditions } from './write-conditions.js';

/** A version as it was found. */
export interface CopySource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly record: ObjectRecord;
  /** Of an encrypted version. */
  readonly dataKey?: Uint8Array | undefined;
}

export interface CopyTarget extends WriteConditions {
  readonly bucket: Bucket;
  readonly key: string;
  readonly attributes: ObjectAttributes;
  /** The checksum that the copy is to have; by default the source's. */
  readonly algorithm?: ChecksumAlgorithm | undefined;
  /** How the copy is to be encrypted. */
  readonly encryption?: Encryption | undefined;
  readonly dataKey?: Uint8Array | undefined;
  readonly cause?: Cause | undefined;
}

interface Stores {
  readonly buckets: Buckets;
  readonly contents: Contents;
  readonly versions: Versions;
}

/**
 * Copies a version without moving its bytes: both refer to the same blobs, which never change. Only where the copy has
 * an encryption of its own are they rewritten: under SSE-KMS, SSE-C, or another than the source's. A copy is one whole
 * object: where the source was uploaded in parts, its bytes are read once for an MD5 of the whole. Throws `ContentGone`
 * where the source is gone by now, and what `Versions.commit` throws.
 */
export async function copyVersion(
  stores: Stores,
  source: CopySource,
  target: CopyTarget,
): Promise<ObjectRecord> {
  const { buckets, contents, versions } = stores;
  const { record } = source;
  if (record.encryption?.kind !== target.encryption?.kind || !isShareable(record)) {
    return rewritten(stores, source, target);
  }
  const digests = await digestsOf(contents, source, target.algorithm);
  return await untilCommitted(async again => {
    const bucket = again ? await buckets.again(target.bucket) : target.bucket;
    const now = await versions.whereIs(await buckets.again(source.bucket), source.key, record);
    if (!now) throw new ContentGone('the source of the copy is gone');
    const copy = await versions.commitOnce(
      bucket,
      target.key,
      {
        record: {
          ...target.attributes,
          ...digests,
          size: record.size,
          encryption: record.encryption,
        },
        cause: target.cause,
        place: id => contents.share(source.bucket.id, record, bucket.id, id),
        checks: [{ key: now.key, version: now.stored }],
      },
      target,
    );
    return copy ?? OVERTAKEN;
  }, contended);
}

/** Under SSE-S3 the seed of the data key goes along; a wrapped one opens for its object alone. */
function isShareable({ encryption }: ObjectRecord): boolean {
  return encryption === undefined || (encryption.kind === 'AES256' && encryption.seed !== undefined);
}

async function rewritten(
  { contents, versions }: Stores,
  { bucket, record, dataKey }: CopySource,
  target: CopyTarget,
): Promise<ObjectRecord> {
  const content = await contents.read(bucket.id, record, { dataKey });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    if (content instanceof Uint8Array) yield content;
    else yield* content;
  }
  const body = { length: record.size, trailers: new Map(), [Symbol.asyncIterator]: chunks };
  const integrity = { algorithm: target.algorithm ?? record.checksum.algorithm };
  const received = await contents.receive(body, record.size, integrity, { dataKey: target.dataKey });
  const attributes = { ...target.attributes, encryption: target.encryption };
  return versions.put(target.bucket, target.key, attributes, received, target, target.cause);
}

async function digestsOf(
  contents: Contents,
  { bucket, record, dataKey }: CopySource,
  algorithm: ChecksumAlgorithm = record.checksum.algorithm,
): Promise<{ readonly etag: string; readonly checksum: Checksum }> {
  const { etag, checksum } = record;
  const isWhole = !etag.includes('-') && checksum.type === 'FULL_OBJECT';
  if (isWhole && checksum.algorithm === algorithm) return { etag, checksum };
  const body = await contents.read(bucket.id, record, { dataKey });
  const whole = await digested(body, await Digesting.of({ algorithm }), record.size);
  return { etag: whole.md5.toString('hex'), checksum: whole.checksum };
}

async function digested(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  digesting: Digesting,
  size: number,
): Promise<Digested> {
  if (body instanceof Uint8Array) return digesting.whole(body, new Map());
  const digests = digesting.open(size);
  try {
    for await (const chunk of body) await digests.update(chunk);
    return digesting.check(await digests.finish(), new Map());
  } finally {
    digests.abandon();
  }
}
