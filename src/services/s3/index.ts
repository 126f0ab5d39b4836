/** S3: its operations, bound to what they work on. */
import { type Operation, type Service, service } from '../../operation.js';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './bucket-policy.js';
import { deleteBucket, getBucketLocation, headBucket } from './buckets.js';
import { copyObject } from './copy-object.js';
import { createBucket } from './create-bucket.js';
import { deleteObject } from './delete-object.js';
import { deleteObjects } from './delete-objects.js';
import { getObject, headObject } from './get-object.js';
import { listBuckets } from './list-buckets.js';
import { listMultipartUploads, listParts } from './list-multipart.js';
import { listObjects, listObjectsV2 } from './list-objects.js';
import { abortMultipartUpload, completeMultipartUpload, createMultipartUpload } from './multipart.js';
import type { S3Ports } from './ports.js';
import { putObject } from './put-object.js';
import { uploadPart, uploadPartCopy } from './upload-part.js';

const operations: readonly Operation<S3Ports>[] = [
  abortMultipartUpload,
  completeMultipartUpload,
  copyObject,
  createBucket,
  createMultipartUpload,
  deleteBucket,
  deleteBucketPolicy,
  deleteObject,
  deleteObjects,
  getBucketLocation,
  getBucketPolicy,
  getBucketPolicyStatus,
  getObject,
  headBucket,
  headObject,
  listBuckets,
  listMultipartUploads,
  listObjects,
  listObjectsV2,
  listParts,
  putBucketPolicy,
  putObject,
  uploadPart,
  uploadPartCopy,
];

export function s3Service(ports: S3Ports): Service {
  return service('s3', ports, operations);
}

export type { PrincipalMapper, S3Ports } from './ports.js';
