/** Takes a bucket out of S3 with all its versions, through the API, as the caller. */
import {
  type AccessControlPolicy,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type OwnershipControls,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3';
import { isPlain } from './acl.js';
import {
  type ArchiveWriter,
  BUCKET_FILE,
  type BucketFile,
  END_FILE,
  type FailedVersion,
  FORMAT,
  FORMAT_VERSION,
  problemOf,
  type VersionRecord,
  versionFile,
  writeJson,
} from './archive.js';
import { readSettings } from './settings-transfer.js';

export interface Transfer {
  readonly versions: number;
  readonly bytes: number;
}

export interface ExportReport extends Transfer {
  /** Versions that an earlier run had written. */
  readonly earlier: number;
  /** Those that could not be read: under a customer's key, for one. */
  readonly failed: readonly FailedVersion[];
}

/** A version as it is listed. */
export interface Listed {
  readonly key: string;
  readonly versionId: string;
  readonly modified: Date;
  readonly latest: boolean;
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
}

/**
 * Writes a bucket to an archive: its settings, then of each key the versions from the oldest on. Every body is compared
 * with its checksum while it is read. Throws what S3 answers, except for single versions, which the report names.
 */
export async function exportBucket(
  s3: S3Client,
  bucket: string,
  archive: ArchiveWriter,
  progress: (done: Transfer) => void = () => undefined,
): Promise<ExportReport> {
  const { Status: versioning } = await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }));
  const settings = await readSettings(s3, bucket);
  const oldLocation = await oldLocationOf(s3, bucket);
  const file: BucketFile = {
    format: FORMAT,
    version: FORMAT_VERSION,
    bucket,
    settings,
    versioning,
    ...(oldLocation && { oldLocation }),
  };
  await writeJson(archive, BUCKET_FILE, file);
  const earlier = new Set(archive.earlier.map(nameOf));
  let number = archive.earlier.length;
  let bytes = 0;
  const failed: FailedVersion[] = [];
  const lists = bucketOwnerOfLists(settings);
  for await (const listed of versionsOf(s3, bucket)) {
    if (earlier.has(nameOfListed(listed))) continue;
    try {
      bytes += await exportVersion(s3, bucket, listed, archive, versionFile(number + 1), lists);
      number++;
    } catch (error) {
      const status = (error as Partial<S3ServiceException>).$metadata?.httpStatusCode;
      if (status === undefined) throw error;
      if (status === 404) continue;
      failed.push({ key: listed.key, versionId: listed.versionId, problem: problemOf(error as Error) });
    }
    progress({ versions: number, bytes });
  }
  await writeJson(archive, END_FILE, { versions: number });
  return { versions: number, bytes, earlier: earlier.size, failed };
}

const nameOf = ({ key, versionId, lastModified, etag }: VersionRecord): string =>
  JSON.stringify([key, versionId, lastModified, etag]);
const nameOfListed = ({ key, versionId, modified, etag }: Listed): string =>
  JSON.stringify([key, versionId, modified.toISOString(), etag]);

/** Every version of a bucket: by key, of each key the oldest first. `prefix`: of the keys. */
export async function* versionsOf(s3: S3Client, Bucket: string, Prefix?: string): AsyncGenerator<Listed> {
  let ofKey: Listed[] = [];
  let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (let more = true; more; ) {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix, ...markers }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(asListed).sort(byKey);
    for (const version of found) {
      if (ofKey.length > 0 && ofKey[0]!.key !== version.key) {
        yield* (await newestFirst(s3, Bucket, ofKey)).reverse();
        ofKey = [];
      }
      ofKey.push(version);
    }
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    more = page.IsTruncated ?? false;
  }
  yield* (await newestFirst(s3, Bucket, ofKey)).reverse();
}

/**
 * The versions and delete markers of one key, each kind newest first as S3 lists it, in one order. The SDK gives them
 * apart, and their times are in seconds: where those do not tell, S3 says what follows the one before.
 */
