/** S3: its operations, bound to what they work on. */
import { type NamedOperation, type Service, service } from '../../core/operation.js';
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from './acl/acls.js';
import { getBucketAccelerateConfiguration, putBucketAccelerateConfiguration } from './bucket/acceleration.js';
import { getBucketAbac, putBucketAbac } from './bucket/bucket-abac.js';
import { configurationsNeverSet, getBucketReplication } from './bucket/bucket-defaults.js';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './bucket/bucket-policy.js';
import {
  deleteBucketOwnershipControls,
  deleteBucketTagging,
  deletePublicAccessBlock,
  getBucketOwnershipControls,
  getBucketTagging,
  getBucketVersioning,
  getPublicAccessBlock,
  putBucketOwnershipControls,
  putBucketTagging,
  putBucketVersioning,
  putPublicAccessBlock,
} from './bucket/bucket-settings.js';
import { deleteBucket, getBucketLocation, headBucket } from './bucket/buckets.js';
import { createBucket } from './bucket/create-bucket.js';
import { listBuckets } from './bucket/list-buckets.js';
import { getBucketRequestPayment, putBucketRequestPayment } from './bucket/request-payment.js';
import {
  deleteBucketEncryption,
  getBucketEncryption,
  putBucketEncryption,
} from './encryption/bucket-encryption.js';
import {
  getBucketNotificationConfiguration,
  putBucketNotificationConfiguration,
} from './events/notification-configuration.js';
import {
  deleteBucketInventoryConfiguration,
  getBucketInventoryConfiguration,
  listBucketInventoryConfigurations,
  putBucketInventoryConfiguration,
} from './inventory/inventory-configuration.js';
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from './lifecycle/lifecycle.js';
import { listObjectVersions } from './listing/list-object-versions.js';
import { listObjects, listObjectsV2 } from './listing/list-objects.js';
import {
  getObjectLegalHold,
  getObjectLockConfiguration,
  getObjectRetention,
  putObjectLegalHold,
  putObjectLockConfiguration,
  putObjectRetention,
} from './lock/object-lock-operations.js';
import type { AccessLog } from './logging/access-log.js';
import { getBucketLogging, putBucketLogging } from './logging/bucket-logging.js';
import { listMultipartUploads, listParts } from './multipart/list-multipart.js';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
} from './multipart/multipart.js';
import { uploadPart, uploadPartCopy } from './multipart/upload-part.js';
import { copyObject } from './object/copy-object.js';
import { deleteObject } from './object/delete-object.js';
import { deleteObjects } from './object/delete-objects.js';
import { getObject, headObject } from './object/get-object.js';
import { getObjectAttributes } from './object/get-object-attributes.js';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object/object-tagging.js';
import { putObject } from './object/put-object.js';
import { updateObjectEncryption } from './object/update-object-encryption.js';
import type { S3Ports } from './ports.js';
import { charging } from './terms.js';
import { deleteBucketWebsite, getBucketWebsite, putBucketWebsite } from './website/bucket-website.js';
import { deleteBucketCors, getBucketCors, putBucketCors } from './website/cors.js';

const operations: readonly NamedOperation<S3Ports>[] = [
  abortMultipartUpload,
  completeMultipartUpload,
  ...configurationsNeverSet,
  copyObject,
  createBucket,
  createMultipartUpload,
  deleteBucket,
  deleteBucketCors,
  deleteBucketEncryption,
  deleteBucketInventoryConfiguration,
  deleteBucketLifecycle,
  deleteBucketOwnershipControls,
  deleteBucketPolicy,
  deleteBucketTagging,
  deleteBucketWebsite,
  deleteObject,
  deleteObjectTagging,
  deleteObjects,
  deletePublicAccessBlock,
  getBucketAbac,
  getBucketAccelerateConfiguration,
  getBucketAcl,
  getBucketCors,
  getBucketEncryption,
  getBucketInventoryConfiguration,
  getBucketLifecycleConfiguration,
  getBucketLocation,
  getBucketLogging,
  getBucketNotificationConfiguration,
  getBucketOwnershipControls,
  getBucketPolicy,
  getBucketPolicyStatus,
  getBucketReplication,
  getBucketRequestPayment,
  getBucketTagging,
  getBucketVersioning,
  getBucketWebsite,
  getObject,
  getObjectAcl,
  getObjectAttributes,
  getObjectLegalHold,
  getObjectLockConfiguration,
  getObjectRetention,
  getObjectTagging,
  getPublicAccessBlock,
  headBucket,
  headObject,
  listBucketInventoryConfigurations,
  listBuckets,
  listMultipartUploads,
  listObjectVersions,
  listObjects,
  listObjectsV2,
  listParts,
  putBucketAbac,
  putBucketAccelerateConfiguration,
  putBucketAcl,
  putBucketCors,
  putBucketEncryption,
  putBucketInventoryConfiguration,
  putBucketLifecycleConfiguration,
  putBucketLogging,
  putBucketNotificationConfiguration,
  putBucketOwnershipControls,
  putBucketPolicy,
  putBucketRequestPayment,
  putBucketTagging,
  putBucketVersioning,
  putBucketWebsite,
  putObject,
  putObjectAcl,
  putObjectLegalHold,
  putObjectLockConfiguration,
  putObjectRetention,
  putObjectTagging,
  putPublicAccessBlock,
  updateObjectEncryption,
  uploadPart,
  uploadPartCopy,
];

/** `log`: where the requests to buckets that have logging are noted. */
export function s3Service(ports: S3Ports, log?: AccessLog): Service {
  return service('s3', ports, operations.map(charging), log && (ending => log.note(ending, 'REST')));
}

export { checkBody } from './body-integrity.js';
export { InventoryRuns } from './inventory/inventory-runs.js';
export { AccessLog } from './logging/access-log.js';
export type { PrincipalMapper, S3Ports } from './ports.js';
export { s3CrossOrigin } from './website/cors.js';
export { websiteService } from './website/website.js';
