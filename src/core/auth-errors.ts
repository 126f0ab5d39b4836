/** What may be wrong with how a request is signed, and what each is answered. */
import type { ApiError } from './errors.js';

/** Where a signature stands: S3 words its refusals by it. */
export type Place = 'header' | 'query';

/** What was compared with the signature of a request. */
export interface Computed {
  readonly accessKeyId: string;
  readonly provided: string;
  readonly stringToSign: string;
  /** Absent for the signature of a chunk. */
  readonly canonicalRequest?: string;
}

/** The errors of one family of services, by what is wrong with a request. */
export interface Refusals {
  /** How far a client's clock may be off, milliseconds. */
  readonly skew: number;
  /** No signature where one is needed. */
  missing(): ApiError;
  /** Not SigV4: version 2, version 4A, another scheme. */
  mechanism(place: Place, value: string): ApiError;
  /** Signed in the header and in the query at once. */
  ambiguous(authorization: string): ApiError;
  /** A component of the `Authorization` header without `=`. */
  component(component: string, authorization: string): ApiError;
  /** Required parts that the header or the query lacks. */
  incomplete(place: Place, absent: readonly string[], authorization: string): ApiError;
  /** Not `AKID/yyyyMMdd/region/service/aws4_request`. */
  credential(place: Place, credential: string): ApiError;
  scopeDate(place: Place, date: string, timestamp: string): ApiError;
  scopeService(place: Place, service: string, expected: string): ApiError;
  scopeTerminator(place: Place, terminator: string): ApiError;
  /** The time of the request is no time. */
  date(place: Place, value: string): ApiError;
  /** `why`: S3's words for an `X-Amz-Expires` out of bounds. */
  expires(why: string): ApiError;
  unsignedHeaders(names: readonly string[]): ApiError;
  /** The signer's clock differs too much. Times in milliseconds since the epoch. */
  skewed(signed: number, now: number): ApiError;
  /** A presigned URL whose time is over: `expires` seconds after `signed`, or at `signed` (version 2). */
  urlExpired(signed: number, expires: number | undefined, now: number): ApiError;
  urlNotYetValid(signed: number, now: number): ApiError;
  accessKey(accessKeyId: string, reason: string): ApiError;
  token(token: string, reason: string): ApiError;
  expiredToken(token: string, reason: string): ApiError;
  mismatch(computed: Computed): ApiError;
}
