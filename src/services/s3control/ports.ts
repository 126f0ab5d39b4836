import type { Call, Requirement } from '../../core/operation.js';
import type { Bucket, Objects } from '../../objects/index.js';
import type { ContextValue } from '../../policy/types.js';

/** Buckets as S3 has them: S3 Control works on the same ones. */
export interface BucketAccess {
  /** Throws NoSuchBucket, and what S3 answers to a request that is signed for another region. */
  bucket(name: string, call: Call): Promise<Bucket>;
  /** What `action` on the bucket takes: its policy counts as it does for S3. `keys`: condition keys of the request. */
  onBucket(
    bucket: Bucket,
    call: Call,
    action: string,
    keys: Readonly<Record<string, ContextValue | undefined>>,
  ): Requirement;
}

/** What S3 Control's operations work on. */
export interface S3ControlPorts {
  readonly objects: Objects;
  readonly buckets: BucketAccess;
}
