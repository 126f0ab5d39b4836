import type { Place, Refusals } from '../core/auth-errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceTraits } from '../core/service.js';
import { decodeComponent } from './canonical.js';
import { ALGORITHM, certificateAlgorithms, type Scope } from './signing.js';
import { formatTimestamp, parseDateHeader, parseTimestamp } from './timestamp.js';

/** A request's claim of who signed it, parsed and consistent in itself; nothing is verified yet. */
export interface Signature extends Scope {
  readonly place: Place;
  /** `AWS4-HMAC-SHA256`, or one of those with the key of a certificate. */
  readonly algorithm: string;
  readonly accessKeyId: string;
  readonly signedHeaders: readonly string[];
  /** As sent; it need not look like a signature. */
  readonly signature: string;
  /** When it was signed, `yyyyMMddTHHmmssZ`, and in milliseconds since the epoch. */
  readonly timestamp: string;
  readonly time: number;
  /** Presigned: seconds that the URL is valid. */
  readonly expires?: number | undefined;
  readonly token: string | undefined;
  /** Presigned: `X-Amz-Content-Sha256` of the query. */
  readonly contentSha256?: string | undefined;
}

const WEEK = 604_800;

/**
 * The signature of a request; `undefined` where it carries none. Throws the service's error for one that is
 * malformed, of another version, or made for another service or day.
 */
export function readSignature(request: HttpRequest, service: ServiceTraits): Signature | undefined {
  const refusals = service.errors.auth;
  const authorization = request.headers.get('authorization');
  const inQuery = request.query.includes('X-Amz-') ? queryParameters(request.query) : undefined;
  const algorithm = inQuery?.get('X-Amz-Algorithm');
  const presigned = algorithm !== undefined || inQuery?.has('X-Amz-Signature') === true;
  if (authorization !== undefined) {
    if (presigned) throw refusals.ambiguous(authorization);
    return fromHeader(request, authorization, service);
  }
  if (presigned) {
    if (algorithm !== undefined && algorithm !== ALGORITHM) throw refusals.mechanism('query', algorithm);
    return fromQuery(request, inQuery!, service);
  }
  // Version 2, which S3 reads before it comes here.
  if (/(?:^|&)AWSAccessKeyId=/.test(request.query)) throw refusals.mechanism('query', '');
  return undefined;
}

/** The `X-Amz-` parameters, decoded; of one given twice the first counts (the signature covers both). */
function queryParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&')) {
    if (!part.startsWith('X-Amz-')) continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!parameters.has(name))
      parameters.set(name, equals < 0 ? '' : decodeComponent(part.slice(equals + 1)));
  }
  return parameters;
}

function fromHeader(request: HttpRequest, authorization: string, service: ServiceTraits): Signature {
  const refusals = service.errors.auth;
  const space = authorization.indexOf(' ');
  const algorithm = authorization.slice(0, Math.max(space, 0));
  const byCertificate = service.signing.certificates && certificateAlgorithms.has(algorithm);
  if (algorithm !== ALGORITHM && !byCertificate) {
    throw refusals.mechanism('header', authorization);
  }
  let credential = '';
  let signedHeaders = '';
  let signature = '';
  for (const component of authorization.slice(space + 1).split(',')) {
    const text = component.trim();
    if (text.startsWith('Credential=')) credential = text.slice(11);
    else if (text.startsWith('SignedHeaders=')) signedHeaders = text.slice(14);
    else if (text.startsWith('Signature=')) signature = text.slice(10);
    else if (!text.includes('=')) throw refusals.component(text, authorization);
  }
  const date = request.headers.get('x-amz-date') ?? request.headers.get('date');
  if (!credential || !signature || !signedHeaders || date === undefined) {
    const absent = [
      ...(credential ? [] : ['Credential']),
      ...(signature ? [] : ['Signature']),
      ...(signedHeaders ? [] : ['SignedHeaders']),
      ...(date === undefined ? ['Date'] : []),
    ];
    throw refusals.incomplete('header', absent, authorization);
  }
  const time = parseDateHeader(date);
  if (time === undefined) throw refusals.date('header', date);
  // The string to sign holds ISO 8601's basic format, in which the date nearly always comes.
  const timestamp = date.endsWith('Z') ? date : formatTimestamp(time);
  const scope = readCredential('header', credential, timestamp, service);
  return {
    accessKeyId: scope.accessKeyId,
    date: scope.date,
    region: scope.region,
    service: service.id,
    place: 'header',
    algorithm,
    signedHeaders: signedHeaders.split(';'),
    signature,
    timestamp,
    time,
    token: request.headers.get('x-amz-security-token'),
  };
}

const REQUIRED = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
  'X-Amz-Date',
];

function fromQuery(
  request: HttpRequest,
  parameters: ReadonlyMap<string, string>,
  service: ServiceTraits,
): Signature {
  const refusals = service.errors.auth;
  const absent = REQUIRED.filter(name => !parameters.get(name));
  const expires = parameters.get('X-Amz-Expires');
  if (expires === undefined && service.signing.presigns) absent.push('X-Amz-Expires');
  if (absent.length > 0) throw refusals.incomplete('query', absent, '');
  const timestamp = parameters.get('X-Amz-Date')!;
  const time = parseTimestamp(timestamp);
  if (time === undefined) throw refusals.date('query', timestamp);
  const credential = parameters.get('X-Amz-Credential')!;
  const scope = readCredential('query', credential, timestamp, service);
  return {
    accessKeyId: scope.accessKeyId,
    date: scope.date,
    region: scope.region,
    service: service.id,
    place: 'query',
    algorithm: ALGORITHM,
    signedHeaders: parameters.get('X-Amz-SignedHeaders')!.split(';'),
    signature: parameters.get('X-Amz-Signature')!,
    timestamp,
    time,
    expires: expires === undefined ? undefined : readExpires(expires, refusals),
    token: parameters.get('X-Amz-Security-Token') ?? request.headers.get('x-amz-security-token'),
    contentSha256: parameters.get('X-Amz-Content-Sha256'),
  };
}

/** Seconds, at most a week (Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters"). */
function readExpires(text: string, refusals: Refusals): number {
  if (!/^-?\d+$/.test(text)) throw refusals.expires('X-Amz-Expires should be a number');
  const seconds = Number(text);
  if (seconds < 0) throw refusals.expires('X-Amz-Expires must be non-negative');
  if (seconds > WEEK) {
    throw refusals.expires(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  }
  return seconds;
}

/** `AKID/yyyyMMdd/region/service/aws4_request`; the region may be empty, any region is fine here. */
function readCredential(
  place: Place,
  credential: string,
  timestamp: string,
  { id: service, errors }: ServiceTraits,
): Scope & { readonly accessKeyId: string } {
  const refusals = errors.auth;
  const parts = credential.split('/');
  const [accessKeyId, date, region, scoped, terminator] = parts as [string, string, string, string, string];
  if (parts.length !== 5 || accessKeyId === '' || !/^[\w-]*$/.test(region)) {
    throw refusals.credential(place, credential);
  }
  if (date !== timestamp.slice(0, 8)) throw refusals.scopeDate(place, date, timestamp);
  if (scoped !== service) throw refusals.scopeService(place, scoped, service);
  if (terminator !== 'aws4_request') throw refusals.scopeTerminator(place, terminator);
  return { accessKeyId, date, region, service };
}
