import { ApiError } from '../core/errors.js';

/** Seconds after which a client may try again: a failover takes about that long. */
const RETRY_AFTER = 2;

/**
 * The answer where the store cannot be reached, in the words that SDKs repeat a request on by themselves: S3's "Reduce
 * your request rate", and what the other services have among their common errors. `service`: the service's id.
 */
export function storeUnavailable(thrown: unknown, service: string | undefined): ApiError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (!('code' in error) || error.code !== 'STORE_UNAVAILABLE') continue;
    const detail = { headers: { 'retry-after': String(RETRY_AFTER) }, cause: thrown };
    return service === 's3'
      ? new ApiError('SlowDown', 503, 'Please reduce your request rate.', detail)
      : new ApiError('ServiceUnavailable', 503, 'The service is unavailable. Please try again.', detail);
  }
  return undefined;
}
