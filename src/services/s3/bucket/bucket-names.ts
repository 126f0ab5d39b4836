import { s3Errors } from '../../../core/s3-errors.js';

/** "Bucket naming rules", S3 User Guide: general purpose buckets. */
const FORM = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const IP_ADDRESS = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const RESERVED_PREFIX = /^(xn--|sthree-|amzn-s3-demo-)/;
const RESERVED_SUFFIX = /(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

/** Throws InvalidBucketName for a name that no new bucket may have. */
export function demandBucketName(name: string): void {
  const valid =
    FORM.test(name) &&
    !name.includes('..') &&
    !IP_ADDRESS.test(name) &&
    !RESERVED_PREFIX.test(name) &&
    !RESERVED_SUFFIX.test(name);
  if (!valid) throw s3Errors.InvalidBucketName({ members: { BucketName: name } });
}
