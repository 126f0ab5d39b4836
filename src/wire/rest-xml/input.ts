/** Schemas compiled to functions that read an S3 request: address, query, headers, payload. */

import type { ApiError } from '../../core/errors.js';
import { headerText, type RequestBody } from '../../core/http-message.js';
import { s3Errors } from '../../core/s3-errors.js';
import type { ServiceConstraints } from '../../models/types.js';
import { type Check, ConstraintChecks, type Violation } from '../constraints.js';
import { kindOf, membersOf, type OperationSchema, type Schema, setOwn } from '../schema.js';
import type { Labels } from '../types.js';
import { parseLargeXml, parseXml, type XmlElement, XmlSyntaxError } from '../xml/parse.js';
import { type ElementReader, XmlReaders } from '../xml/read.js';
import { elementName } from '../xml/write.js';
import { type ArgumentReader, argumentReader } from './arguments.js';
import { decodeWords } from './metadata.js';

type Input = Record<string, unknown>;
type Bound = ReadonlyMap<string, { readonly member: string; readonly read: ArgumentReader }>;

/** What a request says outside its body. */
export interface Head {
  readonly labels: Labels;
  readonly parameters: ReadonlyMap<string, string>;
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the headers stand for the fields of a browser's form, which hold text as it is. */
  readonly posted?: boolean | undefined;
}

interface InputReader {
  readonly streams: boolean;
  read(head: Head, body: Uint8Array | RequestBody): Input;
  /** All but the payload, whose member throws when it is read before `readBody`. */
  readHead(head: Head): Input;
  /** Adds the payload. `nodes`: how many elements, comments and the like its document may have. */
  readBody(input: Input, body: Uint8Array, nodes?: number): void | Promise<void>;
}

interface Reading {
  /** How many elements, comments and the like a document may have. */
  readonly nodes?: number | undefined;
  /** Whether others may have their turn in between: a promise is answered. */
  readonly slowly?: boolean;
}

type PayloadReader = (input: Input, body: Uint8Array | RequestBody, how?: Reading) => void | Promise<void>;

/** Bytes of a document that is read in slices. */
const LARGE = 128 * 1024;

/** Documents in which S3 refuses elements that it does not know; in others they are ignored. */
const strict = new Set(['Delete', 'ObjectEncryption']);

/** Compiles the input readers of one service. */
export class InputReaders {
  readonly #xml = new XmlReaders('ignored');
  readonly #strictXml = new XmlReaders('refused');
  readonly #checks: ConstraintChecks;

  constructor(private readonly constraints: ServiceConstraints) {
    this.#checks = new ConstraintChecks(constraints);
  }

  operation(schema: OperationSchema): InputReader {
    const shape = this.constraints.inputs[schema.name] ?? '';
    const { query, headers, prefix, labels, payload, content } = this.#bindings(schema.input, shape);
    const body = payload ? this.#payload(payload, shape) : this.#content(schema.input, content, shape);
    const unread = payload ? [payload.name] : content;
    const outsideBody = (head: Head) => {
      const input: Input = {};
      for (const name of labels) input[name] = head.labels[name];
      readBound(input, query, head.parameters);
      readBound(input, headers, head.headers, headerValue);
      if (prefix) input[prefix.member] = readPrefixed(prefix.prefix, head);
      if (head.headers.has('content-encoding')) withoutChunking(input);
      keepExpires(input, head.headers, headers);
      return input;
    };
    return {
      streams: !!payload?.schema.isStreaming(),
      read(head, content) {
        const input = outsideBody(head);
        body?.(input, content);
        return input;
      },
      readHead(head) {
        const input = outsideBody(head);
        for (const name of unread) defineUnread(input, name, schema.name);
        return input;
      },
      readBody(input, bytes, nodes) {
        for (const name of unread) delete input[name];
        return body?.(input, bytes, { nodes, slowly: bytes.length > LARGE });
      },
    };
  }

