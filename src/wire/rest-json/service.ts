import { ApiError } from '../../core/errors.js';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';
import type { ServiceConstraints } from '../../models/types.js';
import { type Check, ConstraintChecks, type Violation, violationMessage } from '../constraints.js';
import { parseBody } from '../json/parse.js';
import { JsonReaders } from '../json/read.js';
import { JsonWriters } from '../json/write.js';
import { lazy, type OperationSchema, operationsOf, requiredOf, type SdkModule, setOwn } from '../schema.js';
import { templateRouter } from '../templates.js';
import type { Labels, WireOperation, WireService } from '../types.js';
import { headMembers } from './head.js';

interface RestJsonServiceOptions {
  readonly id: string;
  /** An SDK client's module, or operations made with `defineOperation` and `operationsOfModel`. */
  readonly sdk: SdkModule;
  readonly constraints?: ServiceConstraints;
}

interface Codecs {
  readonly readers: JsonReaders;
  readonly writers: JsonWriters;
  readonly checks: ConstraintChecks | undefined;
}

/**
 * A service that speaks restJson1 (Smithy, "AWS restJson1 protocol"), as far as its operations have inputs in the path,
 * the query and the body, and outputs in the body. Its errors: UnknownOperationException, SerializationException,
 * ValidationException.
 */
export function restJsonService({ id, sdk, constraints }: RestJsonServiceOptions): WireService {
  const codecs = {
    readers: new JsonReaders(),
    writers: new JsonWriters(),
    checks: constraints && new ConstraintChecks(constraints),
  };
  const schemas = operationsOf(sdk);
  const operations = new Map([...schemas].map(([name, schema]) => [name, operationOf(schema, codecs)]));
  const route = templateRouter(schemas.values());
  return {
    id,
    recognise({ method, path }) {
      const { operation, labels } = routed(route, method, path);
      return { operation: operations.get(operation)!, labels };
    },
    encodeError(error, { requestId, head }) {
      const body = JSON.stringify({ message: error.message, ...error.detail.members });
      const reply = jsonReply(error.status, requestId, body);
      const headers = { ...reply.headers, 'x-amzn-errortype': error.code, ...error.detail.headers };
      return head ? { status: error.status, headers } : { ...reply, headers };
    },
  };
}

/** A path may end in a slash. Throws `UnknownOperationException`, also for what is not percent-encoded. */
function routed(route: ReturnType<typeof templateRouter>, method: string, path: string) {
  let found: ReturnType<typeof route>;
  try {
    found = route(method, path.replace(/(?<=.)\/$/, ''));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  if (found) return found;
  const message = `${method} ${path} is no operation that is known here.`;
  throw new ApiError('UnknownOperationException', 404, message);
}

function operationOf(schema: OperationSchema, codecs: Codecs): WireOperation {
  const input = lazy(() => inputOf(schema, codecs));
  const write = lazy(() => codecs.writers.structure(schema.output));
  return {
    name: schema.name,
    schema,
    streamsInput: false,
    decode: (request, { labels = {} }, body) => input()(request, labels, body as Uint8Array),
    encode: (output, requestId) =>
      jsonReply(schema.http?.status ?? 200, requestId, JSON.stringify(write()((output ?? {}) as never))),
  };
}

/** Compiles what reads an input: its body, and the members that stand in the path and the query. */
function inputOf(
  { name: operation, input }: OperationSchema,
  { readers, checks }: Codecs,
): (request: HttpRequest, labels: Labels, body: Uint8Array) => Record<string, unknown> {
  const read = readers.structure(input);
  const required = requiredOf(input);
  const inHead = headMembers(input);
  const check = checks?.input(operation);
  return ({ query }, labels, body) => {
    const value = read(parseBody(body)) as Record<string, unknown>;
    const parameters = new URLSearchParams(query);
    for (const { name, of } of inHead) {
      const found = of(parameters, labels);
      if (found === undefined) delete value[name];
      else setOwn(value, name, found);
    }
    for (const name of required) if (value[name] === undefined) throw invalid(`${name} is required.`);
    demand(check, value);
    return value;
  };
}

/** Throws `ValidationException` with AWS's sentence. */
function demand(check: Check | undefined, value: unknown): void {
  const violations: Violation[] = [];
  check?.(value, '', violations);
  if (violations.length > 0) throw invalid(violationMessage(violations));
}

function invalid(message: string): ApiError {
  return new ApiError('ValidationException', 400, message);
}

function jsonReply(status: number, requestId: string, body: string): HttpReply {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId }, body };
}
