/** The copies that another server's replication makes here, by a principal of this one. */
import type { PutObjectOutput, PutObjectRequest } from '@aws-sdk/client-s3';
import { bodyOf, type RequestBody } from '../../../core/http-message.js';
import {
  type Call,
  type Operation,
  type Requirement,
  type Service,
  service,
} from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import {
  type Bucket,
  type DeleteMarker,
  demandRetention,
  type ObjectOwner,
  type ObjectRecord,
  type Replica,
  receiveContent,
  type VersionRecord,
} from '../../../objects/index.js';
import { aclsEnabled, writerOf } from '../acl/acl.js';
import { type Encrypting, encryptionFor, encryptionMembers } from '../encryption/encryption.js';
import type { AccessLog } from '../logging/access-log.js';
import { attributesOf } from '../object/attributes.js';
import type { S3Ports } from '../ports.js';
import { onObject, requestTagKeys } from '../requirements.js';
import { asTagSet, objectTags } from '../tags.js';
import { bucketOf, demandSigned, newKeyOf, type OnKey } from '../target.js';
import { lastingReason, REASON_HEADER, TARGET_KEY } from './copying.js';
import { type ReplicaHead, type ReplicaObject, readMessage } from './replica-message.js';

type ReplicaInput = Omit<PutObjectRequest, 'Body'> & { readonly Body?: RequestBody | undefined };
type ReplicaOperation = Operation<S3Ports, ReplicaInput, PutObjectOutput, OnKey>;

/** A copy, its bucket and who makes it. */
interface Making extends OnKey {
  readonly head: ReplicaHead;
  readonly object: ReplicaObject;
  readonly call: Call;
  readonly ports: S3Ports;
}

const ReplicateObject: ReplicaOperation = {
  async resolve(input, call, ports) {
    const subject = await onReplica(input, call, ports);
    const keys = {
      's3:x-amz-server-side-encryption': input.ServerSideEncryption,
      's3:x-amz-server-side-encryption-aws-kms-key-id': input.SSEKMSKeyId,
    };
    const requirement = onObject(subject.bucket, call, 's3:ReplicateObject', subject.key, keys);
    return { requires: [refusedFor(requirement, 'DstPutObjNotPermitted')], subject };
  },

  async run({ bucket, key, charged }, input, call, ports) {
    const { head, content } = await readMessage(input.Body ?? NO_BODY);
    const { object } = head;
    if (!object) throw s3Errors.InvalidRequest('A delete marker is no object.');
    demandTarget(bucket, object);
    const making = { bucket, key, charged, head, object, call, ports };
    const { versions, contents } = ports.objects;
    const there = await versions.find(bucket, key, clientId(head));
    if (there?.id === head.id && !there.marker) {
      await content.end();
      await follow(making, there);
      return answer(head, there, input);
    }
    if (!object.hasContent) throw s3Errors.NoSuchVersion();
    const attributes = await attributesOfCopy(making);
    const { encryption, dataKey } = await encryptingCopy(making, input);
    const received = await receiveContent(contents, object.manifest, content, dataKey);
    const replica: Replica = { ...attributes, encryption };
    try {
      const placing = versions.putReplica(bucket, key, replica, (...to) => received.place(...to));
      if (!(await reasoned(placing, 'DstBucketUnversioned'))) received.abandon(undefined);
    } catch (error) {
      received.abandon(error);
      throw error;
    }
    return answer(head, replica, input);
  },
};

const ReplicateDelete: ReplicaOperation = {
  async resolve(input, call, ports) {
    const subject = await onReplica(input, call, ports);
    const requirement = onObject(subject.bucket, call, 's3:ReplicateDelete', subject.key);
    return { requires: [refusedFor(requirement, 'DstDelObjNotPermitted')], subject };
  },

  async run({ bucket, key }, input, _call, ports) {
    const { head } = await readMessage(input.Body ?? NO_BODY);
    const { id, isNull, modified, object } = head;
    if (object) throw s3Errors.InvalidRequest('An object is no delete marker.');
    demandVersioned(bucket);
    const marker: DeleteMarker = { marker: true, id, isNull, modified };
    const noContent = () => {
      throw new TypeError('a delete marker has no content');
    };
    await reasoned(ports.objects.versions.putReplica(bucket, key, marker, noContent), 'DstBucketUnversioned');
    return { VersionId: clientId(head) };
  },
};

/** The operations of the door that takes copies (`replicaWire`), called by the actions that they take. */
export function replicaService(ports: S3Ports, log?: AccessLog): Service {
  return service<S3Ports, OnKey>('s3', ports, { ReplicateObject, ReplicateDelete }, (ending, subject) =>
    log?.note(ending, subject, 'REST'),
  );
}

/** Throws AccessDenied for who has signed nothing, or with version 2, which leaves the parameter unsigned. */
async function onReplica(input: ReplicaInput, call: Call, ports: S3Ports): Promise<OnKey> {
  demandSigned(call, 'replicate objects');
  if (call.signatureVersion !== 4) {
    throw s3Errors.AccessDenied('Copies of replication are signed with version 4.', {
      advice: 'Sign the request with AWS Signature Version 4.',
    });
  }
  const { bucket, charged } = await bucketOf(input, call, ports);
  return { bucket, charged, key: newKeyOf(input) };
}

/** Throws InvalidRequest with the reason, where the bucket cannot hold the copy as it is to be. */
function demandTarget(bucket: Bucket, { isLocked, retention, legalHold }: ReplicaObject): void {
  demandVersioned(bucket);
  const wantsLock = isLocked || retention !== undefined || legalHold !== undefined;
  if (!wantsLock || bucket.objectLock) return;
  throw s3Errors.InvalidRequest(`the bucket ${bucket.name} has no Object Lock`, {
    headers: { [REASON_HEADER]: 'DstBucketObjectLockConfigMissing' },
  });
}

