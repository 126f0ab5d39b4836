/** Errors about services that are not served, in the form that the SDKs of those read. */

import type { ApiError } from '../core/errors.js';
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import type { ErrorContext } from './types.js';
import { escapeXml } from './xml/escape.js';

type Encoder = (error: ApiError, context: ErrorContext) => HttpReply;

/** Services whose REST replies are XML, beside S3, which has a form of its own. The others with paths speak JSON. */
const REST_XML = new Set(['cloudfront', 'route53']);
/** The signing names of requests to buckets and to S3 Control. */
const OF_S3 = new Set(['s3', 's3express', 's3-object-lambda', 's3-outposts']);

/**
 * The form of errors of a request's protocol, as far as its head tells; `undefined` for those that go in the form of
 * S3. `service`: of the credential scope. Source: Smithy's protocols, "AWS JSON 1.0", "AWS JSON 1.1", "AWS Query",
 * "Amazon EC2 Query", "AWS restJson1", "AWS restXml", "Smithy RPC v2 CBOR".
 */
export function errorFormOf(
  { headers, path, query }: HttpRequest,
  service: string | undefined,
): Encoder | undefined {
  const type = headers.get('content-type') ?? '';
  if (headers.get('smithy-protocol') === 'rpc-v2-cbor') return cbor;
  const version = /^application\/x-amz-json-(1\.[01])/.exec(type)?.[1];
  if (version !== undefined || headers.has('x-amz-target')) return json(version ?? '1.1');
  const isForm = type.startsWith('application/x-www-form-urlencoded');
  if (isForm || (path === '/' && /(?:^|&)Action=/.test(query))) return service === 'ec2' ? ec2 : xml;
  if (service === undefined) return type.startsWith('application/json') ? restJson : undefined;
  if (OF_S3.has(service)) return undefined;
  return REST_XML.has(service) ? xml : restJson;
}

function reply(
  { status }: ApiError,
  { requestId, head }: ErrorContext,
  type: string,
  body: string | Uint8Array,
  more: Record<string, string> = {},
): HttpReply {
  const headers = { 'x-amzn-requestid': requestId, ...more };
  if (head) return { status, headers };
  return { status, headers: { 'content-type': type, ...headers }, body };
}

const json =
  (version: string): Encoder =>
  (error, context) =>
    reply(
      error,
      context,
      `application/x-amz-json-${version}`,
      JSON.stringify({ __type: error.code, message: error.message }),
    );

function restJson(error: ApiError, context: ErrorContext): HttpReply {
  const body = JSON.stringify({ message: error.message });
  return reply(error, context, 'application/json', body, { 'x-amzn-errortype': error.code });
}

function xml(error: ApiError, context: ErrorContext): HttpReply {
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const body = `<ErrorResponse><Error><Type>${type}</Type>${words(error)}</Error><RequestId>${escapeXml(context.requestId)}</RequestId></ErrorResponse>\n`;
  return reply(error, context, 'text/xml', body);
}

function ec2(error: ApiError, context: ErrorContext): HttpReply {
  const body = `<Response><Errors><Error>${words(error)}</Error></Errors><RequestID>${escapeXml(context.requestId)}</RequestID></Response>\n`;
  return reply(error, context, 'text/xml', body);
}

function words({ code, message }: ApiError): string {
  return `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
}

/** A map of two texts to texts (RFC 8949, "Major Types"). */
function cbor(error: ApiError, context: ErrorContext): HttpReply {
  const parts = [Buffer.of(0xa2), ...['__type', error.code, 'message', error.message].map(cborText)];
  return reply(error, context, 'application/cbor', Buffer.concat(parts), {
    'smithy-protocol': 'rpc-v2-cbor',
  });
}

function cborText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  const head =
    length < 24 ? [0x60 | length] : length < 256 ? [0x78, length] : [0x79, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), bytes]);
}
