/** What the front door itself answers, whichever service is asked. */
import { errorTable } from '../core/errors.js';

export const httpErrors = errorTable({
  AccessDenied: [403, (why: string) => why],
  IncompleteBody: [
    400,
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  ],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  MaxMessageLengthExceeded: [400, 'Your request was too big.'],
  RequestEntityTooLarge: [413, (limit: number) => `The request body is larger than ${limit} bytes.`],
  RequestTimeout: [
    400,
    'Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.',
  ],
  ServiceUnavailable: [503, 'The service is unavailable. Please try again.'],
  // S3 and query services throttle in these words ("Error responses", S3 API Reference).
  SlowDown: [503, 'Please reduce your request rate.'],
  UnknownService: [400, (scope: string) => `The service ${JSON.stringify(scope)} is not served here.`],
});