async function newestFirst(s3: S3Client, Bucket: string, ofKey: readonly Listed[]): Promise<Listed[]> {
  const versions = ofKey.filter(({ size }) => size !== undefined);
  const markers = ofKey.filter(({ size }) => size === undefined);
  const ordered: Listed[] = [];
  while (versions.length > 0 && markers.length > 0) {
    const [version, marker] = [versions[0]!, markers[0]!];
    const order = marker.modified.getTime() - version.modified.getTime();
    const isMarker =
      version.latest || marker.latest
        ? marker.latest
        : order !== 0
          ? order > 0
          : (await idAfter(s3, Bucket, ordered.at(-1)!)) === marker.versionId;
    ordered.push((isMarker ? markers : versions).shift()!);
  }
  return [...ordered, ...versions, ...markers];
}

/** The id of the version that is listed behind another of its key. */
async function idAfter(
  s3: S3Client,
  Bucket: string,
  { key, versionId }: Listed,
): Promise<string | undefined> {
  const page = await s3.send(
    new ListObjectVersionsCommand({
      Bucket,
      Prefix: key,
      KeyMarker: key,
      VersionIdMarker: versionId,
      MaxKeys: 1,
    }),
  );
  return (page.Versions?.[0] ?? page.DeleteMarkers?.[0])?.VersionId;
}

function asListed(version: {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly IsLatest?: boolean | undefined;
  readonly Size?: number | undefined;
  readonly ETag?: string | undefined;
}): Listed {
  return {
    key: version.Key!,
    versionId: version.VersionId!,
    modified: version.LastModified!,
    latest: version.IsLatest ?? false,
    size: version.Size,
    etag: version.ETag,
  };
}

const byKey = (a: Listed, b: Listed): number => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));

/** The canonical id of the bucket's owner, where the lists of objects count. */
/** Where a bucket lies is not asked of everyone who may export it: without the right, it is left out. */
async function oldLocationOf(s3: S3Client, Bucket: string): Promise<'EU' | undefined> {
  const found = await s3.send(new GetBucketLocationCommand({ Bucket })).catch(() => undefined);
  return found?.LocationConstraint === 'EU' ? 'EU' : undefined;
}

function bucketOwnerOfLists(settings: Readonly<Record<string, unknown>>): string | undefined {
  const { Rules } = (settings['ownership'] ?? {}) as OwnershipControls;
  if (Rules?.[0]?.ObjectOwnership === 'BucketOwnerEnforced') return undefined;
  return (settings['acl'] as AccessControlPolicy | undefined)?.Owner?.ID;
}

/** Answers the bytes of its body. `lists`: the bucket's owner, where it may have a list. */
async function exportVersion(
  s3: S3Client,
  Bucket: string,
  { key, versionId, modified, size, etag }: Listed,
  archive: ArchiveWriter,
  file: string,
  lists: string | undefined,
): Promise<number> {
  const base = { key, versionId, lastModified: modified.toISOString(), etag };
  if (size === undefined) {
    const record: VersionRecord = {
      ...base,
      deleteMarker: true,
      size: 0,
      members: {},
      metadata: {},
      tags: {},
    };
    await writeJson(archive, `${file}.json`, record);
    return 0;
  }
  const target = { Bucket, Key: key, VersionId: versionId };
  const object = await s3.send(new GetObjectCommand({ ...target, ChecksumMode: 'ENABLED' }));
  // A null version may have been replaced since it was listed.
  const length = object.ContentLength!;
  const record: VersionRecord = {
    ...base,
    etag: object.ETag,
    size: length,
    checksum: checksumOf(object),
    parts: isMultipart(object.ETag) ? await partsOf(s3, target) : undefined,
    members: membersOf(object),
    metadata: object.Metadata ?? {},
    tags: object.TagCount ? await tagsOf(s3, target) : {},
    acl: lists === undefined ? undefined : await aclOf(s3, target, lists),
  };
  const body = object.Body as unknown as AsyncIterable<Uint8Array>;
  // A record in a directory says that the body is there; in a tar it must come first, to be read as a stream.
  if (archive.recordsFirst) await writeJson(archive, `${file}.json`, record);
  await archive.write(`${file}.body`, length, body);
  if (!archive.recordsFirst) await writeJson(archive, `${file}.json`, record);
  return length;
}

