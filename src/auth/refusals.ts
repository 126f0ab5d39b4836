/** The families of refusals, with their advice: a service says which is its own. */
import type { Refusals } from '../core/auth-errors.js';
import { advised } from './advice.js';
import { jsonErrors, queryErrors } from './errors.js';
import { awsRefusals } from './refusals-aws.js';
import { s3Refusals as objectStoreRefusals } from './refusals-s3.js';

/** What services of the query protocol answer. */
export const queryRefusals: Refusals = advised(
  awsRefusals(
    {
      expired: queryErrors.ExpiredToken,
      incomplete: queryErrors.IncompleteSignature,
      invalid: queryErrors.InvalidClientTokenId,
      missing: queryErrors.MissingAuthenticationToken,
      mismatch: queryErrors.SignatureDoesNotMatch,
    },
    15,
  ),
);

/** What services of the JSON protocol answer. */
export const jsonRefusals: Refusals = advised(
  awsRefusals(
    {
      expired: jsonErrors.ExpiredTokenException,
      incomplete: jsonErrors.IncompleteSignatureException,
      invalid: jsonErrors.UnrecognizedClientException,
      missing: jsonErrors.MissingAuthenticationTokenException,
      mismatch: jsonErrors.InvalidSignatureException,
    },
    5,
  ),
);

/** What the object store answers, and what its signed chunks and forms are refused with. */
export const s3Refusals: Refusals = advised(objectStoreRefusals);
