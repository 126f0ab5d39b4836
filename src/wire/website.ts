/** What website endpoints speak: requests of browsers, answered with objects, redirections and pages of HTML. */
import { STATUS_CODES } from 'node:http';
import { ApiError } from '../core/errors.js';
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import { s3Errors } from '../core/s3-errors.js';
import { type WebsiteHost, websiteKey, websiteReader } from './rest-xml/address.js';
import { requestHeaders } from './rest-xml/service.js';
import { lazy } from './schema.js';
import type { ErrorContext, WireOperation, WireService } from './types.js';
import { escapeXml } from './xml/escape.js';

/** Structurally what the websites' operations answer. */
type Answer =
  | { readonly object: unknown; readonly error?: ApiError | undefined }
  | { readonly status: number; readonly location: string };

type Method = 'GET' | 'HEAD';

/** Of what a browser sends with a request, what reading an object knows. */
const READ_HEADERS = new Set([
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
]);

const HTML = { 'content-type': 'text/html; charset=utf-8' };

/** Makes the function that tells whether a `Host` header names a website. */
export function websiteHosts(domains: readonly string[]): (host: string) => boolean {
  const read = websiteReader(domains);
  return host => read(host) !== undefined;
}

/**
 * `s3`: the protocol whose GetObject and HeadObject the websites' operations are. Throws MethodNotAllowed for every
 * other method, InvalidURI, KeyTooLongError.
 */
export function websiteWire(s3: WireService, domains: readonly string[]): WireService {
  const read = websiteReader(domains);
  const operations = lazy(() => ({ GET: objectOperation(s3, 'GET'), HEAD: objectOperation(s3, 'HEAD') }));
  return {
    id: s3.id,
    recognise(request) {
      const { bucket, region } = read(request.headers.get('host') ?? '') as WebsiteHost;
      const { method } = request;
      if (method !== 'GET' && method !== 'HEAD') {
        const members = { Method: method, ResourceType: 'OBJECT' };
        throw s3Errors.MethodNotAllowed({ members, headers: { allow: 'GET, HEAD' } });
      }
      const headers = new Map([...request.headers].filter(([name]) => READ_HEADERS.has(name)));
      const operation = websiteOperation(operations()[method], region);
      return { operation, bucket, key: websiteKey(request.path), parameters: new Map(), headers };
    },
    encodeError,
  };
}

function objectOperation(s3: WireService, method: Method): WireOperation {
  const request = { method, path: '/bucket/key', query: '', headers: new Map() } as unknown as HttpRequest;
  return s3.recognise(request, undefined).operation;
}

function websiteOperation(object: WireOperation, region: string | undefined): WireOperation {
  return {
    name: object.name,
    schema: object.schema,
    streamsInput: false,
    decode: (request, recognised, body) => ({
      ...(object.decode(request, recognised, body) as object),
      EndpointRegion: region,
    }),
    stepwise: {
      head: (request, recognised) => ({
        ...object.stepwise!.head(request, recognised),
        EndpointRegion: region,
      }),
      body: () => {},
    },
    encode(output, requestId) {
      const answer = output as Answer;
      if ('location' in answer) return redirection(answer.status, answer.location, requestId);
      const reply = object.encode(answer.object, requestId);
      if (!answer.error) return reply;
      return {
        ...reply,
        status: answer.error.status,
        headers: { ...reply.headers, ...errorHeaders(answer.error) },
      };
    },
  };
}

function redirection(status: number, location: string, requestId: string): HttpReply {
  return { status, headers: { ...requestHeaders(requestId), location } };
}

/** As S3's websites say it beside the page. */
function errorHeaders(error: ApiError): Record<string, string> {
  const headers: Record<string, string> = {
    'x-amz-error-code': error.code,
    'x-amz-error-message': inHeader(error.message),
  };
  for (const [name, value] of Object.entries(error.detail.members ?? {})) {
    headers[`x-amz-error-detail-${name.toLowerCase()}`] = inHeader(value);
  }
  return headers;
}

function inHeader(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  return bytes.replace(
    /[^\x20-\x7e]/g,
    byte => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** The page of an error; where the bucket has a page of its own that could not be had, it says why as well. */
function encodeError(error: ApiError, { requestId, head }: ErrorContext): HttpReply {
  const { status } = error;
  const ids = requestHeaders(requestId);
  if (status === 304) return { status, headers: { ...ids, ...error.detail.headers } };
  const headers = { ...ids, ...errorHeaders(error), ...error.detail.headers, ...HTML };
  if (head) return { status, headers };
  const title = `${status} ${STATUS_CODES[status] ?? ''}`;
  const host = { RequestId: requestId, HostId: ids['x-amz-id-2']! };
  const inner =
    error.cause instanceof ApiError
      ? `<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n${list(membersOf(error.cause))}`
      : '';
  const page =
    `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n` +
    `${list({ ...membersOf(error), ...host })}${inner}<hr/>\n</body>\n</html>\n`;
  return { status, headers, body: page };
}

function membersOf({ code, message, detail }: ApiError): Record<string, string> {
  return { Code: code, Message: message, ...detail.members };
}

function list(members: Readonly<Record<string, string>>): string {
  const items = Object.entries(members).map(([name, value]) => `<li>${name}: ${escapeXml(value)}</li>\n`);
  return `<ul>\n${items.join('')}</ul>\n`;
}
