/**
 * Every operation of the four services against the SDK's own serializer and deserializer: what a client sends
 * is what is decoded, what is encoded is what a client gets.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { requestParameters } from './recorded.js';
import { kindOf, membersOf, type OperationSchema, operationsOf, requiredOf, type Schema } from './schema.js';
import { type Struct, type Subject, send, subjects } from './sdk.test.support.js';

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
  const got = await send(subject, name, input, (received, body) => {
    const recognised = subject.wire.recognise(received, body);
    const { operation } = recognised;
    assert.equal(operation.name, name);
    sent = operation.decode(received, recognised, operation.streamsInput ? received.body : body);
    // Of a request that its head refuses, the record has the head alone.
    const begun = operation.stepwise?.head(received, recognised) ?? sent;
    assert.doesNotThrow(() => requestParameters(recognised, received, begun));
    return operation.encode(name === 'ListObjectVersions' ? inOneList(output) : output, 'REQUESTID');
  });
  return { sent: sent as Struct, got };
}

/** ListObjectVersions answers versions and delete markers in the order of its document. */
function inOneList({ Versions = [], DeleteMarkers = [], ...output }: Struct): Struct {
  const entries = (name: string, list: unknown) => (list as object[]).map(entry => ({ [name]: entry }));
  return { ...output, Entries: [...entries('Version', Versions), ...entries('DeleteMarker', DeleteMarkers)] };
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
  if (name === 'PartNumberMarker') return fc.nat().map(String);
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
