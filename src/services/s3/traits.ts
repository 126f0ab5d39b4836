import { s3Refusals } from '../../auth/refusals.js';
import { s3RequestId } from '../../core/random.js';
import { s3Errors } from '../../core/s3-errors.js';
import type { ServiceTraits } from '../../core/service.js';

/** Headers with a customer's key (SSE-C): of an object, and of the source of a copy. */
const KEY_HEADERS = [
  'x-amz-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key',
];

export const s3Traits: ServiceTraits = {
  id: 's3',
  // The AWS SDKs sign for the second at hosts of directory buckets.
  scopes: ['s3', 's3express'],
  host: /^s3[.-]/,
  recognises: () => false,
  takesTheRest: true,
  collectsBody: false,
  signing: {
    path: 'object',
    needsSigned: header => header.startsWith('x-amz-'),
    presigns: true,
    payload: 'announced',
    version2: true,
    certificates: false,
    conditions: 's3',
    everyRegion: false,
  },
  errors: {
    auth: s3Refusals,
    // Only the bucket's account reads why.
    accessDenied: (message, { anonymous, foreign }) =>
      s3Errors.AccessDenied(anonymous || foreign ? 'Access Denied' : message),
    notImplemented: name => s3Errors.NotImplemented(name),
    nameTooLong: () => s3Errors.KeyTooLongError(),
    unavailable: () => s3Errors.SlowDown(),
  },
  requestId: s3RequestId,
  // "Amazon S3 rejects any requests made over HTTP when using SSE-C" ("Using server-side encryption with
  // customer-provided keys", S3 User Guide).
  secretIn: (_operation, { headers }) =>
    KEY_HEADERS.some(name => headers.has(name))
      ? s3Errors.InvalidRequest(
          'Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.',
        )
      : undefined,
};
