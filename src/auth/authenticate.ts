import type { Caller } from '../core/caller.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceTraits, SigningTraits } from '../core/service.js';
import type { Context } from '../policy/types.js';
import { canonicalQuery, canonicalRequest, objectPath, servicePath } from './canonical.js';
import { verifyCertificate } from './certificates.js';
import { type IdentifyOptions, identify } from './identify.js';
import { isIgnoredHash, type Payload, payloadOf } from './payload.js';
import { readSignature, type Signature } from './signature.js';
import { ALGORITHM, sameSignature, scopeText, sign, signingKeys, stringToSign } from './signing.js';
import type { Authenticated } from './types.js';
import { readVersion2, signVersion2, textOfVersion2, VERSION_2, type Version2 } from './version-2.js';

export interface AuthenticateOptions extends IdentifyOptions {
  /** The whole body, where it was read before (awsQuery, awsJson). */
  readonly collected?: Uint8Array;
  /** S3: the bucket where it stands in the host name. */
  readonly hostBucket?: string | undefined;
}

/** What an unsigned request acts as. */
export const ANONYMOUS: Caller = {
  principal: { type: 'anonymous', arn: '*' },
  userId: 'anonymous',
  credentials: 'none',
  context: { 'aws:PrincipalType': 'Anonymous', 'aws:userid': 'anonymous' },
};

/**
 * Verifies the signature of a request (version 4, in the header or presigned; for S3 also version 2) and says who sent
 * it; a request that carries no signature is anonymous. Throws the service's error for anything that does not hold.
 * What the signature says of the payload is checked while the returned `body` is read.
 */
export async function authenticate(
  request: HttpRequest,
  options: AuthenticateOptions,
): Promise<Authenticated> {
  const { service } = options;
  const now = options.clock.now();
  const { signing, errors } = service;
  const refusals = errors.auth;
  const second = signing.version2 ? readVersion2(request, refusals) : undefined;
  if (second !== undefined) return await authenticateVersion2(request, second, options);
  const signature = readSignature(request, service);
  if (signature === undefined) return unsigned(request, service, options.collected);
  checkTime(signature, service, now);
  checkSignedHeaders(request, signature, service);
  const payload = payloadOf(request, service, signature, options.collected);
  if (signature.algorithm !== ALGORITHM) return certified(request, signature, payload, service);
  const { caller, verified: key } = await identify(signature, options, secret =>
    verify(request, signature, payload.hash, secret, service),
  );
  return {
    caller,
    region: signature.region === '' ? undefined : signature.region,
    signatureVersion: 4,
    body: payload.open({ key, signature }),
    context: signatureContext(signing, signature, payload, now),
  };
}

/** Signed with the key of the certificate that it brings: who that is, the operation finds out. */
function certified(
  request: HttpRequest,
  signature: Signature,
  payload: Payload,
  service: ServiceTraits,
): Authenticated {
  const certificate = verifyCertificate(request, signature, service, () => {
    const { timestamp, algorithm } = signature;
    const canonical = canonicalRequest(canonicalParts(request, signature, payload.hash, service));
    return stringToSign(timestamp, scopeText(signature), canonical, algorithm);
  });
  return {
    caller: ANONYMOUS,
    certificate,
    region: signature.region === '' ? undefined : signature.region,
    signatureVersion: 4,
    body: payload.open(undefined),
    context: {},
  };
}

/** Version 2 covers no payload: that is held to what its headers say, which are signed. */
async function authenticateVersion2(
  request: HttpRequest,
  signature: Version2,
  options: AuthenticateOptions,
): Promise<Authenticated> {
  const { accessKeyId, token, time, place } = signature;
  const now = options.clock.now();
  const { service } = options;
  const refusals = service.errors.auth;
  const { conditions } = service.signing;
  if (place === 'query' && now > time) throw refusals.urlExpired(time, undefined, now);
  if (place === 'header' && Math.abs(now - time) > refusals.skew) throw refusals.skewed(time, now);
  const payload = payloadOf(request, service, undefined, options.collected);
  const { caller } = await identify({ accessKeyId, token, region: '' }, options, secret => {
    const text = textOfVersion2(request, signature, options.hostBucket);
    if (sameSignature(signVersion2(secret, text), signature.signature)) return;
    throw refusals.mismatch({ accessKeyId, provided: signature.signature, stringToSign: text });
  });
  return {
    caller,
    region: undefined,
    signatureVersion: 2,
    body: payload.open(undefined),
    context: {
      [`${conditions}:authType`]: place === 'query' ? 'REST-QUERY-STRING' : 'REST-HEADER',
      [`${conditions}:signatureversion`]: VERSION_2,
      [`${conditions}:x-amz-content-sha256`]: payload.hash,
    },
  };
}

