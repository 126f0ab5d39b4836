/**
 * Every operation of the four services against the SDK's own serializer and deserializer: what a client sends
 * is what is decoded, what is encoded is what a client gets.
 */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import * as iamSdk from '@aws-sdk/client-iam';
import * as kmsSdk from '@aws-sdk/client-kms';
import * as s3Sdk from '@aws-sdk/client-s3';
import * as stsSdk from '@aws-sdk/client-sts';
import fc from 'fast-check';
import type { HttpReply, HttpRequest, RequestBody } from '../message.js';
import type { ServiceConstraints } from '../models/types.js';
import { jsonService, queryService, restXmlService, type SdkModule, type WireService } from './index.js';
import { kindOf, membersOf, type OperationSchema, operationsOf, requiredOf, type Schema } from './schema.js';

type Struct = Record<string, unknown>;

/** As the SDK hands it to its socket. */
interface SentRequest {
  readonly method: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Record<string, string | string[] | null>;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

type Answer = { statusCode: number; headers: Record<string, string>; body: Readable };

interface SdkClient {
  send(command: unknown): Promise<Struct>;
}

const common = {
  region: 'eu-west-1',
  endpoint: 'http://localhost:9000',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  maxAttempts: 1,
  requestChecksumCalculation: 'WHEN_REQUIRED' as const,
  responseChecksumValidation: 'WHEN_REQUIRED' as const,
};

/** Random values would break the models' constraints. */
const none: ServiceConstraints = { apiVersion: '', inputs: {}, shapes: {} };

interface Subject {
  readonly name: string;
  readonly sdk: SdkModule;
  readonly wire: WireService;
  connect(handler: unknown): SdkClient;
}

const subjects: Subject[] = [
  {
    name: 'sts',
    sdk: stsSdk,
    wire: queryService({
      id: 'sts',
      sdk: stsSdk,
      apiVersion: '2011-06-15',
      xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      constraints: none,
    }),
    connect: handler => new stsSdk.STSClient({ ...common, requestHandler: handler as never }) as never,
  },
  {
    name: 'iam',
    sdk: iamSdk,
    wire: queryService({
      id: 'iam',
      sdk: iamSdk,
      apiVersion: '2010-05-08',
      xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      constraints: none,
    }),
    connect: handler => new iamSdk.IAMClient({ ...common, requestHandler: handler as never }) as never,
  },
  {
    name: 'kms',
    sdk: kmsSdk,
    wire: jsonService({ id: 'kms', sdk: kmsSdk, target: 'TrentService', constraints: none }),
    connect: handler => new kmsSdk.KMSClient({ ...common, requestHandler: handler as never }) as never,
  },
  ...[true, false].map(forcePathStyle => ({
    name: forcePathStyle ? 's3, path-style' : 's3, virtual-hosted',
    sdk: s3Sdk,
    wire: restXmlService({
      id: 's3',
      sdk: s3Sdk,
      xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
      constraints: none,
    }),
    connect: (handler: unknown) =>
      new s3Sdk.S3Client({ ...common, forcePathStyle, requestHandler: handler as never }) as never,
  })),
];

/** Operations of other endpoints, and the one whose output is an event stream. */
const skipped = new Set([
  'WriteGetObjectResponse',
  'ListDirectoryBuckets',
  'CreateSession',
  'SelectObjectContent',
]);

/** Members that the SDK's middleware makes or changes on the way. */
const rewritten = /^(CopySource)?SSECustomerKey(MD5)?$|^Checksum|^ContentLength$|^ContentMD5$|^Expires/;

for (const subject of subjects) {
  suite(`round trips of ${subject.name}`, () => {
    for (const schema of operationsOf(subject.sdk).values()) {
      if (!skipped.has(schema.name)) test(schema.name, () => roundTrip(subject, schema));
    }
  });
}

async function roundTrip(subject: Subject, schema: OperationSchema): Promise<void> {
  const inputs = structureOf(schema.input, legalText).map(input => named(subject, input));
  const outputs = structureOf(schema.output, text);
  await fc.assert(
    fc.asyncProperty(inputs, outputs, async (input, output) => {
      const { sent, got } = await call(subject, schema.name, input, output);
      assert.deepEqual(await comparable(sent, input), await comparable(input, input));
      assert.deepEqual(await comparable(got, output), await comparable(output, output));
    }),
    { numRuns: 5, includeErrorInReport: true },
  );
}

/** Sends `input` with the SDK, answers `output`: what was decoded here, and what the SDK made of the answer. */
async function call(subject: Subject, name: string, input: Struct, output: Struct) {
  let sent: unknown;
  const handle = async (request: SentRequest): Promise<{ response: Answer }> => {
    const { received, body } = asReceived(request);
    const recognised = subject.wire.recognise(received, body);
    assert.equal(recognised.operation.name, name);
    sent = recognised.operation.decode(
      received,
      recognised,
      recognised.operation.streamsInput ? received.body : body,
    );
    return { response: asAnswer(recognised.operation.encode(output, 'REQUESTID')) };
  };
  const client = subject.connect({ handle, destroy() {} });
  const Command = subject.sdk[`${name}Command`] as new (input: Struct) => unknown;
  const got = await client.send(new Command(input));
  delete got['$metadata'];
  return { sent: sent as Struct, got };
}

function asReceived(request: SentRequest): { received: HttpRequest; body: Uint8Array } {
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  headers.set('host', `${request.hostname}:${request.port}`);
  const body = Buffer.from(request.body ?? '');
  const query = Object.entries(request.query ?? {}).map(([name, value]) =>
    value === null
      ? encodeURIComponent(name)
      : `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  const received = {
    method: request.method,
    path: request.path,
    query: query.join('&'),
    headers,
    body: streamOf(body),
  };
  return { received, body };
}

function streamOf(bytes: Uint8Array): RequestBody {
  return {
    length: bytes.byteLength,
    trailers: new Map(),
    async *[Symbol.asyncIterator]() {
      if (bytes.byteLength > 0) yield bytes;
    },
  };
}

function asAnswer(reply: HttpReply): Answer {
  const body =
    reply.body === undefined ? Readable.from([]) : Readable.from([Buffer.from(reply.body as string)]);
  return { statusCode: reply.status, headers: { ...reply.headers }, body };
}

/**
 * The members of `value` that `wanted` has, without empty ones (XML does not tell an empty structure or list
 * from an absent one) and with bytes and streams as base64.
 */
async function comparable(value: Struct, wanted: Struct): Promise<unknown> {
  const result: Struct = {};
  for (const [name, member] of Object.entries(value)) {
    if (!(name in wanted) || rewritten.test(name)) continue;
    const plain = await plainOf(member);
    if (plain !== undefined) result[name] = plain;
  }
  return result;
}

async function plainOf(value: unknown): Promise<unknown> {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value !== 'object' || value === null) return value;
  if (Symbol.asyncIterator in value) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of value as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return Buffer.concat(chunks).toString('base64');
  }
  const members = await Promise.all(
    Object.entries(value).map(async ([k, v]) => [k, await plainOf(v)] as const),
  );
  const full = members.filter(([, member]) => member !== undefined);
  if (full.length === 0) return undefined;
  return Array.isArray(value) ? full.map(([, member]) => member) : Object.fromEntries(full);
}

/** A bucket that may be a host name. */
function named(subject: Subject, input: Struct): Struct {
  return subject.name.startsWith('s3') && 'Bucket' in input ? { ...input, Bucket: 'a-bucket' } : input;
}

interface Traits {
  readonly httpHeader?: string;
  readonly httpPrefixHeaders?: string;
  readonly xmlAttribute?: 1;
}

function structureOf(schema: Schema, text: fc.Arbitrary<string>): fc.Arbitrary<Struct> {
  const required = requiredOf(schema);
  const members = Object.fromEntries(
    membersOf(schema).map(([name, member]) => [name, memberOf(name, member, text)]),
  );
  if (schema.isUnionSchema()) {
    return fc.oneof(...Object.entries(members).map(([name, member]) => fc.record({ [name]: member })));
  }
  return fc.record(members, { requiredKeys: Object.keys(members).filter(name => required.has(name)) });
}

/** The SDK makes the checksum, and S3 the response headers, that are asked for: those must be real. */
function memberOf(name: string, schema: Schema, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  if (name === 'ChecksumAlgorithm' && kindOf(schema) === 'string') return fc.constantFrom('CRC32', 'SHA256');
  return arbitraryOf(schema, name.startsWith('Response') ? headerText : text);
}

function arbitraryOf(schema: Schema, text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const { httpHeader, httpPrefixHeaders, xmlAttribute } = schema.getMergedTraits() as Traits;
  switch (kindOf(schema)) {
    case 'structure':
      return structureOf(schema, text);
    case 'list': {
      const item = httpHeader ? token : arbitraryOf(schema.getValueSchema(), text);
      return fc.array(item, { minLength: 1, maxLength: 3 });
    }
    case 'map':
      return fc.dictionary(
        token,
        httpPrefixHeaders ? headerText : arbitraryOf(schema.getValueSchema(), text),
        {
          minKeys: 1,
          maxKeys: 3,
        },
      );
    case 'blob':
      return fc.uint8Array({ maxLength: 40 });
    case 'timestamp':
      return seconds;
    case 'boolean':
      return fc.boolean();
    case 'number':
      return fc.integer({ min: 1, max: 10_000 });
    default:
      return httpHeader || xmlAttribute ? headerText : text;
  }
}

const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const headerText = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/).filter(value => !value.includes('=?'));
const seconds = fc.integer({ min: 0, max: 4_000_000_000 }).map(value => new Date(value * 1000));
/** What no XML 1.0 document can hold as it stands, and the SDK sends all the same. */
const illegalXml = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
/** Any text, but that the SDK's reader takes text for none where it is white space with a line end. */
const text = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc.constantFrom('..', '//', 'a+b', '%2F', '&amp;', ' x '),
  )
  .filter(value => value.trim() !== '');
const legalText = text.map(value => value.replace(illegalXml, '?'));
