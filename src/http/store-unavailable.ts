import type { ApiError } from '../core/errors.js';
import type { ServiceTraits } from '../core/service.js';
import { httpErrors } from './errors.js';

/** Seconds after which a client may try again: a failover takes about that long. */
const RETRY_AFTER = 2;

/**
 * The answer where the store cannot be reached, in the words that SDKs repeat a request on by themselves: S3's "Reduce
 * your request rate", and what the other services have among their common errors. `service`: absent where it is not
 * known yet.
 */
export function storeUnavailable(thrown: unknown, service: ServiceTraits | undefined): ApiError | undefined {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause) {
    if (!('code' in cause) || cause.code !== 'STORE_UNAVAILABLE') continue;
    const detail = { headers: { 'retry-after': String(RETRY_AFTER) }, cause: thrown };
    const error = service?.errors.unavailable() ?? httpErrors.ServiceUnavailable();
    return error.with(detail);
  }
  return undefined;
}