  #bindings(input: Schema, shape: string) {
    const query = new Map<string, { member: string; read: ArgumentReader }>();
    const headers = new Map<string, { member: string; read: ArgumentReader }>();
    const labels: string[] = [];
    const content: string[] = [];
    let prefix: { member: string; prefix: string } | undefined;
    let payload: { name: string; schema: Schema } | undefined;
    for (const [member, schema] of membersOf(input)) {
      const traits = schema.getMergedTraits() as HttpTraits;
      const read = () => {
        const { shapes } = this.constraints;
        const demanded = shapes[shapes[shape]?.members?.[member] ?? ''];
        return argumentReader(schema, demanded?.member ? shapes[demanded.member] : demanded);
      };
      if (traits.httpLabel) labels.push(member);
      else if (traits.httpQuery) query.set(traits.httpQuery, { member, read: read() });
      else if (traits.httpHeader) headers.set(traits.httpHeader.toLowerCase(), { member, read: read() });
      else if (traits.httpPrefixHeaders) prefix = { member, prefix: traits.httpPrefixHeaders.toLowerCase() };
      else if (traits.httpPayload) payload = { name: member, schema };
      else content.push(member);
    }
    if (payload && content.length > 0) throw new Error(`${content} of ${input.getName()} have no place`);
    return { query, headers, prefix, labels, payload, content };
  }

  /** Reads the payload into the input; checks what S3 checks of a document. */
  #payload(payload: { name: string; schema: Schema }, shape: string): PayloadReader {
    const { name, schema } = payload;
    if (schema.isStreaming()) {
      return (input, body) => {
        input[name] = body;
        if (!(body instanceof Uint8Array) && body.length !== undefined) input['ContentLength'] = body.length;
      };
    }
    const structure = this.constraints.shapes[shape];
    const required = !!structure?.required?.includes(name);
    const read =
      kindOf(schema) === 'structure' ? this.#document(name, schema, structure?.members?.[name]) : text;
    return (input, body, how) => {
      const bytes = body as Uint8Array;
      if (bytes.byteLength === 0) {
        if (required) throw s3Errors.MissingRequestBodyError();
        return undefined;
      }
      const value = read(bytes, how);
      if (value instanceof Promise) return value.then(known => setOwn(input, name, known));
      input[name] = value;
      return undefined;
    };
  }

  /** Reads a document whose root is the input itself: those members that stand nowhere else. */
  #content(input: Schema, members: readonly string[], shape: string): PayloadReader | undefined {
    if (members.length === 0) return undefined;
    const read = this.#document(input.getName()!, input, undefined);
    const { required = [], members: shapes = {} } = this.constraints.shapes[shape] ?? {};
    const checks = members.map(name => ({
      name,
      isRequired: required.includes(name),
      check: this.#checks.shape(shapes[name]),
    }));
    return (into, body, how) => {
      const bytes = body as Uint8Array;
      if (bytes.byteLength === 0) throw s3Errors.MissingRequestBodyError();
      const take = (document: unknown) => {
        const given = document as Input;
        for (const { name, isRequired, check } of checks) {
          const value = given[name];
          if (value === undefined && isRequired) throw malformed(name, `${name} is missing`);
          if (value === undefined) continue;
          demand(check, value, name);
          into[name] = value;
        }
      };
      const document = read(bytes, how);
      return document instanceof Promise ? document.then(take) : take(document);
    };
  }

  #document(
    name: string,
    schema: Schema,
    shape: string | undefined,
  ): (body: Uint8Array, how?: Reading) => unknown {
    const root = elementName(schema, schema.getName() ?? name);
    const read: ElementReader = (strict.has(root) ? this.#strictXml : this.#xml).structure(schema);
    const check = this.#checks.shape(shape);
    const fromRoot = (document: XmlElement) => {
      if (document.name !== root) throw new XmlSyntaxError(`the root is ${document.name}, not ${root}`);
      const value = read(document);
      validate(check, value);
      return value;
    };
    const refuse = (error: unknown): never => {
      throw error instanceof XmlSyntaxError ? malformed(root, error.message) : error;
    };
    return (body, { nodes, slowly } = {}) => {
      if (slowly) return parseLargeXml(body, nodes).then(fromRoot).catch(refuse);
      try {
        return fromRoot(parseXml(body, nodes));
      } catch (error) {
        return refuse(error);
      }
    };
  }
}

/** Lists have an error of their own ("Error responses", S3 API Reference). */
function malformed(root: string, reason: string): ApiError {
  return root === 'AccessControlPolicy'
    ? s3Errors.MalformedACLError({ reason })
    : s3Errors.MalformedXML({ reason });
}

interface HttpTraits {
  readonly httpLabel?: 1;
  readonly httpQuery?: string;
  readonly httpHeader?: string;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: 1;
}

/**
 * For operations that are decided from the head: one that looks at the body after all must say so (`requiresOfBody`).
 */
function defineUnread(input: Input, member: string, operation: string): void {
  Object.defineProperty(input, member, {
    configurable: true,
    get() {
      throw new Error(
        `${operation} is decided by ${member}, which has not been read: it needs requiresOfBody`,
      );
    },
  });
}

/**
 * Headers that S3 gives back with an object, byte for byte as they came; others are text. Metadata, given back too, is
 * encoded from its bytes (LocalStack's recordings of AWS, test_system_metadata_with_unicode; "User-defined object
 * metadata", S3 User Guide).
 */
const givenBack: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-website-redirect-location',
]);

function headerValue(name: string, value: string): string {
  return givenBack.has(name) ? value : headerText(value);
}

function readBound(
  input: Input,
  bound: Bound,
  given: ReadonlyMap<string, string>,
  textOf: (name: string, value: string) => string = (_, value) => value,
): void {
  if (bound.size === 0) return;
  for (const [name, text] of given) {
    const argument = bound.get(name);
    if (!argument) continue;
    const value = argument.read(textOf(name, text), name);
    if (value !== undefined) input[argument.member] = value;
  }
}

function readPrefixed(prefix: string, { headers, posted }: Head): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (name.startsWith(prefix) && name.length > prefix.length) {
      setOwn(values, name.slice(prefix.length), posted ? value : decodeWords(value));
    }
  }
  return values;
}

/** `aws-chunked` is how the body travelled, not how the object is encoded. */
function withoutChunking(input: Input): void {
  const given = String(input['ContentEncoding'] ?? '');
  if (!/aws-chunked/i.test(given)) return;
  const encodings = given.split(',').filter(encoding => encoding.trim().toLowerCase() !== 'aws-chunked');
  if (encodings.length > 0) input['ContentEncoding'] = encodings.join(',').trim();
  else delete input['ContentEncoding'];
}

/** S3 keeps `Expires` as it was sent, also where it is no date; the SDK's outputs call that ExpiresString. */
function keepExpires(input: Input, headers: ReadonlyMap<string, string>, bound: Bound): void {
  const expires = headers.get('expires');
  if (expires !== undefined && bound.has('expires')) input['ExpiresString'] = expires;
}

function text(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
}

/** As `validate`, of what was read already. Throws MalformedXML. */
function demand(check: Check | undefined, value: unknown, name: string): void {
  try {
    validate(check, value);
  } catch (error) {
    throw error instanceof XmlSyntaxError ? malformed(name, error.message) : error;
  }
}

/** A document that lacks a required element, or has a value that is none of its enumeration. */
function validate(check: Check | undefined, value: unknown): void {
  if (!check) return;
  const violations: Violation[] = [];
  check(value, '', violations);
  if (violations[0]) throw new XmlSyntaxError(violations[0].message);
}
