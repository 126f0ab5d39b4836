import type { ApiError } from '../../core/errors.js';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';
import { hostIdOf } from '../../core/random.js';
import type { ServiceConstraints } from '../../models/types.js';
import { lazy, type OperationSchema, operationsOf, type SdkModule } from '../schema.js';
import type { ErrorContext, Recognised, WireOperation, WireService } from '../types.js';
import { escapeXml } from '../xml/escape.js';
import { addressReader } from './address.js';
import { s3Error } from './errors.js';
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
      refuseControl(request);
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

/**
 * S3 Control lies at the same hosts, and is not served. Terraform's AWS provider reads the tags of buckets there, and
 * falls back on GetBucketTagging where it is told so (github.com/hashicorp/terraform-provider-aws, issue 45292).
 */
function refuseControl({ method, path, headers }: HttpRequest): void {
  if (!path.startsWith('/v20180820/') || !headers.has('x-amz-account-id')) return;
  throw s3Error.MethodNotAllowed([], { members: { Method: method, ResourceType: 'S3_CONTROL' } });
}

function restXmlOperation(
  schema: OperationSchema,
  readers: InputReaders,
  writers: OutputWriters,
): WireOperation {
  const input = lazy(() => readers.operation(schema));
  const output = lazy(() => writers.operation(schema));
  return {
    name: schema.name,
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
  const { bucket, key } = recognised;
  const headers = recognised.headers ?? effectiveHeaders(request.headers, parameters);
  return { bucket, key, parameters, headers };
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
  const headers = { ...requestHeaders(context.requestId), ...error.detail.headers };
  if (context.head || error.status === 304) return { status: error.status, headers };
  const members = {
    Code: error.code,
    Message: error.message,
    ...error.detail.members,
    RequestId: context.requestId,
    HostId: hostIdOf(context.requestId),
  };
  let xml = `${xmlDeclaration}<Error>`;
  for (const [name, value] of Object.entries(members)) xml += `<${name}>${escapeXml(value)}</${name}>`;
  return {
    status: error.status,
    headers: { ...headers, 'content-type': 'application/xml' },
    body: `${xml}</Error>`,
  };
}