function demandVersioned({ name, versioning }: Bucket): void {
  if (versioning === 'Enabled') return;
  throw s3Errors.InvalidRequest(`the bucket ${name} has no versioning enabled`, {
    headers: { [REASON_HEADER]: 'DstBucketUnversioned' },
  });
}

/**
 * Has a copy that is there take over tags, retention and legal hold. What protects a version is not taken off it with
 * the right to make copies alone: its retention and its hold are changed with the rights to do just that.
 */
async function follow({ bucket, key, object, call, ports }: Making, there: ObjectRecord): Promise<void> {
  const { retention, legalHold } = object;
  const may = (action: string) => call.permits(onObject(bucket, call, action, key));
  const mayDo = (action: string, reason: string) =>
    reasoned(call.demand(onObject(bucket, call, action, key)), reason);
  const changesHold = legalHold !== undefined && legalHold !== there.legalHold;
  const changesRetention =
    retention !== undefined &&
    (retention.mode !== there.retention?.mode || retention.until !== there.retention?.until);
  if (changesHold) await mayDo('s3:PutObjectLegalHold', 'DstPutObjNotPermitted');
  if (changesRetention) await mayDo('s3:PutObjectRetention', 'DstPutObjNotPermitted');
  const bypass = changesRetention && (await may('s3:BypassGovernanceRetention'));
  const tags = await tagsOfCopy({ bucket, key, object, call });
  const now = call.clock.now();
  const rewritten = ports.objects.versions.updateReplica(bucket, key, there, before => {
    if (changesRetention) demandRetention(before, retention, now, bypass);
    return {
      ...before,
      ...(tags !== 'untouched' && { tags }),
      ...(changesRetention && { retention }),
      ...(changesHold && { legalHold }),
    };
  });
  await reasoned(rewritten, 'DstPutObjNotPermitted', 'Other');
}

/** The tags of the copy; `untouched` where the caller may not set them. */
async function tagsOfCopy({ bucket, key, object, call }: Pick<Making, 'bucket' | 'key' | 'object' | 'call'>) {
  const tags = object.tags && objectTags(asTagSet(object.tags));
  const requirement = onObject(bucket, call, 's3:ReplicateTags', key, requestTagKeys(tags));
  return (await call.permits(requirement)) ? tags : 'untouched';
}

async function attributesOfCopy(making: Making): Promise<Replica> {
  const { bucket, head, object, call } = making;
  const { headers, manifest, retention, legalHold, etag } = object;
  const given = {
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
    ContentEncoding: headers.contentEncoding,
    ContentLanguage: headers.contentLanguage,
    ContentType: headers.contentType,
    Expires: headers.expires === undefined ? undefined : new Date(headers.expires),
    Metadata: Object.fromEntries(object.metadata),
    StorageClass: object.storageClass as PutObjectRequest['StorageClass'],
    WebsiteRedirectLocation: headers.websiteRedirectLocation,
  };
  const reading = async () => attributesOf(given, bucket, call.clock.now());
  const attributes = await reasoned(reading(), 'Other');
  const tags = object.tags?.length ? await tagsOfCopy(making) : undefined;
  return {
    ...attributes,
    id: head.id,
    isNull: head.isNull,
    modified: head.modified,
    size: manifest.size,
    checksum: manifest.checksum,
    etag,
    ...(tags !== 'untouched' && { tags }),
    // Without a lock of its own, the copy has the default of its bucket ("Object Lock considerations", S3 User Guide).
    ...(retention && { retention }),
    ...(legalHold !== undefined && { legalHold }),
    owner: await ownerOfCopy(making),
    replication: 'REPLICA',
  };
}

/** Whose the copy is, where that is not the bucket's owner: who makes it, as with any upload. */
async function ownerOfCopy({ bucket, key, object, call }: Making): Promise<ObjectOwner | undefined> {
  const writer = writerOf(call);
  if (!aclsEnabled(bucket) || writer.account === bucket.owner) return undefined;
  if (!object.ownerOverride) return writer;
  const override = onObject(bucket, call, 's3:ObjectOwnerOverrideToBucketOwner', key);
  await reasoned(call.demand(override), 'DstPutAclNotPermitted');
  return undefined;
}

async function encryptingCopy(
  { bucket, key, object, call, ports }: Making,
  { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }: ReplicaInput,
): Promise<Encrypting> {
  if (object.customer) return { encryption: { kind: 'customer', ...object.customer } };
  const asked = { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled };
  return reasoned(encryptionFor(asked, bucket, key, call, ports), ...TARGET_KEY);
}

/** The id by which clients know the version. */
const clientId = ({ id, isNull }: Pick<VersionRecord, 'id' | 'isNull'>) => (isNull ? 'null' : id);

function answer(
  head: ReplicaHead,
  { etag, encryption }: Pick<ObjectRecord, 'etag' | 'encryption'>,
  input: ReplicaInput,
): PutObjectOutput {
  return { VersionId: clientId(head), ETag: `"${etag}"`, ...encryptionMembers(encryption, input) };
}

function refusedFor(requirement: Requirement, reason: string): Requirement {
  return { ...requirement, denialHeaders: { [REASON_HEADER]: reason } };
}

/** Lets the other server know why the copy cannot be made, where that will be the same tomorrow. */
async function reasoned<T>(work: Promise<T>, denied: string, other = denied): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const lasting = lastingReason(error, denied, other);
    if (!lasting) throw error;
    throw lasting.error.with({
      headers: { ...lasting.error.detail.headers, [REASON_HEADER]: lasting.reason },
    });
  }
}

const NO_BODY = bodyOf(new Uint8Array(0));
