import type { ServiceId } from '../core/operation.js';
import { advised } from './advice.js';
import { jsonErrors, queryErrors } from './errors.js';
import type { Refusals } from './refusal-kinds.js';
import { awsRefusals } from './refusals-aws.js';
import { s3Refusals } from './refusals-s3.js';

const families: Readonly<Record<ServiceId, Refusals>> = (() => {
  const query = advised(
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
  const json = advised(
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
  return {
    s3: advised(s3Refusals),
    sts: query,
    iam: query,
    kms: json,
    organizations: json,
    'access-analyzer': json,
    karikagi: json,
  };
})();

/** How a service words its refusals. */
export const refusalsOf = (service: ServiceId): Refusals => families[service];
