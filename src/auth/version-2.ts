/**
 * Signature version 2 of S3: HMAC-SHA1 of a text that names the request (Amazon S3 API Reference, "Signing and
 * Authenticating REST Requests"). AWS takes it in the regions that were opened before 2014; the other services do not.
 */
import { createHmac } from 'node:crypto';
import type { Place, Refusals } from '../core/auth-errors.js';
import { type HttpRequest, headerText } from '../core/http-message.js';
import { invalidArgument, s3Errors } from '../core/s3-errors.js';
import { decodeComponent } from './canonical.js';
import { parseDateHeader } from './timestamp.js';

/** What `s3:signatureversion` says of it. */
export const VERSION_2 = 'AWS';

/** A claim of who signed, consistent in itself; nothing is verified yet. */
export interface Version2 {
  readonly place: Place;
  readonly accessKeyId: string;
  /** Base64, as sent. */
  readonly signature: string;
  readonly token: string | undefined;
  /** In the header: when it was signed. In the query: until when it is good. Milliseconds since the epoch. */
  readonly time: number;
  /** The line of the signed text for the date: empty where `x-amz-date` has it. */
  readonly dateLine: string;
}

/** Base64 of the HMAC-SHA1 of a text. */
export function signVersion2(secret: string, text: string): string {
  return createHmac('sha1', secret).update(text).digest('base64');
}

/**
 * The signature of a request to S3 by version 2; `undefined` where it carries none. Throws what S3 answers to one that
 * is malformed or stands beside another.
 */
export function readVersion2(request: HttpRequest, refusals: Refusals): Version2 | undefined {
  const authorization = request.headers.get('authorization');
  const inQuery = /(?:^|&)(?:Signature|AWSAccessKeyId)=/.test(request.query);
  if (inQuery) {
    const other = authorization !== undefined || /(?:^|&)X-Amz-(?:Signature|Algorithm)=/.test(request.query);
    if (other) throw refusals.ambiguous(authorization ?? '');
    return fromQuery(request);
  }
  if (authorization === undefined || !/^AWS(?: |$)/.test(authorization)) return undefined;
  if (/(?:^|&)X-Amz-(?:Signature|Algorithm)=/.test(request.query)) throw refusals.ambiguous(authorization);
  return fromHeader(request, authorization, refusals);
}

function fromHeader({ headers }: HttpRequest, authorization: string, refusals: Refusals): Version2 {
  const [, accessKeyId, signature] = /^AWS +([^:\s]+):(\S+)$/.exec(authorization) ?? [];
  if (accessKeyId === undefined || signature === undefined) {
    throw invalidArgument(
      'AWS authorization header is invalid.  Expected AwsAccessKeyId:signature',
      'Authorization',
      authorization,
    );
  }
  const date = headers.get('x-amz-date') ?? headers.get('date') ?? '';
  const time = parseDateHeader(date);
  if (time === undefined || time < 0) throw refusals.date('header', date);
  const token = headers.get('x-amz-security-token');
  return {
    place: 'header',
    accessKeyId,
    signature,
    token,
    time,
    dateLine: headers.has('x-amz-date') ? '' : date,
  };
}

const PRESIGN = 'Let an SDK or the AWS CLI (aws s3 presign) make the URL, and change nothing in it.';

function fromQuery(request: HttpRequest): Version2 {
  const parameters = parametersOf(request.query);
  const first = (name: string) => parameters.find(([known]) => known === name)?.[1];
  const [accessKeyId, signature, expires] = ['AWSAccessKeyId', 'Signature', 'Expires'].map(first);
  if (!accessKeyId || !signature || !expires) {
    throw s3Errors.AccessDenied(
      'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
      { advice: PRESIGN },
    );
  }
  if (!/^\d{1,12}$/.test(expires)) {
    throw s3Errors.AccessDenied(`Invalid date (should be seconds since epoch): ${expires}`, {
      advice: PRESIGN,
    });
  }
  const token =
    request.headers.get('x-amz-security-token') ??
    parameters.find(([name]) => name.toLowerCase() === 'x-amz-security-token')?.[1];
  return {
    place: 'query',
    accessKeyId,
    signature,
    token,
    time: Number(expires) * 1000,
    dateLine: expires,
  };
}

