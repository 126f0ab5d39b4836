/** S3: its operations, bound to what they work on. */
import {
  type Call,
  type Operation,
  type OperationName,
  type Operations,
  type Service,
  service,
} from '../../core/operation.js';
import { GetBucketAcl, GetObjectAcl, PutBucketAcl, PutObjectAcl } from './acl/acls.js';
import { GetBucketAccelerateConfiguration, PutBucketAccelerateConfiguration } from './bucket/acceleration.js';
import { GetBucketAbac, PutBucketAbac } from './bucket/bucket-abac.js';
import {
  DeleteBucketPolicy,
  GetBucketPolicy,
  GetBucketPolicyStatus,
  PutBucketPolicy,
} from './bucket/bucket-policy.js';
import {
  DeleteBucketOwnershipControls,
  DeleteBucketTagging,
  DeletePublicAccessBlock,
  GetBucketOwnershipControls,
  GetBucketTagging,
  GetBucketVersioning,
  GetPublicAccessBlock,
  PutBucketOwnershipControls,
  PutBucketTagging,
  PutBucketVersioning,
  PutPublicAccessBlock,
} from './bucket/bucket-settings.js';
import { DeleteBucket, GetBucketLocation, HeadBucket } from './bucket/buckets.js';
import { configurationOperations } from './bucket/configurations.js';
import { CreateBucket } from './bucket/create-bucket.js';
import { ListBuckets } from './bucket/list-buckets.js';
import { GetBucketRequestPayment, PutBucketRequestPayment } from './bucket/request-payment.js';
import {
  DeleteBucketEncryption,
  GetBucketEncryption,
  PutBucketEncryption,
} from './encryption/bucket-encryption.js';
import {
  GetBucketNotificationConfiguration,
  PutBucketNotificationConfiguration,
} from './events/notification-configuration.js';
import {
  DeleteBucketInventoryConfiguration,
  GetBucketInventoryConfiguration,
  ListBucketInventoryConfigurations,
  PutBucketInventoryConfiguration,
} from './inventory/inventory-configuration.js';
import {
  DeleteBucketLifecycle,
  GetBucketLifecycleConfiguration,
  PutBucketLifecycleConfiguration,
} from './lifecycle/lifecycle.js';
import { ListObjectVersions } from './listing/list-object-versions.js';
import { ListObjects, ListObjectsV2 } from './listing/list-objects.js';
import {
  GetObjectLegalHold,
  GetObjectLockConfiguration,
  GetObjectRetention,
  PutObjectLegalHold,
  PutObjectLockConfiguration,
  PutObjectRetention,
} from './lock/object-lock-operations.js';
import type { AccessLog } from './logging/access-log.js';
import { GetBucketLogging, PutBucketLogging } from './logging/bucket-logging.js';
import { ListMultipartUploads, ListParts } from './multipart/list-multipart.js';
import {
  AbortMultipartUpload,
  CompleteMultipartUpload,
  CreateMultipartUpload,
} from './multipart/multipart.js';
import { UploadPart, UploadPartCopy } from './multipart/upload-part.js';
import { CopyObject } from './object/copy-object.js';
import { DeleteObject } from './object/delete-object.js';
import { DeleteObjects } from './object/delete-objects.js';
import { GetObject, HeadObject } from './object/get-object.js';
import { GetObjectAttributes } from './object/get-object-attributes.js';
import { DeleteObjectTagging, GetObjectTagging, PutObjectTagging } from './object/object-tagging.js';
import { PutObject } from './object/put-object.js';
import { UpdateObjectEncryption } from './object/update-object-encryption.js';
import type { S3Ports } from './ports.js';
import {
  DeleteBucketReplication,
  GetBucketReplication,
  PutBucketReplication,
} from './replication/replication-configuration.js';
import { onBucket } from './requirements.js';
import { bucketOf, type S3Subject } from './target.js';
import { DeleteBucketWebsite, GetBucketWebsite, PutBucketWebsite } from './website/bucket-website.js';
import { DeleteBucketCors, GetBucketCors, PutBucketCors } from './website/cors.js';

