import type { ApiError } from '../core/errors.js';
import { bodyOf, type Claim, type HttpRequest, type RequestBody, wholeOf } from '../core/http-message.js';
import { invalidArgument, s3Errors } from '../core/s3-errors.js';
import type { ServiceTraits } from '../core/service.js';
import { openDigests } from '../crypto/digests/body-digests.js';
import { type ChunkSigning, decodeChunks } from './chunked.js';
import type { Signature } from './signature.js';
import { EMPTY_SHA256, scopeText, sha256Hex } from './signing.js';

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const HEADER = 'x-amz-content-sha256';
const SHA256_HEX = /^[0-9a-f]{64}$/i;
const STREAMING = /^STREAMING-(AWS4-HMAC-SHA256-PAYLOAD(-TRAILER)?|UNSIGNED-PAYLOAD-TRAILER)$/;
const STREAMING_V4A = /^STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD(-TRAILER)?$/;

/** What a request says of its payload. */
export interface Payload {
  /** The last line of the canonical request. */
  readonly hash: string;
  /** `x-amz-content-sha256` as sent. */
  readonly announced: string | undefined;
  /** The body, unframed and checked while it is read. `verified`: the signature that was found right. */
  open(verified: { readonly key: Uint8Array; readonly signature: Signature } | undefined): RequestBody;
}

/**
 * How the payload of a request is signed and framed. Throws S3's errors for an `x-amz-content-sha256` that is
 * missing or not one of its values, and for lengths that are missing.
 */
export function payloadOf(
  request: HttpRequest,
  service: ServiceTraits,
  signature: Signature | undefined,
  collected: Uint8Array | undefined,
): Payload {
  const source = collected === undefined ? request.body : bodyOf(collected);
  return service.signing.payload === 'announced'
    ? s3Payload(request, signature, source)
    : servicePayload(request, service, source, collected);
}

/**
 * The other services sign the hash of the body. Where the body was not read before, the hash is the one that
 * the request states (else that of nothing), and the body is held to it.
 */
function servicePayload(
  request: HttpRequest,
  service: ServiceTraits,
  source: RequestBody,
  collected: Uint8Array | undefined,
): Payload {
  const announced = request.headers.get(HEADER);
  if (collected !== undefined) {
    return { hash: sha256Hex(collected), announced, open: () => source };
  }
  const hash = announced !== undefined && SHA256_HEX.test(announced) ? announced : EMPTY_SHA256;
  return {
    hash,
    announced,
    open: verified =>
      verified === undefined
        ? measured(source)
        : new HashedBody(measured(source), hash, () =>
            service.errors.auth.mismatch({
              accessKeyId: verified.signature.accessKeyId,
              provided: verified.signature.signature,
              stringToSign: '',
            }),
          ),
  };
}

/**
 * Whether the header is the `x-amz-content-sha256` that a presigned URL does not sign: S3 passes over it, as over no
 * other (LocalStack's recordings of AWS, test_s3_ignored_special_headers). Framing must be signed all the same.
 */
export function isIgnoredHash({ headers }: HttpRequest, { place, signedHeaders }: Signature, name = HEADER) {
  if (name !== HEADER || place !== 'query' || signedHeaders.includes(HEADER)) return false;
  return !headers.get(HEADER)?.startsWith('STREAMING-');
}

function s3Payload(request: HttpRequest, signature: Signature | undefined, source: RequestBody): Payload {
  const ignored = signature !== undefined && isIgnoredHash(request, signature);
  const announced = (ignored ? undefined : request.headers.get(HEADER)) ?? signature?.contentSha256;
  if (announced === undefined && signature?.place === 'header') {
    throw s3Errors.InvalidRequest(`Missing required header for this request: ${HEADER}`);
  }
  const hash = announced ?? UNSIGNED;
  if (hash !== UNSIGNED && !SHA256_HEX.test(hash) && !STREAMING.test(hash)) {
    throw STREAMING_V4A.test(hash)
      ? s3Errors.NotImplemented(undefined, headerMember(HEADER))
      : invalidHash(hash);
  }
  checkLengths(request, hash);
  if (STREAMING.test(hash)) return chunkedPayload(request, hash, signature !== undefined, source);
  const body = measured(source);
  return {
    hash,
    announced,
    open: () =>
      hash === UNSIGNED
        ? body
        : new HashedBody(body, hash.toLowerCase(), computed => hashMismatch(hash, computed)),
  };
}

function chunkedPayload(request: HttpRequest, hash: string, signed: boolean, source: RequestBody): Payload {
  const chunksSigned = !hash.includes('UNSIGNED');
  if (chunksSigned && !signed) {
    throw s3Errors.InvalidRequest(
      "Anonymous requests don't support this x-amz-content-sha256 value. Please use UNSIGNED-PAYLOAD or STREAMING-UNSIGNED-PAYLOAD-TRAILER.",
    );
  }
  const decodedLength = Number(request.headers.get('x-amz-decoded-content-length'));
  const trailers = hash.endsWith('-TRAILER') ? announcedTrailers(request) : undefined;
  return {
    hash,
    announced: hash,
    open: verified =>
      decodeChunks(source, {
        decodedLength,
        trailers,
        signing: chunksSigned && verified !== undefined ? chunkSigning(verified) : undefined,
      }),
  };
}

