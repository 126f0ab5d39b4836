import { ApiError } from '../../core/errors.js';
import type { HttpReply } from '../../core/http-message.js';
import type { ServiceConstraints } from '../../models/types.js';
import { type Check, ConstraintChecks, type Violation, violationMessage } from '../constraints.js';
import { lazy, type OperationSchema, operationsOf, type SdkModule } from '../schema.js';
import type { WireOperation, WireService } from '../types.js';
import { JsonReaders, serializationError } from './read.js';
import { JsonWriters } from './write.js';

export interface JsonServiceOptions {
  readonly id: string;
  /** An SDK client's module, or operations made with `defineOperation`. */
  readonly sdk: SdkModule;
  /** What stands before the operation in `X-Amz-Target`: `TrentService`. */
  readonly target: string;
  /** The protocol's version; 1.1 unless told. */
  readonly version?: '1.0' | '1.1';
  readonly constraints?: ServiceConstraints;
  /** The error for an input that breaks constraints; ValidationException with AWS's sentence unless told. */
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
      const operation = operations.get(request.headers.get('x-amz-target') ?? '');
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
    streamsInput: false,
    decode(_request, _recognised, body) {
      const input = read()(parse(body as Uint8Array));
      check()(input);
      return input;
    },
    encode: (output, requestId) => jsonReply(200, requestId, write()((output ?? {}) as never), contentType),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Of a body's JSON: how deep it nests, and how many commas and colons, that is values, it has. */
const DEEPEST = 32;
const MOST_VALUES = 20_000;

/** An empty body stands for an empty input. */
function parse(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  if (!isBounded(body))
    throw serializationError('The request body is not JSON that is read here: it has too much in it.');
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    throw serializationError('The request body is not JSON.');
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Whether the JSON is within those bounds; looks at bytes, so that it takes less than reading it. */
function isBounded(json: Uint8Array): boolean {
  let depth = 0;
  let values = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i];
    if (byte === QUOTE) i = endOfString(json, i);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    else if (byte === COMMA || byte === COLON) values++;
    if (depth > DEEPEST || values > MOST_VALUES) return false;
  }
  return true;
}

/** Where the string that begins at `start` ends. */
function endOfString(json: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < json.length && json[i] !== QUOTE) i += json[i] === BACKSLASH ? 2 : 1;
  return i;
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
