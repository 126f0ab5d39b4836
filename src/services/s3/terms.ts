/** What a bucket demands of whoever comes to it, whatever policies say. */

import type { Call, NamedOperation } from '../../core/operation.js';
import type { Bucket } from '../../objects/index.js';
import { s3Errors } from './errors.js';
import type { S3Ports } from './ports.js';

/** Throws AccessDenied, InvalidRequest. */
export function demandTerms(bucket: Bucket, call: Call): void {
  demandAcceleration(bucket, call);
  demandPayer(bucket, call);
}

/** Throws InvalidRequest at the accelerated endpoint of a bucket that has none. */
function demandAcceleration(bucket: Bucket, { http }: Call): void {
  if (bucket.acceleration === 'Enabled' || !http.headers.get('host')?.includes('.s3-accelerate.')) return;
  const how = bucket.acceleration === undefined ? 'not configured' : 'disabled';
  throw s3Errors.InvalidRequest([`S3 Transfer Acceleration is ${how} on this bucket`]);
}

const charged = new WeakSet<Call>();

/**
 * Refuses who neither owns the bucket nor says to pay, and nobody at all ("Using Requester Pays buckets for storage
 * transfers and usage", S3 User Guide). Throws AccessDenied.
 */
function demandPayer(bucket: Bucket, call: Call): void {
  if (!bucket.requesterPays || call.caller.account?.id === bucket.owner) return;
  if (call.caller.account === undefined || !saysToPay(call)) {
    throw s3Errors.AccessDenied(['Access Denied'], {
      reason: `requesters pay for ${bucket.name}: x-amz-request-payer is needed, and a signature`,
      owner: bucket.owner,
      advice:
        'Sign the request, and send the header x-amz-request-payer: requester where the owner lets requesters pay.',
    });
  }
  charged.add(call);
}

/** A presigned URL says it in its query. */
function saysToPay({ http }: Call): boolean {
  return (
    http.headers.get('x-amz-request-payer')?.toLowerCase() === 'requester' ||
    /(?:^|&)x-amz-request-payer=requester(?:&|$)/i.test(http.query)
  );
}

/** The operation, whose answer says so where the requester is charged: outputs that cannot say it leave it out. */
export function charging<I, O>(operation: NamedOperation<S3Ports, I, O>): NamedOperation<S3Ports, I, O> {
  return {
    ...operation,
    run(input, call, ports) {
      const output = operation.run(input, call, ports);
      return charged.has(call)
        ? output.then(members => ({ ...members, RequestCharged: 'requester' }))
        : output;
    },
  };
}
