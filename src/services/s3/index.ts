/** S3: its operations, bound to what they work on. */
import { type Operation, type Service, service } from '../../operation.js';
import { getBucketAccelerateConfiguration, putBucketAccelerateConfiguration } from './acceleration.js';
import type { AccessLog } from './access-log.js';
import { getBucketAcl, getObjectAcl, putBucketAcl, putObjectAcl } from './acls.js';
import { getBucketAbac, putBucketAbac } from './bucket-abac.js';
import { configurationsNeverSet, getBucketReplication } from './bucket-defaults.js';
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from './bucket-encryption.js';
import { getBucketLogging, putBucketLogging } from './bucket-logging.js';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './bucket-policy.js';
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
} from './bucket-settings.js';
import { deleteBucketWebsite, getBucketWebsite, putBucketWebsite } from './bucket-website.js';
import { deleteBucket, getBucketLocation, headBucket } from './buckets.js';
import { copyObject } from './copy-object.js';
import { deleteBucketCors, getBucketCors, putBucketCors } from './cors.js';
import { createBucket } from './create-bucket.js';
import { deleteObject } from './delete-object.js';
import { deleteObjects } from './delete-objects.js';
import { getObject, headObject } from './get-object.js';
import { getObjectAttributes } from './get-object-attributes.js';
import {
  deleteBucketInventoryConfiguration,
  getBucketInventoryConfiguration,
  listBucketInventoryConfigurations,
  putBucketInventoryConfiguration,
} from './inventory-configuration.js';
import {
  deleteBucketLifecycle,
  getBucketLifecycleConfiguration,
  putBucketLifecycleConfiguration,
} from './lifecycle.js';
import { listBuckets } from './list-buckets.js';
import { listMultipartUploads, listParts } from './list-multipart.js';
import { listObjectVersions } from './list-object-versions.js';
import { listObjects, listObjectsV2 } from './list-objects.js';
import { abortMultipartUpload, completeMultipartUpload, createMultipartUpload } from './multipart.js';
import {
  getBucketNotificationConfiguration,
  putBucketNotificationConfiguration,
} from './notification-configuration.js';
import {
  getObjectLegalHold,
  getObjectLockConfiguration,
  getObjectRetention,
  putObjectLegalHold,
  putObjectLockConfiguration,
  putObjectRetention,
} from './object-lock-operations.js';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging.js';
import type { S3Ports } from './ports.js';
import { putObject } from './put-object.js';
import { getBucketRequestPayment, putBucketRequestPayment } from './request-payment.js';
import { charging } from './terms.js';
import { updateObjectEncryption } from './update-object-encryption.js';
import { uploadPart, uploadPartCopy } from './upload-part.js';

const operations: readonly Operation<S3Ports>[] = [
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

export { AccessLog } from './access-log.js';
export { checkBody } from './body-integrity.js';
export { s3CrossOrigin } from './cors.js';
export { InventoryRuns } from './inventory-runs.js';
export type { PrincipalMapper, S3Ports } from './ports.js';
export { websiteService } from './website.js';
