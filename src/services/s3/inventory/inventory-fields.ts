/** What an inventory says of a version: the columns of its file ("Amazon S3 Inventory list", S3 User Guide). */
import {
  type Bucket,
  expirationOf,
  type ObjectRecord,
  replicationStatus,
  type VersionRecord,
} from '../../../objects/index.js';
import { ownerApart } from '../acl/acl.js';

/** A version in a bucket that is listed. */
export interface Listed {
  readonly bucket: Bucket;
  /** The canonical id of the bucket's owner. */
  readonly owner: string;
  readonly key: string;
  readonly version: VersionRecord;
  readonly isLatest: boolean;
}

type Column = (listed: Listed) => string | number;

/** A column that delete markers have nothing in. */
const ofObject =
  (value: (record: ObjectRecord, listed: Listed) => string | number | undefined): Column =>
  listed =>
    listed.version.marker ? '' : (value(listed.version, listed) ?? '');

/** The optional fields that there are, in the order in which AWS writes them. */
export const FIELDS: ReadonlyMap<string, Column> = new Map<string, Column>([
  ['Size', ofObject(({ size }) => size)],
  ['LastModifiedDate', ({ version }) => isoTime(version.modified)],
  ['ETag', ofObject(({ etag }) => etag)],
  ['StorageClass', ofObject(({ storageClass = 'STANDARD' }) => storageClass)],
  ['IsMultipartUploaded', ofObject(({ upload }) => String(upload !== undefined))],
  ['ReplicationStatus', ofObject(({ replication }) => replicationStatus(replication))],
  ['EncryptionStatus', ofObject(encryptionStatus)],
  ['ObjectLockRetainUntilDate', ofObject(({ retention }) => retention && isoTime(retention.until))],
  ['ObjectLockMode', ofObject(({ retention }) => retention?.mode)],
  ['ObjectLockLegalHoldStatus', ofObject(({ legalHold }) => (legalHold ? 'On' : 'Off'))],
  ['BucketKeyStatus', ofObject(bucketKeyStatus)],
  ['ChecksumAlgorithm', ofObject(({ checksum }) => checksum.algorithm)],
  ['ObjectOwner', ofObject((record, { bucket, owner }) => ownerApart(bucket, record)?.canonicalId ?? owner)],
  ['LifecycleExpirationDate', ofObject(lifecycleExpiration)],
]);

/** The names of the columns, for the versions and the optional fields that were asked for. */
export function schemaOf(versions: 'All' | 'Current', fields: readonly string[]): string[] {
  const own = ['Bucket', 'Key', ...(versions === 'All' ? ['VersionId', 'IsLatest', 'IsDeleteMarker'] : [])];
  return [...own, ...[...FIELDS.keys()].filter(field => fields.includes(field))];
}

const OWN: ReadonlyMap<string, Column> = new Map<string, Column>([
  ['Bucket', ({ bucket }) => bucket.name],
  ['Key', ({ key }) => encodeURIComponent(key).replaceAll('%2F', '/')],
  ['VersionId', ({ version }) => (version.isNull ? 'null' : version.id)],
  ['IsLatest', ({ isLatest }) => String(isLatest)],
  ['IsDeleteMarker', ({ version }) => String(version.marker ?? false)],
]);

/** One line of the file, with its end. Every field is quoted, as in AWS's. */
export function lineOf(schema: readonly string[], listed: Listed): string {
  const values = schema.map(name => (OWN.get(name) ?? FIELDS.get(name)!)(listed));
  return `${values.map(value => `"${String(value).replaceAll('"', '""')}"`).join(',')}\n`;
}

function encryptionStatus({ encryption }: ObjectRecord): string {
  switch (encryption?.kind) {
    case undefined:
      return 'NOT-SSE';
    case 'AES256':
      return 'SSE-S3';
    case 'aws:kms':
      return 'SSE-KMS';
    case 'aws:kms:dsse':
      return 'DSSE-KMS';
    case 'customer':
      return 'SSE-C';
  }
}

function bucketKeyStatus({ encryption }: ObjectRecord): string | undefined {
  if (encryption?.kind !== 'aws:kms') return undefined;
  return encryption.bucketKey ? 'ENABLED' : 'DISABLED';
}

function lifecycleExpiration(record: ObjectRecord, { bucket, key, isLatest }: Listed): string | undefined {
  const expiration = isLatest ? expirationOf(bucket.lifecycle, key, record) : undefined;
  return expiration && isoTime(expiration.at);
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