/** The request as an anonymous one. Throws the service's error for a payload that is announced wrongly. */
export function unsigned(
  request: HttpRequest,
  service: ServiceTraits,
  collected?: Uint8Array,
): Authenticated {
  const payload = payloadOf(request, service, undefined, collected);
  return {
    caller: ANONYMOUS,
    region: undefined,
    body: payload.open(undefined),
    context:
      payload.announced === undefined || service.signing.conditions === undefined
        ? {}
        : { [`${service.signing.conditions}:x-amz-content-sha256`]: payload.announced },
  };
}

/** Checks the signature itself; returns the signing key, with which the chunks of a body are verified. */
function verify(
  request: HttpRequest,
  signature: Signature,
  payloadHash: string,
  secret: string,
  service: ServiceTraits,
): Uint8Array {
  const parts = canonicalParts(request, signature, payloadHash, service);
  const textOf = (canonical: string) => stringToSign(signature.timestamp, scopeText(signature), canonical);
  const key = signingKeys.get(secret, signature);
  const signs = (canonical: string) => sameSignature(sign(key, textOf(canonical)), signature.signature);
  const canonical = canonicalRequest(parts);
  if (signs(canonical)) return key;
  // Who sends back a header that was read as Latin-1 (an SDK on Node) signs its characters, whatever the bytes are.
  if (NOT_ASCII.test(canonical) && signs(canonicalRequest(parts, value => value))) return key;
  throw service.errors.auth.mismatch({
    accessKeyId: signature.accessKeyId,
    provided: signature.signature,
    stringToSign: textOf(canonical),
    canonicalRequest: canonical,
  });
}

function canonicalParts(
  request: HttpRequest,
  signature: Signature,
  payloadHash: string,
  { signing }: ServiceTraits,
) {
  return {
    method: request.method,
    path: signing.path === 'object' ? objectPath(request.path) : servicePath(request.path),
    query: canonicalQuery(request.query, signature.place === 'query' ? 'X-Amz-Signature' : undefined),
    headers: request.headers,
    signedHeaders: signature.signedHeaders,
    payloadHash,
  };
}

const NOT_ASCII = /[^\0-\x7f]/;

/**
 * In the header a signature is good for the clock skew around now. A presigned URL is good from its date for
 * `X-Amz-Expires`; services other than S3 disregard that parameter and allow the skew (so does STS for a
 * presigned GetCallerIdentity).
 */
function checkTime(signature: Signature, { signing, errors }: ServiceTraits, now: number): void {
  const refusals = errors.auth;
  const { time, expires } = signature;
  if (signature.place === 'query' && signing.presigns && expires !== undefined) {
    if (time > now + refusals.skew) throw refusals.urlNotYetValid(time, now);
    if (now > time + expires * 1000) throw refusals.urlExpired(time, expires, now);
  } else if (Math.abs(now - time) > refusals.skew) {
    throw refusals.skewed(time, now);
  }
}

/** `host` and what decides over the meaning of a request must be signed. */
function checkSignedHeaders(
  request: HttpRequest,
  signature: Signature,
  { signing, errors }: ServiceTraits,
): void {
  const signed = signature.signedHeaders;
  const unsigned = signed.includes('host') ? [] : ['host'];
  for (const name of request.headers.keys()) {
    if (signing.needsSigned(name) && !signed.includes(name) && !isIgnoredHash(request, signature, name))
      unsigned.push(name);
  }
  if (unsigned.length > 0) throw errors.auth.unsignedHeaders(unsigned);
}

/**
 * Condition keys of S3 (Amazon S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys").
 */
function signatureContext(
  { conditions }: SigningTraits,
  signature: Signature,
  payload: Payload,
  now: number,
): Context {
  if (conditions === undefined) return {};
  const presigned = signature.place === 'query';
  const context: Record<string, string> = {
    [`${conditions}:authType`]: presigned ? 'REST-QUERY-STRING' : 'REST-HEADER',
    [`${conditions}:signatureversion`]: ALGORITHM,
    [`${conditions}:x-amz-content-sha256`]: payload.hash,
  };
  if (presigned) context[`${conditions}:signatureAge`] = String(Math.max(0, now - signature.time));
  return context;
}
