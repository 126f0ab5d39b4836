/** ARNs in the partition of who is signed in. */
import { session } from '../session/store.js';

export function currentPartition(): string {
  return session().signedIn?.base.arn.split(':')[1] ?? 'aws';
}

/** Of a bucket; with a key, of an object or of all that the pattern covers. */
export function s3Arn(bucket: string, key?: string): string {
  return `arn:${currentPartition()}:s3:::${bucket}${key === undefined ? '' : `/${key}`}`;
}
