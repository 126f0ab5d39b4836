import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafeSlow(4096);
let used = pool.length;

/**
 * Random bytes for ids, at most 4,096 at a time, each given out once and to be used at once: the next call may write
 * over them. They are drawn from the system in larger amounts, because asking it takes longer than most ids.
 */
export function randomForId(count: number): Buffer {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.subarray(used - count, used);
}

const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `x-amz-id-2`: what S3 calls the host id; here it says no more than the request id. */
export function hostIdOf(requestId: string): string {
  return Buffer.from(requestId).toString('base64');
}

/** The id of a request to S3: sixteen digits and capitals. */
export function s3RequestId(): string {
  let id = '';
  for (const byte of randomForId(16)) id += digits[byte & 31];
  return id;
}
