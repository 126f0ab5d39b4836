import type { Call, Requirement } from '../../core/operation.js';
import type { Objects } from '../../objects/index.js';
import { parseArn } from '../../policy/index.js';
import { onBucket, onObject } from './requirements.js';

/**
 * What decides about an action on a bucket, or on an object of it, of the caller's own account: for what is asked
 * before it is tried. `undefined` where there is no such bucket in the account. Throws what the bucket's terms are not
 * met with.
 */
export async function ownBucketRequirement(
  objects: Objects,
  call: Call,
  action: string,
  resource: string,
): Promise<Requirement | undefined> {
  const [name = '', ...key] = (parseArn(resource)?.resource ?? '').split('/');
  const bucket = name === '' ? undefined : await objects.buckets.find(name);
  if (!bucket || bucket.owner !== call.caller.account?.id) return undefined;
  return key.length === 0 ? onBucket(bucket, call, action) : onObject(bucket, call, action, key.join('/'));
}
