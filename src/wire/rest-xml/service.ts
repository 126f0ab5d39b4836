import type { ApiError } from '../../core/errors.js';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';
import { hostIdOf } from '../../core/random.js';
import type { ServiceConstraints } from '../../models/types.js';
import { lazy, type OperationSchema, operationsOf, type SdkModule } from '../schema.js';
import type { ErrorContext, Recognised, WireOperation, WireService } from '../types.js';
import { escapeXml } from '../xml/escape.js';
import { addressReader } from './address.js';
import { type Head, InputReaders } from './input.js';
import { OutputWriters, xmlDeclaration } from './output.js';
import { effectiveHeaders, parseQuery } from './parameters.js';
import { router } from './routes.js';

export interface RestXmlServiceOptions {
  readonly id: string;
  readonly sdk: SdkModule;
  /** `http://s3.amazonaws.com/doc/2006-03-01/` */
  readonly xmlNamespace: string;
  readonly constraints: ServiceConstraints;
  /** Names of the endpoint: what stands before one in `Host` is a bucket. */
  readonly hostSuffixes?: readonly string[];
}

/**
 * S3: REST with XML bodies. Its errors: InvalidArgument, InvalidURI, KeyTooLongError, MalformedACLError, MalformedXML,
 * MethodNotAllowed, MissingRequestBodyError, InvalidStorageClass, InvalidRequest.
 */
export function restXmlService(options: RestXmlServiceOptions): WireService {
  const { id, sdk, constraints, xmlNamespace } = options;
  const schemas = operationsOf(sdk);
  const readers = new InputReaders(constraints);
  const writers = new OutputWriters(xmlNamespace);
  const operations = new Map<string, WireOperation>();
  for (const schema of schemas.values()) {
    operations.set(schema.name, restXmlOperation(schema, readers, writers));
  }
  const route = lazy(() => router(schemas.values()));
  const addressOf = addressReader(options.hostSuffixes ?? []);

  return {
    id,
    recognise(request) {
      const address = addressOf(request);
      const parameters = parseQuery(request.query);
      const headers = effectiveHeaders(request.headers, parameters);
      const name = route()({ method: request.method, address, parameters, headers });
      const { bucket, key } = address;
      const hostBucket = address.hosted && bucket;
      return { operation: operations.get(name)!, bucket, hostBucket, key, parameters, headers };
    },
    encodeError,
  };
}

/** One operation's reading and writing, compiled with its first request. */
export function restXmlOperation(
  schema: OperationSchema,
  readers: InputReaders,
  writers: OutputWriters,
  name = schema.name,
): WireOperation {
  const input = lazy(() => readers.operation(schema));
  const output = lazy(() => writers.operation(schema));
  return {
    name,
    schema,
    get streamsInput() {
      return input().streams;
    },
    decode: (request, recognised, body) => input().read(headOf(request, recognised), body),
    stepwise: {
      head: (request, recognised) => input().readHead(headOf(request, recognised)),
      body: (begun, body, nodes) => input().readBody(begun as never, body, nodes),
    },
    encode: (result, requestId) => output()((result ?? {}) as never, requestHeaders(requestId)),
  };
}

function headOf(request: HttpRequest, recognised: Recognised): Head {
  const parameters = recognised.parameters ?? parseQuery(request.query);
  const { bucket, key, labels = { Bucket: bucket, Key: key } } = recognised;
  const headers = recognised.headers ?? effectiveHeaders(request.headers, parameters);
  return { labels, parameters, headers, posted: request.posted };
}

/** What every answer of S3 carries. */
export function requestHeaders(requestId: string): Record<string, string> {
  return { 'x-amz-request-id': requestId, 'x-amz-id-2': hostIdOf(requestId), server: 'AmazonS3' };
}

/**
 * "REST error responses" in the Amazon S3 API Reference, without its `Resource`, which AWS does not send (none of 557
 * errors recorded in February 2026 has it). HEAD and 304 have no body.
 */
function encodeError(error: ApiError, context: ErrorContext): HttpReply {
  return errorReply(error, context, (own, ids) => `<Error>${own}${ids}</Error>`);
}

/**
 * A reply of an error in XML; HEAD and 304 have no body. `shape` puts together its own elements and the ids that each
 * has.
 */
export function errorReply(
  error: ApiError,
  { requestId, head }: ErrorContext,
  shape: (own: string, ids: string) => string,
): HttpReply {
  const headers = { ...requestHeaders(requestId), ...error.detail.headers };
  if (head || error.status === 304) return { status: error.status, headers };
  const own = elements({ Code: error.code, Message: error.message, ...error.detail.members });
  const ids = elements({ RequestId: requestId, HostId: hostIdOf(requestId) });
  return {
    status: error.status,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: xmlDeclaration + shape(own, ids),
  };
}

function elements(members: Readonly<Record<string, string>>): string {
  let xml = '';
  for (const [name, value] of Object.entries(members)) xml += `<${name}>${escapeXml(value)}</${name}>`;
  return xml;
}
