import type { Computed, Place, Refusals } from '../core/auth-errors.js';
import type { ApiError, ApiErrorDetail } from '../core/errors.js';
import { invalidArgument, s3Errors } from '../core/s3-errors.js';
import { formatTimestamp, isoSeconds } from './timestamp.js';

const SKEW = 15 * 60 * 1000;

const inCredential = (place: Place, what: string): ApiError =>
  place === 'header'
    ? s3Errors.AuthorizationHeaderMalformed(what)
    : s3Errors.AuthorizationQueryParametersError(`Error parsing the X-Amz-Credential parameter; ${what}`);

/** Bytes as S3 shows them in an error: hexadecimal pairs apart. */
const hexBytes = (text: string): string =>
  Buffer.from(text)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ');

function mismatchMembers(computed: Computed): NonNullable<ApiErrorDetail['members']> {
  return {
    AWSAccessKeyId: computed.accessKeyId,
    StringToSign: computed.stringToSign,
    SignatureProvided: computed.provided,
    StringToSignBytes: hexBytes(computed.stringToSign),
    ...(computed.canonicalRequest !== undefined && {
      CanonicalRequest: computed.canonicalRequest,
      CanonicalRequestBytes: hexBytes(computed.canonicalRequest),
    }),
  };
}

/** S3's words (Amazon S3 API Reference, "Error responses", and answers seen of the service). */
export const s3Refusals: Refusals = {
  skew: SKEW,
  missing: () => s3Errors.AccessDenied('Access Denied'),
  mechanism(place, value) {
    if (/^AWS4-ECDSA-P256-SHA256( |$)/.test(value)) {
      return s3Errors.InvalidRequest(
        'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
      );
    }
    return place === 'query'
      ? s3Errors.AuthorizationQueryParametersError(
          'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"',
        )
      : invalidArgument('Unsupported Authorization Type', 'Authorization', value);
  },
  ambiguous: authorization =>
    invalidArgument(
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      'Authorization',
      authorization,
    ),
  component: component =>
    s3Errors.AuthorizationHeaderMalformed(`the authorization component "${component}" is malformed.`),
  incomplete: (place, absent) =>
    place === 'query'
      ? s3Errors.AuthorizationQueryParametersError(
          'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
        )
      : absent.includes('Date')
        ? s3Errors.AccessDenied('AWS authentication requires a valid Date or x-amz-date header')
        : s3Errors.AuthorizationHeaderMalformed(
            absent.length > 1
              ? 'the authorization header requires three components: Credential, SignedHeaders, and Signature.'
              : `missing ${absent[0]}.`,
          ),
  credential: place =>
    inCredential(
      place,
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    ),
  scopeDate(place, date, timestamp) {
    if (!/^\d{8}$/.test(date)) {
      return inCredential(
        place,
        `incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`,
      );
    }
    return place === 'header'
      ? inCredential(place, 'Invalid credential date. Date is not the same as X-Amz-Date.')
      : s3Errors.AuthorizationQueryParametersError(
          `Invalid credential date "${date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
        );
  },
  scopeService: (place, service, expected) =>
    inCredential(place, `incorrect service "${service}". This endpoint belongs to "${expected}".`),
  scopeTerminator: (place, terminator) =>
    inCredential(place, `incorrect terminal "${terminator}". This endpoint uses "aws4_request".`),
  date: place =>
    place === 'header'
      ? s3Errors.AccessDenied('AWS authentication requires a valid Date or x-amz-date header')
      : s3Errors.AuthorizationQueryParametersError(
          "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
        ),
  expires: why => s3Errors.AuthorizationQueryParametersError(why),
  // The hash of the payload is not named among others (LocalStack's recordings of AWS,
  // test_put_object_with_md5_and_chunk_signature_bad_headers).
  unsignedHeaders: names => {
    const others = names.filter(name => name !== 'x-amz-content-sha256');
    return s3Errors.AccessDenied('There were headers present in the request which were not signed', {
      members: { HeadersNotSigned: (others.length > 0 ? others : names).join(', ') },
    });
  },
  skewed: (signed, now) =>
    s3Errors.RequestTimeTooSkewed({
      members: {
        RequestTime: formatTimestamp(signed),
        ServerTime: isoSeconds(now),
        MaxAllowedSkewMilliseconds: String(SKEW),
      },
    }),
  urlExpired: (signed, expires, now) =>
    s3Errors.AccessDenied('Request has expired', {
      members: {
        ...(expires !== undefined && { 'X-Amz-Expires': String(expires) }),
        Expires: isoSeconds(signed + (expires ?? 0) * 1000),
        ServerTime: isoSeconds(now),
      },
    }),
  urlNotYetValid: (_signed, now) =>
    s3Errors.AccessDenied('Request is not valid yet', { members: { ServerTime: isoSeconds(now) } }),
  accessKey: (accessKeyId, reason) =>
    s3Errors.InvalidAccessKeyId({ members: { AWSAccessKeyId: accessKeyId }, reason }),
  token: (token, reason) => s3Errors.InvalidToken({ members: { 'Token-0': token }, reason }),
  expiredToken: (token, reason) => s3Errors.ExpiredToken({ members: { 'Token-0': token }, reason }),
  mismatch: computed => s3Errors.SignatureDoesNotMatch({ members: mismatchMembers(computed) }),
};