/** The parameters of a query, decoded, in their order. */
function parametersOf(query: string): (readonly [name: string, value: string | undefined])[] {
  return query
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const equals = part.indexOf('=');
      if (equals < 0) return [decodeComponent(part), undefined] as const;
      return [decodeComponent(part.slice(0, equals)), decodeComponent(part.slice(equals + 1))] as const;
    });
}

/**
 * The text that is signed. `hostBucket`: the bucket where it stands in the host name. In a query the headers that
 * botocore moves there, `x-amz-…`, `content-md5` and `content-type`, count as headers.
 */
export function textOfVersion2(
  request: HttpRequest,
  { place, dateLine }: Version2,
  hostBucket: string | undefined,
): string {
  const parameters = parametersOf(request.query);
  const moved = place === 'query' ? parameters : [];
  const text = (value: string | undefined) => (value === undefined ? undefined : headerText(value));
  const header = (wanted: string): string =>
    text(request.headers.get(wanted)) ?? moved.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? '';
  const lines = [request.method, header('content-md5'), header('content-type'), dateLine];
  const resource = resourceOf(request.path, hostBucket) + subresources(parameters);
  return `${lines.join('\n')}\n${amzHeaders(request.headers, moved)}${resource}`;
}

/** The path as sent, after the bucket. A bucket alone ends with a slash, sent or not (so botocore has it). */
function resourceOf(path: string, hostBucket: string | undefined): string {
  if (hostBucket !== undefined) return `/${hostBucket}${path}`;
  return /^\/[^/]+$/.test(path) ? `${path}/` : path;
}

type Parameters = ReturnType<typeof parametersOf>;

/** Sorted by name, each on a line of its own, folded into one line, what comes twice joined by commas. */
function amzHeaders(headers: ReadonlyMap<string, string>, moved: Parameters): string {
  const values = new Map<string, string>();
  const sent = [...headers].map(([name, value]) => [name, headerText(value)] as const);
  for (const [name, value = ''] of [...sent, ...moved]) {
    const lower = name.toLowerCase();
    if (!lower.startsWith('x-amz-')) continue;
    const folded = value.trim().replace(/\s*\r?\n\s*/g, ' ');
    const before = values.get(lower);
    values.set(lower, before === undefined ? folded : `${before},${folded}`);
  }
  const names = [...values.keys()].sort();
  return names.map(name => `${name}:${values.get(name)}\n`).join('');
}

/** Parameters that say what a request is about, and those that change its answer's headers. */
const SUBRESOURCES = new Set([
  ...['accelerate', 'acl', 'analytics', 'cors', 'defaultObjectAcl', 'delete', 'inventory', 'lifecycle'],
  ...['location', 'logging', 'metrics', 'notification', 'object-lock', 'partNumber', 'policy'],
  ...['replication', 'requestPayment', 'restore', 'select', 'select-type', 'storageClass', 'tagging'],
  ...['torrent', 'uploadId', 'uploads', 'versionId', 'versioning', 'versions', 'website'],
  ...['response-cache-control', 'response-content-disposition', 'response-content-encoding'],
  ...['response-content-language', 'response-content-type', 'response-expires'],
  // Younger than version 2 and on no client's list. A URL that is signed for one operation must not do for these.
  ...['abac', 'annotation', 'attributes', 'encryption', 'intelligent-tiering', 'legal-hold'],
  ...['metadataConfiguration', 'metadataTable', 'ownershipControls', 'policyStatus', 'publicAccessBlock'],
  ...['renameObject', 'retention', 'session'],
]);

function subresources(parameters: Parameters): string {
  const signed = parameters.filter(([name]) => SUBRESOURCES.has(name));
  if (signed.length === 0) return '';
  signed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `?${signed.map(([name, value]) => (value === undefined ? name : `${name}=${value}`)).join('&')}`;
}