export const isMultipart = (etag: string | undefined): boolean => /-\d+"?$/.test(etag ?? '');

const ALGORITHMS = [
  'CRC64NVME',
  'CRC32',
  'CRC32C',
  'SHA1',
  'SHA256',
  'SHA512',
  'MD5',
  'XXHASH3',
  'XXHASH64',
  'XXHASH128',
] as const;

/** The checksum of an answer, whichever it has. */
export function checksumOf(answer: object): VersionRecord['checksum'] {
  const members = answer as Readonly<Record<string, string | undefined>>;
  for (const algorithm of ALGORITHMS) {
    const value = members[`Checksum${algorithm}`];
    if (value) return { algorithm, value, type: members['ChecksumType'] ?? 'FULL_OBJECT' };
  }
  return undefined;
}

const MEMBERS = [
  'CacheControl',
  'ContentDisposition',
  'ContentEncoding',
  'ContentLanguage',
  'ContentType',
  'WebsiteRedirectLocation',
  'StorageClass',
  'ServerSideEncryption',
  'SSEKMSKeyId',
  'BucketKeyEnabled',
  'ObjectLockMode',
  'ObjectLockLegalHoldStatus',
] as const;

function membersOf(object: GetObjectCommandOutput): Record<string, string | boolean> {
  const members: Record<string, string | boolean> = {};
  for (const name of MEMBERS) if (object[name] !== undefined) members[name] = object[name];
  if (object.ExpiresString !== undefined) members['Expires'] = object.ExpiresString;
  const until = object.ObjectLockRetainUntilDate;
  if (until) members['ObjectLockRetainUntilDate'] = until.toISOString();
  return members;
}

type Target = { readonly Bucket: string; readonly Key: string; readonly VersionId: string };

async function tagsOf(s3: S3Client, target: Target): Promise<Record<string, string>> {
  const { TagSet = [] } = await s3.send(new GetObjectTaggingCommand(target));
  return Object.fromEntries(TagSet.map(({ Key, Value }) => [Key!, Value!]));
}

async function aclOf(
  s3: S3Client,
  target: Target,
  bucketOwner: string,
): Promise<AccessControlPolicy | undefined> {
  const { Owner, Grants } = await s3.send(new GetObjectAclCommand(target));
  const acl = { Owner, Grants };
  return isPlain(acl, bucketOwner) ? undefined : acl;
}

/** Undefined where S3 does not tell: then it is uploaded in parts of one size. */
async function partsOf(s3: S3Client, target: Target): Promise<VersionRecord['parts']> {
  const parts: { size: number; checksum?: string | undefined }[] = [];
  let PartNumberMarker: string | undefined;
  do {
    const command = new GetObjectAttributesCommand({
      ...target,
      ObjectAttributes: ['ObjectParts'],
      PartNumberMarker,
    });
    const { ObjectParts } = await s3.send(command);
    for (const part of ObjectParts?.Parts ?? [])
      parts.push({ size: part.Size!, checksum: checksumOf(part)?.value });
    PartNumberMarker = ObjectParts?.IsTruncated ? ObjectParts.NextPartNumberMarker : undefined;
  } while (PartNumberMarker !== undefined);
  return parts.length > 0 ? parts : await sizesOfParts(s3, target);
}

/** Attributes tell of parts only where each has its checksum; else each part says its size when it is asked for. */
async function sizesOfParts(s3: S3Client, target: Target): Promise<VersionRecord['parts']> {
  const parts: { size: number }[] = [];
  for (let count = 1; parts.length < count; ) {
    const part = await s3.send(new HeadObjectCommand({ ...target, PartNumber: parts.length + 1 }));
    if (part.PartsCount === undefined) return undefined;
    count = part.PartsCount;
    parts.push({ size: part.ContentLength! });
  }
  return parts;
}
