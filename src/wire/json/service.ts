import { ApiError } from '../../core/errors.js';
import type { HttpReply } from '../../core/http-message.js';
import type { ServiceConstraints } from '../../models/types.js';
import { type Check, ConstraintChecks, type Violation, violationMessage } from '../constraints.js';
import { lazy, type OperationSchema, operationsOf, type SdkModule } from '../schema.js';
import type { WireOperation, WireService } from '../types.js';
import { parseBody } from './parse.js';
import { JsonReaders } from './read.js';
import { JsonWriters } from './write.js';

export interface JsonServiceOptions {
  readonly id: string;
  /** An SDK client's module, or operations made with `defineOperation`. */
  readonly sdk: SdkModule;
  /** What stands before the operation in `X-Amz-Target`: `TrentService`. */
  readonly target: string;
  /** The protocol's version; 1.1 by default. */
  readonly version?: '1.0' | '1.1';
  readonly constraints?: ServiceConstraints;
  /** The error for an input that breaks constraints; ValidationException with AWS's sentence by default. */
  readonly violated?: (violations: readonly Violation[]) => ApiError;
}

/**
 * A service that speaks awsJson 1.0 or 1.1 (Smithy, "AWS JSON 1.1 protocol"). Its errors:
 * UnknownOperationException, SerializationException, ValidationException.
 */
export function jsonService(options: JsonServiceOptions): WireService {
  const { id, sdk, target, version = '1.1', violated = validationException } = options;
  const contentType = `application/x-amz-json-${version}`;
  const readers = new JsonReaders();
  const writers = new JsonWriters();
  const checks = options.constraints && new ConstraintChecks(options.constraints);
  const operations = new Map<string, WireOperation>();
  for (const schema of operationsOf(sdk).values()) {
    const check = lazy(() => demand(checks?.input(schema.name), violated));
    operations.set(`${target}.${schema.name}`, jsonOperation(schema, readers, writers, check, contentType));
  }

  return {
    id,
    recognise(request) {
      // SDKs differ in what they put before the target: botocore has `com.amazonaws.cloudtrail.v20131101.`.
      const asked = (request.headers.get('x-amz-target') ?? '').split('.').slice(-2).join('.');
      const operation = operations.get(asked);
      if (!operation || request.method !== 'POST') {
        throw new ApiError('UnknownOperationException', 400, 'The requested operation is not known.');
      }
      return { operation };
    },
    encodeError(error, { requestId }) {
      // AWS's errors without text have no `message`.
      const message = error.message === '' ? {} : { message: error.message };
      const body = { __type: error.code, ...message, ...error.detail.members };
      const reply = jsonReply(error.status, requestId, body, contentType);
      return { ...reply, headers: { ...reply.headers, ...error.detail.headers } };
    },
  };
}

function jsonOperation(
  schema: OperationSchema,
  readers: JsonReaders,
  writers: JsonWriters,
  check: () => (input: unknown) => void,
  contentType: string,
): WireOperation {
  const read = lazy(() => readers.structure(schema.input));
  const write = lazy(() => writers.structure(schema.output));
  return {
    name: schema.name,
    schema,
    streamsInput: false,
    decode(_request, _recognised, body) {
      const input = read()(parseBody(body as Uint8Array));
      check()(input);
      return input;
    },
    encode: (output, requestId) => jsonReply(200, requestId, write()((output ?? {}) as never), contentType),
  };
}

/** What an input must pass. */
function demand(
  check: Check | undefined,
  violated: NonNullable<JsonServiceOptions['violated']>,
): (input: unknown) => void {
  if (!check) return () => undefined;
  return input => {
    const violations: Violation[] = [];
    check(input, '', violations);
    if (violations.length > 0) throw violated(violations);
  };
}

function validationException(violations: readonly Violation[]): ApiError {
  return new ApiError('ValidationException', 400, violationMessage(violations));
}

function jsonReply(status: number, requestId: string, body: unknown, contentType: string): HttpReply {
  return {
    status,
    headers: { 'content-type': contentType, 'x-amzn-requestid': requestId },
    body: JSON.stringify(body),
  };
}
