/** What writing an object takes: an action for each thing that is set with it, with the keys of that action. */

import type { Call, Requirement } from '../../../core/operation.js';
import { DAY_MS } from '../../../core/time.js';
import type { Bucket } from '../../../objects/index.js';
import { aclsEnabled, writerOf } from '../acl/acl.js';
import { newObjectAcl, uploadAcl } from '../acl/acl-policy.js';
import type { S3Ports } from '../ports.js';
import { type Keys, onObject, requestTagKeys, withList } from '../requirements.js';
import { headerTags } from '../tags.js';
import { keyOf } from '../target.js';
import type { AttributesInput } from './attributes.js';

interface WriteInput extends AttributesInput {
  readonly Key: string | undefined;
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

/** How the write makes the object, beside what is set with it. */
interface WriteKind {
  /**
   * Whether the operation itself makes the object. False for the steps of a multipart upload before its
   * completion, which conditional writes do not concern ("Enforce conditional writes on Amazon S3 buckets").
   */
  readonly creates: boolean;
  /** Keys of copies. */
  readonly copy?: Keys;
  /** Tags come along that the request does not name. */
  readonly copiesTags?: boolean;
}

export function writeRequirements(
  bucket: Bucket,
  call: Call,
  input: WriteInput,
  kind: WriteKind,
): Requirement[] {
  const key = input.Key ?? '';
  const { copy = {}, creates, copiesTags = false } = kind;
  const acl = aclKeys(input);
  const tags = requestTagKeys(headerTags(input.Tagging));
  const retention = retentionKeys(input, call.time);
  const hold = { 's3:object-lock-legal-hold': input.ObjectLockLegalHoldStatus };
  const keys: Keys = {
    ...copy,
    ...acl,
    ...tags,
    ...retention,
    ...hold,
    's3:ObjectCreationOperation': creates,
    's3:if-match': input.IfMatch,
    's3:if-none-match': input.IfNoneMatch,
    's3:x-amz-storage-class': input.StorageClass,
    's3:x-amz-website-redirect-location': input.WebsiteRedirectLocation,
    's3:x-amz-server-side-encryption': input.ServerSideEncryption,
    's3:x-amz-server-side-encryption-aws-kms-key-id': input.SSEKMSKeyId,
    's3:x-amz-server-side-encryption-customer-algorithm': input.SSECustomerAlgorithm,
  };
  const requirements = [onObject(bucket, call, 's3:PutObject', key, keys)];
  const add = (action: string, own: Keys) => requirements.push(onObject(bucket, call, action, key, own));
  if (input.Tagging || copiesTags) add('s3:PutObjectTagging', tags);
  if (carriesAny(acl)) {
    const own = { ...acl, 's3:x-amz-storage-class': input.StorageClass };
    requirements.push(onNewObject(bucket, call, 's3:PutObjectAcl', key, own));
  }
  if (carriesAny(retention)) add('s3:PutObjectRetention', retention);
  if (carriesAny(hold)) add('s3:PutObjectLegalHold', hold);
  return requirements;
}

/**
 * `action` on the object that the request makes: its writer may give it its list, as the bucket policies show
 * that allow s3:PutObject alone ("Disabling ACLs for all new buckets and enforcing Object Ownership", S3 User Guide).
 */
function onNewObject(bucket: Bucket, call: Call, action: string, key: string, keys: Keys): Requirement {
  const requirement = onObject(bucket, call, action, key, keys);
  const list = newObjectAcl(bucket, requirement.resource, call);
  return { ...withList(requirement, list), objectOwner: writerOf(call).account };
}

function carriesAny(keys: Keys): boolean {
  return Object.values(keys).some(value => value !== undefined);
}

/**
 * How an upload is encrypted, for the decisions on its parts and its completion: those cannot repeat the headers
 * that it was begun with, and a policy that demands encryption means the object. A customer's key comes with every
 * request, and counts where it does ("UploadPart", S3 API Reference).
 */
export async function uploadEncryptionKeys(
  bucket: Bucket,
  input: {
    readonly Key: string | undefined;
    readonly UploadId: string | undefined;
    readonly SSECustomerAlgorithm?: string | undefined;
  },
  { objects }: S3Ports,
): Promise<Keys> {
  const upload = await objects.uploads.find(bucket, input.Key ?? '', input.UploadId ?? '');
  const encryption = upload?.encryption;
  const byServer = encryption?.kind === 'customer' ? undefined : encryption;
  return {
    's3:x-amz-server-side-encryption': byServer?.kind,
    's3:x-amz-server-side-encryption-aws-kms-key-id':
      byServer && 'keyArn' in byServer ? byServer.keyArn : undefined,
    's3:x-amz-server-side-encryption-customer-algorithm': input.SSECustomerAlgorithm,
  };
}

/**
 * `action` on an upload: who began it may list its parts and abort it, as the bucket's owner may ("Multipart upload
 * API and permissions", S3 User Guide). Who began it is looked at where lists count: elsewhere policies say it.
 */
export async function onUpload(
  bucket: Bucket,
  call: Call,
  action: string,
  input: { readonly Key: string | undefined; readonly UploadId: string | undefined },
  { objects }: S3Ports,
): Promise<Requirement> {
  const key = keyOf(input);
  const requirement = onObject(bucket, call, action, key);
  if (!aclsEnabled(bucket)) return requirement;
  const upload = await objects.uploads.find(bucket, key, input.UploadId ?? '');
  return upload?.owner
    ? withList(requirement, uploadAcl(bucket, requirement.resource, upload.owner))
    : requirement;
}

type AclInput = Pick<
  AttributesInput,
  'ACL' | 'GrantFullControl' | 'GrantRead' | 'GrantReadACP' | 'GrantWriteACP'
>;

/** The condition keys of what a request grants. */
export function aclKeys(input: AclInput & { readonly GrantWrite?: string | undefined }): Keys {
  return {
    's3:x-amz-acl': input.ACL,
    's3:x-amz-grant-full-control': input.GrantFullControl,
    's3:x-amz-grant-read': input.GrantRead,
    's3:x-amz-grant-read-acp': input.GrantReadACP,
    's3:x-amz-grant-write': input.GrantWrite,
    's3:x-amz-grant-write-acp': input.GrantWriteACP,
  };
}

/** The condition keys of a retention. `now`: milliseconds since the epoch. */
export function retentionKeys(
  input: Pick<AttributesInput, 'ObjectLockMode' | 'ObjectLockRetainUntilDate'>,
  now: number,
): Keys {
  const until = input.ObjectLockRetainUntilDate;
  return {
    's3:object-lock-mode': input.ObjectLockMode,
    's3:object-lock-retain-until-date': until?.toISOString(),
    's3:object-lock-remaining-retention-days': until && Math.ceil((until.getTime() - now) / DAY_MS),
  };
}
