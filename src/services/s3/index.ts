/** S3: its operations, bound to what they work on. */
import { type Operation, type Service, service } from '../../operation.js';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './bucket-policy.js';
import { deleteBucket, getBucketLocation, headBucket } from './buckets.js';
import { createBucket } from './create-bucket.js';
import { deleteObject } from './delete-object.js';
import { deleteObjects } from './delete-objects.js';
import { getObject, headObject } from './get-object.js';
import { listBuckets } from './list-buckets.js';
import { listObjects, listObjectsV2 } from './list-objects.js';
import type { S3Ports } from './ports.js';
import { putObject } from './put-object.js';

const operations: readonly Operation<S3Ports>[] = [
  createBucket,
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
  listObjects,
  listObjectsV2,
  putBucketPolicy,
  putObject,
];

export function s3Service(ports: S3Ports): Service {
  return service('s3', ports, operations);
}

export type { PrincipalMapper, S3Ports } from './ports.js';
