/** Puts an exported bucket into S3, through the API, as the caller. */
import { Readable } from 'node:stream';
import {
  type AccessControlPolicy,
  type BucketLocationConstraint,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { Clock } from '../../core/clock.js';
import { gathered } from '../../core/http-message.js';
import { bucketAcl, givenBy, type Owners } from './acl.js';
import {
  BUCKET_FILE,
  type BucketFile,
  END_FILE,
  type EndFile,
  type Entry,
  type FailedVersion,
  FORMAT,
  FORMAT_VERSION,
  problemOf,
  readJson,
  type VersionRecord,
} from './archive.js';
import { checksumOf, isMultipart, type Listed, type Transfer, versionsOf } from './export.js';
import { Pieces } from './pieces.js';
import { type FailedSetting, prepareSettings, writeSettings } from './settings-transfer.js';

export interface ImportOptions {
  /** Default: the name that it had. */
  readonly bucket?: string | undefined;
  readonly region: string;
  /** Retention that is over by it is left out: S3 takes none. */
  readonly clock: Clock;
  /** For objects under SSE-KMS; default: the account's key for S3. */
  readonly kmsKeyId?: string | undefined;
  readonly progress?: (done: Transfer) => void;
}

export interface ImportReport extends Transfer {
  readonly bucket: string;
  /** Versions that were there already, from an earlier run. */
  readonly earlier: number;
  readonly failedSettings: readonly FailedSetting[];
  /** Versions that are there without their lists, and so open to their owner alone. */
  readonly failedAcls: readonly FailedVersion[];
}

/** Largest body of one PutObject, and the size of parts where those of an upload are not known; bytes. */
const LARGEST_PUT = 5 * 1024 ** 3;
const PART = 512 * 1024 ** 2;
/** Bodies up to here are held in memory, so that what fails is tried again. */
const IN_MEMORY = 8 * 1024 ** 2;

/**
 * Makes the bucket of an archive, or goes on with one that an earlier run began: versions that are there are left as
 * they are. Version ids and times are new. Throws what S3 answers, and where the archive is incomplete or another body
 * arrived than went out.
 */
export async function importBucket(
  s3: S3Client,
  entries: AsyncIterable<Entry>,
  options: ImportOptions,
): Promise<ImportReport> {
  let work: Import | undefined;
  let record: VersionRecord | undefined;
  let end: EndFile | undefined;
  for await (const entry of entries) {
    if (entry.name === BUCKET_FILE)
      work = await Import.begin(s3, bucketFileOf(await readJson(entry)), options);
    else if (entry.name === END_FILE) end = (await readJson(entry)) as EndFile;
    else if (!work) throw new Error(`the archive does not begin with ${BUCKET_FILE}`);
    else if (entry.name.endsWith('.json')) {
      record = (await readJson(entry)) as VersionRecord;
      if (record.deleteMarker) await work.version(record, undefined);
    } else if (record) await work.version(record, entry);
  }
  if (!work || !end) throw new Error('the archive is incomplete: run the export again');
  return work.finish(end);
}

function bucketFileOf(value: unknown): BucketFile {
  const file = value as BucketFile;
  if (file.format !== FORMAT) throw new Error('this is no export of a bucket');
  if (file.version !== FORMAT_VERSION) throw new Error(`format ${file.version} of exports is not known here`);
  return file;
}

class Import {
  readonly #s3: S3Client;
  readonly #file: BucketFile;
  readonly #options: ImportOptions;
  readonly #bucket: string;
  /** Whether an earlier run may have put something there. */
  readonly #began: boolean;
  #versioning: string | undefined;
  #owners: Promise<Owners> | undefined;
  #key: string | undefined;
  /** Of the key at hand, what was there before, the oldest first. */
  #there: Listed[] = [];
  #seen = 0;
  #earlier = 0;
  #bytes = 0;
  readonly #failedAcls: FailedVersion[] = [];

  private constructor(
    s3: S3Client,
    file: BucketFile,
    options: ImportOptions,
    bucket: string,
    began: boolean,
  ) {
    this.#s3 = s3;
    this.#file = file;
    this.#options = options;
    this.#bucket = bucket;
    this.#began = began;
  }

  static async begin(s3: S3Client, file: BucketFile, options: ImportOptions): Promise<Import> {
    const Bucket = options.bucket ?? file.bucket;
    const began = await s3.send(new HeadBucketCommand({ Bucket })).then(
      () => true,
      () => false,
    );
    if (!began) {
      const { region } = options;
      // In another region than it was, the old name says nothing.
      const location = region === 'eu-west-1' ? (file.oldLocation ?? region) : region;
      await s3.send(
        new CreateBucketCommand({
          Bucket,
          ObjectLockEnabledForBucket: file.settings['objectLock'] !== undefined,
          ...(region !== 'us-east-1' && {
            CreateBucketConfiguration: { LocationConstraint: location as BucketLocationConstraint },
          }),
        }),
      );
    }
    await prepareSettings(s3, Bucket, file.settings);
    return new Import(s3, file, options, Bucket, began);
  }

  /** `body`: absent for a delete marker. */
  async version(record: VersionRecord, body: Entry | undefined): Promise<void> {
    if (record.key !== this.#key) {
      this.#key = record.key;
      this.#there = this.#began ? await this.#versionsThere(record.key) : [];
    }
    this.#seen++;
    const next = this.#there[0];
    if (next && (await this.#isSame(record, next))) {
      this.#there.shift();
      this.#earlier++;
      await this.#putAcl(record, next.versionId);
    } else {
      await this.#setVersioning(record.versionId === 'null' ? 'Suspended' : 'Enabled');
      if (body) await this.#putAcl(record, await this.#put(record, body));
      else await this.#s3.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: record.key }));
      this.#bytes += record.size;
    }
    this.#options.progress?.({ versions: this.#seen, bytes: this.#bytes });
  }

  /** Throws where versions are missing in the archive. */
  async finish({ versions }: EndFile): Promise<ImportReport> {
    if (versions !== this.#seen)
      throw new Error(`the archive has ${this.#seen} versions in place of ${versions}`);
    if (this.#file.versioning) await this.#setVersioning(this.#file.versioning);
    const { kmsKeyId } = this.#options;
    const failedSettings = await writeSettings(this.#s3, this.#bucket, this.#file.settings, { kmsKeyId });
    return {
      ...{ bucket: this.#bucket, versions, bytes: this.#bytes, earlier: this.#earlier },
      ...{ failedSettings, failedAcls: this.#failedAcls },
    };
  }

  async #versionsThere(key: string): Promise<Listed[]> {
    const found: Listed[] = [];
    for await (const version of versionsOf(this.#s3, this.#bucket, key))
      if (version.key === key) found.push(version);
    return found;
  }

  async #isSame(record: VersionRecord, there: Listed): Promise<boolean> {
    if (record.deleteMarker) return there.size === undefined;
    if (there.size !== record.size) return false;
    if (there.etag === record.etag) return true;
    const { key: Key, versionId: VersionId } = there;
    const head = await this.#s3.send(
      new HeadObjectCommand({ Bucket: this.#bucket, Key, VersionId, ChecksumMode: 'ENABLED' }),
    );
    return record.checksum !== undefined && checksumOf(head)?.value === record.checksum.value;
  }

  /** A null version is one that was put while versioning was suspended, or never enabled. */
  async #setVersioning(Status: 'Enabled' | 'Suspended'): Promise<void> {
    if (!this.#file.versioning) return;
    this.#versioning ??= this.#began ? await this.#versioningThere() : undefined;
    if (this.#versioning === Status) return;
    const VersioningConfiguration = { Status };
    await this.#s3.send(new PutBucketVersioningCommand({ Bucket: this.#bucket, VersioningConfiguration }));
    this.#versioning = Status;
  }

  async #versioningThere(): Promise<string | undefined> {
    return (await this.#s3.send(new GetBucketVersioningCommand({ Bucket: this.#bucket }))).Status;
  }

  /** Also of a version that was there: an earlier run may have ended before its list. */
  async #putAcl({ key: Key, versionId, acl }: VersionRecord, VersionId: string | undefined): Promise<void> {
    if (!acl) return;
    this.#owners ??= this.#readOwners();
    const AccessControlPolicy = givenBy(acl, await this.#owners);
    await this.#s3
      .send(new PutObjectAclCommand({ Bucket: this.#bucket, Key, VersionId, AccessControlPolicy }))
      .catch(error => this.#failedAcls.push({ key: Key, versionId, problem: problemOf(error) }));
  }

  async #readOwners(): Promise<Owners> {
    const before = this.#file.settings['acl'] as AccessControlPolicy;
    const now = await bucketAcl(this.#s3, this.#bucket);
    return { before: before.Owner!.ID!, now: now.Owner!.ID! };
  }

  /** Answers the id of the new version. */
  async #put(record: VersionRecord, { size, body }: Entry): Promise<string | undefined> {
    if (size !== record.size)
      throw new Error(`the body of ${record.key} has ${size} bytes in place of ${record.size}`);
    const target = { Bucket: this.#bucket, Key: record.key, ...this.#members(record) };
    if (isMultipart(record.etag) || size > LARGEST_PUT) return this.#putParts(record, target, body);
    const { VersionId } = await this.#s3.send(
      new PutObjectCommand({
        ...target,
        ...wholeChecksum(record),
        ContentLength: size,
        Body: await sendable(body, size),
      }),
    );
    return VersionId;
  }

  async #putParts(
    record: VersionRecord,
    target: PutObjectCommandInput,
    body: AsyncIterable<Uint8Array>,
  ): Promise<string | undefined> {
    const { Bucket, Key } = target;
    const { checksum } = record;
    const algorithm = checksum && { ChecksumAlgorithm: checksum.algorithm, ChecksumType: checksum.type };
    const { UploadId } = await this.#s3.send(
      new CreateMultipartUploadCommand({ ...target, ...algorithm } as never),
    );
    const upload = { Bucket, Key, UploadId };
    const bytes = new Pieces(body);
    const Parts: CompletedPart[] = [];
    for (const { size, checksum: value } of record.parts ?? evenParts(record.size)) {
      const PartNumber = Parts.length + 1;
      const sum = checksum && value ? { [`Checksum${checksum.algorithm}`]: value } : {};
      const part = new UploadPartCommand({
        ...upload,
        PartNumber,
        ...(checksum && { ChecksumAlgorithm: checksum.algorithm as 'CRC32' }),
        ...sum,
        ContentLength: size,
        Body: await sendable(bytes.take(size), size),
      });
      const answer = await this.#s3.send(part);
      const answered = checksumOf(answer);
      Parts.push({
        PartNumber,
        ETag: answer.ETag,
        ...(answered && { [`Checksum${answered.algorithm}`]: answered.value }),
      });
    }
    // What arrived is then compared with what went out by S3 itself.
    const whole =
      checksum?.type === 'FULL_OBJECT' ? { ...wholeChecksum(record), ChecksumType: checksum.type } : {};
    const { VersionId } = await this.#s3.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...whole } as never),
    );
    return VersionId;
  }

  #members({ members, metadata, tags }: VersionRecord): Partial<PutObjectCommandInput> {
    const { SSEKMSKeyId, ObjectLockMode, ObjectLockRetainUntilDate, Expires, ...rest } = members;
    const until =
      ObjectLockRetainUntilDate === undefined ? undefined : new Date(ObjectLockRetainUntilDate as string);
    const { kmsKeyId, clock } = this.#options;
    return {
      ...rest,
      Metadata: { ...metadata },
      ...(Object.keys(tags).length > 0 && { Tagging: queryOf(tags) }),
      ...(Expires !== undefined && { Expires: new Date(Expires as string) }),
      ...(SSEKMSKeyId !== undefined && kmsKeyId !== undefined && { SSEKMSKeyId: kmsKeyId }),
      ...(until &&
        Number(until) > clock.now() && {
          ObjectLockMode: ObjectLockMode as 'GOVERNANCE',
          ObjectLockRetainUntilDate: until,
        }),
    };
  }
}

/** What tells S3 which body to expect: its checksum, else its MD5. */
function wholeChecksum({ checksum, etag, members }: VersionRecord): Record<string, string> {
  if (checksum?.type === 'FULL_OBJECT') return { [`Checksum${checksum.algorithm}`]: checksum.value };
  const kms = String(members['ServerSideEncryption'] ?? '').startsWith('aws:kms');
  const md5 = /^"?([0-9a-f]{32})"?$/.exec(etag ?? '')?.[1];
  return md5 && !kms ? { ContentMD5: Buffer.from(md5, 'hex').toString('base64') } : {};
}

function queryOf(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(pair => pair.map(encodeURIComponent).join('='))
    .join('&');
}

function evenParts(size: number): { readonly size: number; readonly checksum?: undefined }[] {
  const length = Math.max(PART, Math.ceil(size / 10_000));
  return Array.from({ length: Math.ceil(size / length) }, (_, index) => ({
    size: Math.min(length, size - index * length),
  }));
}

async function sendable(body: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array | Readable> {
  return size > IN_MEMORY ? Readable.from(body, { objectMode: false }) : gathered(body);
}
