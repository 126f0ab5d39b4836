/** How CloudTrail names calls and errors, and what it says of a call by its name alone. */

/**
 * Operations of S3 that CloudTrail has by an older name. Source: S3 User Guide, "Amazon S3 CloudTrail events", and
 * records that AWS wrote.
 */
const S3_NAMES: Readonly<Record<string, string>> = {
  ListObjectsV2: 'ListObjects',
  GetBucketLifecycleConfiguration: 'GetBucketLifecycle',
  PutBucketLifecycleConfiguration: 'PutBucketLifecycle',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  DeletePublicAccessBlock: 'DeleteBucketPublicAccessBlock',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  PutBucketAccelerateConfiguration: 'PutAccelerateConfiguration',
};

/**
 * S3's data events: calls on objects. The same page, "Amazon S3 object-level actions that are tracked"; and the copies
 * that another server's replication makes.
 */
const DATA = new Set(
  `AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjectTagging
  DeleteObjects GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging
  GetObjectTorrent HeadBucket HeadObject ListObjectVersions ListObjects ListParts PutObject PutObjectAcl
  PutObjectLegalHold PutObjectRetention PutObjectTagging RenameObject ReplicateDelete ReplicateObject RestoreObject SelectObjectContent UploadPart
  UploadPartCopy UpdateObjectEncryption`.split(/\s+/),
);

const S3_NAMES_IN_LOWER = new Map(
  Object.entries(S3_NAMES).map(([operation, name]) => [operation.toLowerCase(), name]),
);

/** `ListObjectsV2` → `ListObjects`; `listobjectsv2` too. */
export function eventNameOf(service: string, operation: string): string {
  if (service !== 's3') return operation;
  return S3_NAMES[operation] ?? S3_NAMES_IN_LOWER.get(operation) ?? operation;
}

export function isDataEvent(service: string, eventName: string): boolean {
  return service === 's3' && DATA.has(eventName);
}

/**
 * Uses of a key change nothing: KMS's own records of Encrypt, Decrypt, GenerateDataKey and Sign say `readOnly: true`
 * (KMS Developer Guide, "AWS KMS log entries in CloudTrail").
 */
const KMS_READS = /^(Get|List|Describe|Encrypt|Decrypt|ReEncrypt|Generate|Sign$|Verify|DeriveSharedSecret)/;
const READS = /^(Get|List|Head|Describe|Lookup|Search|Simulate|Validate|Check|Select|Decode)/;

export function isReadOnly(service: string, eventName: string): boolean {
  // All of STS, AssumeRole too: records that AWS wrote.
  if (service === 'sts') return true;
  return (service === 'kms' ? KMS_READS : READS).test(eventName);
}

/** Codes of the query protocol that are no shape of the service: CloudTrail has them as they are. */
const COMMON = new Set([
  'AccessDenied',
  'ExpiredToken',
  'IncompleteSignature',
  'InternalFailure',
  'InvalidAction',
  'InvalidClientTokenId',
  'MalformedQueryString',
  'MissingAction',
  'MissingAuthenticationToken',
  'RequestExpired',
  'ServiceUnavailable',
  'SignatureDoesNotMatch',
  'Throttling',
  'ValidationError',
]);

/**
 * A refusal is `AccessDenied` of every service. IAM and STS are recorded by the names of their exceptions, which the
 * wire shortens: `NoSuchEntity` → `NoSuchEntityException`.
 */
export function errorCodeOf(service: string | undefined, code: string): string {
  if (code === 'AccessDeniedException') return 'AccessDenied';
  if (service !== 'iam' && service !== 'sts') return code;
  if (COMMON.has(code) || code.endsWith('Exception')) return code;
  return code === 'NotSupportedService' ? 'ServiceNotSupportedException' : `${code}Exception`;
}
