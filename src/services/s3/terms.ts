/** What a bucket demands of every caller, whatever policies say. */

import type { Call } from '../../core/operation.js';
import { s3Errors } from '../../core/s3-errors.js';
import type { Bucket } from '../../objects/index.js';

/** Whether the request is on the caller's account. Throws AccessDenied, InvalidRequest. */
export function demandTerms(bucket: Bucket, call: Call): boolean {
  demandAcceleration(bucket, call);
  return isCharged(bucket, call);
}

/** Throws InvalidRequest at the accelerated endpoint of a bucket that has none. */
function demandAcceleration(bucket: Bucket, { http }: Call): void {
  if (bucket.acceleration === 'Enabled' || !http.headers.get('host')?.includes('.s3-accelerate.')) return;
  const how = bucket.acceleration === undefined ? 'not configured' : 'disabled';
  throw s3Errors.InvalidRequest(`S3 Transfer Acceleration is ${how} on this bucket`);
}

/**
 * Refuses callers who neither own the bucket nor say to pay, and anonymous ones ("Using Requester Pays buckets for
 * storage transfers and usage", S3 User Guide). Throws AccessDenied.
 */
function isCharged(bucket: Bucket, call: Call): boolean {
  if (!bucket.requesterPays || call.caller.account?.id === bucket.owner) return false;
  if (call.caller.account === undefined || !saysToPay(call)) {
    throw s3Errors.AccessDenied('Access Denied', {
      reason: `requesters pay for ${bucket.name}: x-amz-request-payer is needed, and a signature`,
      owner: bucket.owner,
      advice:
        'Sign the request, and send the header x-amz-request-payer: requester where the owner lets requesters pay.',
    });
  }
  return true;
}

/** A presigned URL says it in its query. */
function saysToPay({ http }: Call): boolean {
  return (
    http.headers.get('x-amz-request-payer')?.toLowerCase() === 'requester' ||
    /(?:^|&)x-amz-request-payer=requester(?:&|$)/i.test(http.query)
  );
}
