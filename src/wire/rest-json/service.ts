import { ApiError } from '../../core/errors.js';
import type { HttpReply, HttpRequest } from '../../core/http-message.js';
import { parseBody } from '../json/parse.js';
import { JsonReaders } from '../json/read.js';
import { JsonWriters } from '../json/write.js';
import {
  lazy,
  membersOf,
  type OperationSchema,
  operationsOf,
  requiredOf,
  type SdkModule,
  setOwn,
} from '../schema.js';
import type { WireOperation, WireService } from '../types.js';

interface RestJsonServiceOptions {
  readonly id: string;
  readonly sdk: SdkModule;
}

/**
 * A service that speaks restJson1 (Smithy, "AWS restJson1 protocol"), as far as its operations have paths without
 * labels, inputs in the body and the query, and outputs in the body. Its errors: UnknownOperationException,
 * SerializationException, ValidationException.
 */
export function restJsonService({ id, sdk }: RestJsonServiceOptions): WireService {
  const readers = new JsonReaders();
  const writers = new JsonWriters();
  const operations = new Map<string, WireOperation>();
  for (const schema of operationsOf(sdk).values()) {
    if (schema.http)
      operations.set(routeOf(schema.http.method, schema.http.uri), operationOf(schema, readers, writers));
  }
  return {
    id,
    recognise({ method, path }) {
      const operation = operations.get(routeOf(method, path));
      if (operation) return { operation };
      throw new ApiError(
        'UnknownOperationException',
        404,
        `${method} ${path} is no operation that is known here.`,
      );
    },
    encodeError(error, { requestId, head }) {
      const body = JSON.stringify({ message: error.message, ...error.detail.members });
      const reply = jsonReply(error.status, requestId, body);
      const headers = { ...reply.headers, 'x-amzn-errortype': error.code, ...error.detail.headers };
      return head ? { status: error.status, headers } : { ...reply, headers };
    },
  };
}

/** A method and a path, which may end in a slash. */
function routeOf(method: string, path: string): string {
  return `${method} ${path.replace(/(?<=.)\/$/, '')}`;
}

function operationOf(schema: OperationSchema, readers: JsonReaders, writers: JsonWriters): WireOperation {
  const input = lazy(() => inputOf(schema, readers));
  const write = lazy(() => writers.structure(schema.output));
  return {
    name: schema.name,
    schema,
    streamsInput: false,
    decode: (request, _recognised, body) => input()(request, body as Uint8Array),
    encode: (output, requestId) =>
      jsonReply(schema.http?.status ?? 200, requestId, JSON.stringify(write()((output ?? {}) as never))),
  };
}

/** Compiles what reads an input: its body, and the members that stand in the query. */
function inputOf(
  { input }: OperationSchema,
  readers: JsonReaders,
): (request: HttpRequest, body: Uint8Array) => Record<string, unknown> {
  const read = readers.structure(input);
  const required = requiredOf(input);
  const inQuery = membersOf(input).flatMap(([name, schema]) => {
    const { httpQuery } = schema.getMergedTraits() as { readonly httpQuery?: string };
    return httpQuery === undefined ? [] : [{ name, httpQuery, isNumber: schema.isNumericSchema() }];
  });
  return ({ query }, body) => {
    const value = read(parseBody(body)) as Record<string, unknown>;
    const parameters = new URLSearchParams(query);
    for (const { name, httpQuery, isNumber } of inQuery) {
      const text = parameters.get(httpQuery);
      if (text === null) delete value[name];
      else setOwn(value, name, isNumber ? numberOf(name, text) : text);
    }
    for (const name of required) if (value[name] === undefined) throw invalid(`${name} is required.`);
    return value;
  };
}

function numberOf(name: string, text: string): number {
  if (!/^-?\d{1,15}$/.test(text)) throw invalid(`${name} is a whole number, not ${JSON.stringify(text)}.`);
  return Number(text);
}

function invalid(message: string): ApiError {
  return new ApiError('ValidationException', 400, message);
}

function jsonReply(status: number, requestId: string, body: string): HttpReply {
  return { status, headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId }, body };
}
