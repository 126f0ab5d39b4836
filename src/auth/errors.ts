import { errorTable } from '../core/errors.js';

const malformedHeader = (what: string) => `The authorization header is malformed; ${what}`;

/** What S3 answers to requests it cannot authenticate (Amazon S3 API Reference, "Error responses"). */
export const s3Errors = errorTable({
  AccessDenied: [403, (why: string) => why],
  AuthorizationHeaderMalformed: [400, malformedHeader],
  AuthorizationQueryParametersError: [400, (why: string) => why],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed size'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed size'],
  ExpiredToken: [400, 'The provided token has expired.'],
  IncompleteBody: [400, (why: string) => why],
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  InvalidArgument: [400, (why: string) => why],
  InvalidChunkSizeError: [403, 'Only the last chunk is allowed to have a size less than 8192 bytes'],
  IncorrectNumberOfFilesInPostRequest: [400, 'POST requires exactly one file upload per request.'],
  InvalidPolicyDocument: [400, (why: string) => `Invalid Policy: ${why}`],
  InvalidRequest: [400, (why: string) => why],
  InvalidToken: [400, 'The provided token is malformed or otherwise invalid.'],
  MalformedPOSTRequest: [400, 'The body of your POST request is not well-formed multipart/form-data.'],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  ],
  MalformedTrailerError: [
    400,
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  ],
  MaxPostPreDataLengthExceeded: [400, 'Your POST request fields preceding the upload file were too large.'],
  MissingContentLength: [411, 'You must provide the Content-Length HTTP header.'],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  SignatureDoesNotMatch: [
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  ],
  XAmzContentSHA256Mismatch: [
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
});

/** What the query services (STS, IAM) answer (AWS STS API Reference, "Common Errors"). */
export const queryErrors = errorTable({
  ExpiredToken: [403, 'The security token included in the request is expired'],
  IncompleteSignature: [400, (why: string) => why],
  InvalidClientTokenId: [403, 'The security token included in the request is invalid.'],
  MissingAuthenticationToken: [403, 'Request is missing Authentication Token'],
  SignatureDoesNotMatch: [403, (why: string) => why],
});

/** What the JSON services (KMS) answer (AWS KMS API Reference, "Common Errors"). */
export const jsonErrors = errorTable({
  ExpiredTokenException: [400, 'The security token included in the request is expired'],
  IncompleteSignatureException: [400, (why: string) => why],
  InvalidSignatureException: [400, (why: string) => why],
  MissingAuthenticationTokenException: [400, 'Missing Authentication Token'],
  UnrecognizedClientException: [400, 'The security token included in the request is invalid.'],
});