const chunkSigning = (verified: {
  readonly key: Uint8Array;
  readonly signature: Signature;
}): ChunkSigning => ({
  key: verified.key,
  timestamp: verified.signature.timestamp,
  scope: scopeText(verified.signature),
  seed: verified.signature.signature,
  accessKeyId: verified.signature.accessKeyId,
});

/** The names of `x-amz-trailer`, lower-case. S3 takes checksums only. */
function announcedTrailers(request: HttpRequest): readonly string[] {
  const names = (request.headers.get('x-amz-trailer') ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '');
  if (!names.every(name => name.startsWith('x-amz-checksum-'))) {
    throw s3Errors.InvalidRequest('The value specified in the x-amz-trailer header is not supported');
  }
  return names;
}

/**
 * S3 wants to know how long a body is before it reads it. A copy has none: object_store, for one, sends it without a
 * length (CopyObject and UploadPartCopy, S3 API Reference, have no request body).
 */
function checkLengths(request: HttpRequest, hash: string): void {
  if (STREAMING.test(hash)) {
    if (!/^\d{1,15}$/.test(request.headers.get('x-amz-decoded-content-length') ?? '')) {
      throw s3Errors.MissingContentLength();
    }
  } else if (request.headers.has('transfer-encoding')) {
    throw s3Errors.NotImplemented(undefined, headerMember('Transfer-Encoding'));
  } else if (request.method === 'PUT' && !request.headers.has('content-length') && !isCopy(request)) {
    throw s3Errors.MissingContentLength();
  }
}

/** A presigned URL may carry the header in its query. */
const isCopy = ({ headers, query }: HttpRequest): boolean =>
  headers.has('x-amz-copy-source') || /(?:^|&)x-amz-copy-source=/i.test(query);

const headerMember = (name: string) => ({ members: { Header: name } });

const invalidHash = (value: string): ApiError =>
  invalidArgument(
    `${HEADER} must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.`,
    HEADER,
    value,
  );

const hashMismatch = (provided: string, computed: string): ApiError =>
  s3Errors.XAmzContentSHA256Mismatch({
    members: { ClientComputedContentSHA256: provided, S3ComputedContentSHA256: computed },
  });

/** Fails at the end of a body that is shorter than it says. */
function measured(source: RequestBody): RequestBody {
  return source.length === undefined ? source : new MeasuredBody(source, source.length);
}

class MeasuredBody implements RequestBody {
  readonly length: number;
  readonly #source: RequestBody;

  constructor(source: RequestBody, length: number) {
    this.length = length;
    this.#source = source;
  }

  get trailers(): ReadonlyMap<string, string> {
    return this.#source.trailers;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    let received = 0;
    for await (const bytes of this.#source) {
      received += bytes.length;
      yield bytes;
    }
    this.#demandAll(received);
  }

  async whole(): Promise<Uint8Array> {
    const bytes = await wholeOf(this.#source);
    this.#demandAll(bytes.length);
    return bytes;
  }

  #demandAll(received: number): void {
    if (received === this.length) return;
    throw s3Errors.IncompleteBody('bytes', {
      members: { NumberBytesExpected: String(this.length), NumberBytesProvided: String(received) },
    });
  }
}

/** Fails instead of ending where the bytes do not have that SHA-256. */
class HashedBody implements RequestBody {
  readonly #source: RequestBody;
  readonly #expected: string;
  readonly #mismatch: (computed: string) => ApiError;

  constructor(source: RequestBody, expected: string, mismatch: (computed: string) => ApiError) {
    this.#source = source;
    this.#expected = expected;
    this.#mismatch = mismatch;
  }

  get claim(): Claim {
    return { body: this.#source, demand: sha256 => this.#demand(hexOf(sha256)) };
  }

  get length(): number | undefined {
    return this.#source.length;
  }

  get trailers(): ReadonlyMap<string, string> {
    return this.#source.trailers;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const digests = openDigests(['SHA256'], this.length);
    try {
      for await (const bytes of this.#source) {
        const working = digests.update(bytes);
        if (working) await working;
        yield bytes;
      }
      const [digest] = await digests.finish();
      this.#demand(hexOf(digest!));
    } finally {
      digests.abandon();
    }
  }

  async whole(): Promise<Uint8Array> {
    const bytes = await wholeOf(this.#source);
    this.#demand(bytes.length === 0 ? EMPTY_SHA256 : sha256Hex(bytes));
    return bytes;
  }

  #demand(computed: string): void {
    if (computed !== this.#expected) throw this.#mismatch(computed);
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
