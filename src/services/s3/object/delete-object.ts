import type { DeleteObjectOutput, DeleteObjectRequest } from '@aws-sdk/client-s3';
import type { Call, Operation, Requirement } from '../../../core/operation.js';
import { invalidArgument } from '../../../core/s3-errors.js';
import type { Bucket, Deleted } from '../../../objects/index.js';
import { aclsEnabled } from '../acl/acl.js';
import { causeOf } from '../causes.js';
import { demandMfa } from '../lock/mfa-delete.js';
import type { S3Ports } from '../ports.js';
import { onDeleted, onVersion } from '../requirements.js';
import { bucketOf, keyOf, type OnBucket } from '../target.js';
import { notImplemented, shownVersionId } from './attributes.js';

export const DeleteObject: Operation<S3Ports, DeleteObjectRequest, DeleteObjectOutput, OnBucket> = {
  async resolve(input, call, ports) {
    const subject = await bucketOf(input, call, ports);
    keyOf(input);
    return { requires: await deleteRequirements(subject.bucket, call, input, ports), subject };
  },

  async run({ bucket }, input, call, ports) {
    demandBypassable(bucket, input);
    const { IfMatchLastModifiedTime, IfMatchSize } = input;
    if (IfMatchLastModifiedTime !== undefined) throw notImplemented('x-amz-if-match-last-modified-time');
    if (IfMatchSize !== undefined) throw notImplemented('x-amz-if-match-size');
    if (bucket.mfaDelete === 'Enabled' && input.VersionId !== undefined) {
      await demandMfa(bucket, input, call, ports);
    }
    const deleted = await deleteOne(bucket, input, call, ports);
    return deletedMembers(bucket, deleted, input.VersionId);
  },
};

/**
 * Throws InvalidArgument for the header without Object Lock, whatever it says (LocalStack's recordings of AWS,
 * test_delete_object_with_no_locking). DeleteObjects passes over it: ceph/s3-tests empties every bucket so.
 */
function demandBypassable(
  bucket: Bucket,
  { BypassGovernanceRetention }: Pick<DeleteInput, 'BypassGovernanceRetention'>,
): void {
  if (BypassGovernanceRetention === undefined || bucket.objectLock) return;
  throw invalidArgument(
    'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.',
    'x-amz-bypass-governance-retention',
  );
}

interface DeleteInput {
  readonly Key: string | undefined;
  readonly VersionId?: string | undefined;
  readonly BypassGovernanceRetention?: boolean | undefined;
  readonly IfMatch?: string | undefined;
}

/** What deleting a key or one of its versions takes. */
export async function deleteRequirements(
  bucket: Bucket,
  call: Call,
  input: DeleteInput,
  { objects }: S3Ports,
): Promise<Requirement[]> {
  // Only what others put may be theirs.
  const known = aclsEnabled(bucket) && call.caller.account?.id !== bucket.owner;
  const version = known ? await objects.versions.find(bucket, keyOf(input), undefined) : undefined;
  const requirements = [onDeleted(bucket, call, input, version, { 's3:if-match': input.IfMatch })];
  if (input.BypassGovernanceRetention && bucket.objectLock) {
    requirements.push(onVersion(bucket, call, 's3:BypassGovernanceRetention', { Key: input.Key }));
  }
  return requirements;
}

export async function deleteOne(
  bucket: Bucket,
  input: DeleteInput,
  call: Call,
  { objects }: S3Ports,
): Promise<Deleted> {
  const key = keyOf(input);
  const ifMatch = input.IfMatch?.replace(/^"(.*)"$/, '$1');
  const cause = causeOf(call, 'ObjectRemoved');
  if (input.VersionId === undefined) return objects.versions.delete(bucket, key, { ifMatch, cause });
  const bypassGovernance = input.BypassGovernanceRetention ?? false;
  return objects.versions.deleteVersion(bucket, key, input.VersionId, { bypassGovernance, ifMatch, cause });
}

/** What the answer says: the marker that was made, or the version that is gone. */
export function deletedMembers(
  bucket: Bucket,
  { version, madeMarker }: Deleted,
  asked: string | undefined,
): DeleteObjectOutput {
  if (madeMarker) return { DeleteMarker: true, VersionId: shownVersionId(bucket, version!) };
  if (asked === undefined) return {};
  return { VersionId: asked, ...(version?.marker && { DeleteMarker: true }) };
}