const operations: Operations<S3Ports, OperationName<typeof import('@aws-sdk/client-s3')>, S3Subject> = {
  AbortMultipartUpload,
  CompleteMultipartUpload,
  CopyObject,
  CreateBucket,
  CreateMultipartUpload,
  DeleteBucket,
  DeleteBucketCors,
  DeleteBucketEncryption,
  DeleteBucketInventoryConfiguration,
  DeleteBucketLifecycle,
  DeleteBucketOwnershipControls,
  DeleteBucketPolicy,
  DeleteBucketReplication,
  DeleteBucketTagging,
  DeleteBucketWebsite,
  DeleteObject,
  DeleteObjectTagging,
  DeleteObjects,
  DeletePublicAccessBlock,
  GetBucketAbac,
  GetBucketAccelerateConfiguration,
  GetBucketAcl,
  GetBucketCors,
  GetBucketEncryption,
  GetBucketInventoryConfiguration,
  GetBucketLifecycleConfiguration,
  GetBucketLocation,
  GetBucketLogging,
  GetBucketNotificationConfiguration,
  GetBucketOwnershipControls,
  GetBucketPolicy,
  GetBucketPolicyStatus,
  GetBucketReplication,
  GetBucketRequestPayment,
  GetBucketTagging,
  GetBucketVersioning,
  GetBucketWebsite,
  GetObject,
  GetObjectAcl,
  GetObjectAttributes,
  GetObjectLegalHold,
  GetObjectLockConfiguration,
  GetObjectRetention,
  GetObjectTagging,
  GetPublicAccessBlock,
  HeadBucket,
  HeadObject,
  ListBucketInventoryConfigurations,
  ListBuckets,
  ListMultipartUploads,
  ListObjectVersions,
  ListObjects,
  ListObjectsV2,
  ListParts,
  PutBucketAbac,
  PutBucketAccelerateConfiguration,
  PutBucketAcl,
  PutBucketCors,
  PutBucketEncryption,
  PutBucketInventoryConfiguration,
  PutBucketLifecycleConfiguration,
  PutBucketLogging,
  PutBucketNotificationConfiguration,
  PutBucketOwnershipControls,
  PutBucketPolicy,
  PutBucketReplication,
  PutBucketRequestPayment,
  PutBucketTagging,
  PutBucketVersioning,
  PutBucketWebsite,
  PutObject,
  PutObjectAcl,
  PutObjectLegalHold,
  PutObjectLockConfiguration,
  PutObjectRetention,
  PutObjectTagging,
  PutPublicAccessBlock,
  UpdateObjectEncryption,
  UploadPart,
  UploadPartCopy,
  ...configurationOperations,
};

type S3Operation = Operation<S3Ports, never, unknown, S3Subject>;

/** `log`: where the requests to buckets that have logging are noted. */
export function s3Service(ports: S3Ports, log?: AccessLog): Service {
  const told = Object.entries(operations).map(([name, operation]) => [name, telling(operation)]);
  return service<S3Ports, S3Subject>('s3', ports, Object.fromEntries(told), (ending, subject) =>
    log?.note(ending, subject, 'REST'),
  );
}

/** The operation, whose answer says so where the requester is charged: outputs that cannot say it leave it out. */
function telling(operation: S3Operation): S3Operation {
  return {
    ...operation,
    run(subject, input, call, ports) {
      const output = operation.run(subject, input, call, ports);
      return subject.charged
        ? output.then(members => ({ ...(members as object), RequestCharged: 'requester' }))
        : output;
    },
  };
}

/** Buckets for other services: found and decided as S3 does it. */
export function bucketAccess(ports: S3Ports) {
  return {
    bucket: async (name: string, call: Call) => (await bucketOf({ Bucket: name }, call, ports)).bucket,
    onBucket,
  };
}

export { checkBody } from './body-integrity.js';
export { InventoryRuns } from './inventory/inventory-runs.js';
export { AccessLog } from './logging/access-log.js';
export { ownBucketRequirement } from './own-requirement.js';
export {
  EndpointAway,
  type PrincipalMapper,
  type ReplicaAnswer,
  type ReplicaMessage,
  type ReplicationEndpoint,
  type S3Ports,
  type ServiceRole,
  type ServiceRoles,
} from './ports.js';
export { replicaService } from './replication/replica-operations.js';
export { Replicator } from './replication/replicator.js';
export { trailLogs } from './trail-logs.js';
export { s3CrossOrigin } from './website/cors.js';
export { websiteService } from './website/website.js';
