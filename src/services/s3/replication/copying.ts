/** What one copy is about, and what it takes of the role. */
import { ApiError } from '../../../core/errors.js';
import type { Call, Requirement } from '../../../core/operation.js';
import type { Bucket, DeleteMarker, ObjectRecord, ReplicationRule } from '../../../objects/index.js';
import { existingTagKeys, type Keys, onBucket, onObject } from '../requirements.js';

/**
 * A copy that is not made, whatever is tried: `reason` is the word for it in "Amazon S3 replication failure reasons"
 * (S3 User Guide).
 */
export class NotCopied extends Error {
  override readonly name = 'NotCopied';

  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** The header of an answer to another server that says why a copy is not made: a word of `NotCopied`. */
export const REASON_HEADER = 'x-karikagi-replication-failure';

/** What one copy is about. */
export interface Copying {
  readonly source: Bucket;
  readonly key: string;
  readonly rule: ReplicationRule;
  /** What the role asks for in each bucket. */
  readonly reading: Call;
  readonly writing: Call;
  /** What an action on the copy takes of the role. */
  onCopy(action: string, keys?: Keys): Requirement;
}

/** A way to make copies. Each throws `NotCopied`, and what is to be tried again. */
export interface Copies<C extends Copying> {
  marker(copying: C, marker: DeleteMarker, signal: AbortSignal): Promise<void>;
  object(copying: C, record: ObjectRecord, signal: AbortSignal): Promise<void>;
}

/** The permissions on the bucket that copies are made of. Throws `NotCopied`. */
async function demandReadable({ source, key, reading }: Copying): Promise<void> {
  const why = 'InitiateReplicationNotPermitted';
  await demand(reading, onBucket(source, reading, 's3:GetReplicationConfiguration'), why);
  await demand(reading, onBucket(source, reading, 's3:ListBucket', { 's3:prefix': key }), why);
}

/** The permissions for the copy of a delete marker. Throws `NotCopied`. */
export async function demandMarkable(copying: Copying): Promise<void> {
  await demandReadable(copying);
  await demand(copying.writing, copying.onCopy('s3:ReplicateDelete'), 'DstDelObjNotPermitted');
}

/**
 * The permissions on the object and its copy ("Setting up permissions for live replication", S3 User Guide). Answers
 * the tags of the copy: none where the role may not read or put them. Throws `NotCopied`.
 */
export async function demandCopyable(copying: Copying, record: ObjectRecord): Promise<ObjectRecord['tags']> {
  const { source, key, rule, reading, writing } = copying;
  await demandReadable(copying);
  const version = { 's3:VersionId': record.isNull ? 'null' : record.id };
  const keys = { ...version, ...existingTagKeys(record) };
  const read = (action: string, reason: string, known = {}) =>
    demand(reading, onObject(source, reading, action, key, known), reason);
  await read('s3:GetObjectVersionForReplication', 'SrcGetObjectNotPermitted');
  await read('s3:GetObjectVersionAcl', 'SrcGetAclNotPermitted', keys);
  if (record.retention) await read('s3:GetObjectRetention', 'SrcGetRetentionNotPermitted');
  if (record.legalHold !== undefined) await read('s3:GetObjectLegalHold', 'SrcGetLegalHoldNotPermitted');
  const encryption = isUnderKms(record)
    ? {
        's3:x-amz-server-side-encryption': record.encryption?.kind,
        's3:x-amz-server-side-encryption-aws-kms-key-id': rule.destination.keyId,
      }
    : {};
  await demand(writing, copying.onCopy('s3:ReplicateObject', encryption), 'DstPutObjNotPermitted');
  if (!record.tags?.length) return record.tags;
  const may =
    (await reading.permits(onObject(source, reading, 's3:GetObjectVersionTagging', key, keys))) &&
    (await writing.permits(copying.onCopy('s3:ReplicateTags')));
  return may ? record.tags : undefined;
}

/** Whether the object is under SSE-KMS or DSSE-KMS. */
export function isUnderKms({ encryption }: ObjectRecord): boolean {
  return encryption?.kind === 'aws:kms' || encryption?.kind === 'aws:kms:dsse';
}

/** Throws `NotCopied` where the call is not allowed it. */
export function demand(call: Call, requirement: Requirement, reason: string): Promise<void> {
  return lasting(call.demand(requirement), reason);
}

/** Turns an answer that would be the same tomorrow into `NotCopied`: refusals into `denied`, others into `other`. */
export async function lasting<T>(work: Promise<T>, denied: string, other = denied): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const found = lastingReason(error, denied, other);
    if (!found) throw error;
    throw new NotCopied(found.reason, found.error.message);
  }
}

/** Of an answer that would be the same tomorrow: `denied` for refusals, `other` for others. */
export function lastingReason(
  error: unknown,
  denied: string,
  other: string,
): { readonly error: ApiError; readonly reason: string } | undefined {
  if (!(error instanceof ApiError) || error.code === 'OperationAborted') return undefined;
  // What is not implemented will not be tomorrow.
  if (error.status >= 500 && error.status !== 501) return undefined;
  const isRefusal = error.status === 403 || /AccessDenied/.test(error.code);
  return { error, reason: isRefusal ? denied : other };
}

/** Why a key of KMS does not encrypt the copy. */
export const TARGET_KEY = ['DstKmsKeyNotPermitted', 'DstKmsKeyInvalidState'] as const;
