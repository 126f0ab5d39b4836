import { errorTable } from '../core/errors.js';

const notHere = (operation: string) => `${operation} is not available on this server.`;

/** What the query services (STS, IAM) answer (AWS STS API Reference, "Common Errors"). */
export const queryErrors = errorTable({
  AccessDenied: [403, (why: string) => why],
  ExpiredToken: [403, 'The security token included in the request is expired'],
  IncompleteSignature: [400, (why: string) => why],
  InvalidAction: [400, notHere],
  InvalidClientTokenId: [403, 'The security token included in the request is invalid.'],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
  ServiceUnavailable: [503, 'The service is unavailable. Please try again.'],
  SignatureDoesNotMatch: [403, (why: string) => why],
  ValidationError: [400, (why: string) => why],
});

/** What the JSON services (KMS) answer (AWS KMS API Reference, "Common Errors"). */
export const jsonErrors = errorTable({
  AccessDeniedException: [400, (why: string) => why],
  ExpiredTokenException: [400, 'The security token included in the request is expired'],
  IncompleteSignatureException: [400, (why: string) => why],
  InvalidSignatureException: [400, (why: string) => why],
  MissingAuthenticationTokenException: [400, 'Missing Authentication Token'],
  UnknownOperationException: [400, notHere],
  UnrecognizedClientException: [400, 'The security token included in the request is invalid.'],
  ValidationException: [400, (why: string) => why],
});
