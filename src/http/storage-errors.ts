/** What errors of the store mean to a client. */
import { constants } from 'node:os';
import { ApiError } from '../core/errors.js';

/** Seconds after which a client may try again; until then somebody has to make room. */
const RETRY_AFTER = 30;

/** By name as Node's file system has them, by number as LMDB does: no room, no more quota. */
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT', constants.errno.ENOSPC, constants.errno.EDQUOT];

/**
 * The answer where an error comes from a full disk. S3 has no code of its own for what never happens to it; the status
 * 507 (RFC 4918, section 11.5) says what it is, and SDKs do not repeat such a request by themselves.
 */
export function storageFull(thrown: unknown): ApiError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (!('code' in error) || !FULL.includes(error.code)) continue;
    const headers = { 'retry-after': String(RETRY_AFTER) };
    return new ApiError('InternalError', 507, 'The storage is full. Please try again later.', {
      headers,
      cause: thrown,
    });
  }
  return undefined;
}

/** Whether an error comes from a name that is longer than the store's keys may be. */
export function isNameTooLong(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (error.name === 'KeyTooLong') return true;
  }
  return false;
}
