/** Arguments in headers and in the query, and what S3 answers where one is wrong. */

import type { ApiError } from '../../core/errors.js';
import { invalidArgument, s3Errors } from '../../core/s3-errors.js';
import type { ShapeConstraints } from '../../models/types.js';
import { parseBase64, parseBoolean, parseInteger } from '../scalars.js';
import { kindOf, type Schema } from '../schema.js';
import { parseDateTime, parseHttpDate } from '../timestamps.js';
import { timestampParser } from '../xml/read.js';

/** The value of an argument; `undefined` where it counts as not given. `name` is the header's or parameter's. */
export type ArgumentReader = (text: string, name: string) => unknown;

/**
 * Compiles the reader of one member. `constraints`: those of its shape, of a list its members', for the enumerations.
 */
export function argumentReader(schema: Schema, constraints: ShapeConstraints | undefined): ArgumentReader {
  const traits = schema.getMergedTraits() as { readonly httpHeader?: string; readonly httpQuery?: string };
  switch (kindOf(schema)) {
    case 'number':
      return readInteger;
    case 'boolean':
      return (text, name) => parseBoolean(text) ?? refuse(name, text);
    case 'timestamp':
      return timestampReader(schema, traits.httpHeader);
    case 'blob':
      return (text, name) => parseBase64(text) ?? refuse(name, text);
    case 'list':
      return listReader(constraints?.enum, traits.httpQuery !== undefined);
    default:
      return stringReader(traits.httpQuery ?? traits.httpHeader, constraints?.enum);
  }
}

function stringReader(argument: string | undefined, values: readonly string[] | undefined): ArgumentReader {
  if (argument?.startsWith('response-')) return readResponseHeader;
  // A number, which the model calls a string.
  if (argument?.endsWith('part-number-marker')) return (text, name) => readInteger(text, name)?.toString();
  if (!values) return text => text;
  const allowed = new Set(values);
  if (argument === 'encoding-type') {
    return (text, name) => (text.toLowerCase() === 'url' ? text : refuse(name, text));
  }
  if (argument?.endsWith('-checksum-algorithm')) return checksumAlgorithmReader(allowed);
  if (anyCase.has(argument ?? '')) return anyCaseReader(values);
  return (text, name) => (allowed.has(text) ? text : refuse(name, text));
}

/**
 * Enumerated arguments that S3 takes in any case, beside the checksum algorithms. The AWS Common Runtime sends
 * `x-amz-checksum-mode: enabled` (aws-c-s3, source/s3_request_messages.c). In others the case counts: `standard` is no
 * storage class, `GZIP` no `gzip`.
 */
const anyCase: ReadonlySet<string> = new Set([
  'x-amz-checksum-mode',
  'x-amz-checksum-type',
  'x-amz-request-payer',
]);

function anyCaseReader(values: readonly string[]): ArgumentReader {
  const known = new Map(values.map(value => [value.toLowerCase(), value]));
  return (text, name) => known.get(text.toLowerCase()) ?? refuse(name, text);
}

/** Names of checksum algorithms, in any case; an empty one counts as not given. */
function checksumAlgorithmReader(known: ReadonlySet<string>): ArgumentReader {
  const all = [...known].sort().join(', ');
  const unsupported = `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${all}]`;
  return (text, name) => {
    const algorithm = text.toUpperCase();
    if (algorithm === '') return undefined;
    if (known.has(algorithm)) return algorithm;
    const message = name.includes('-sdk-') ? `Value for ${name} header is invalid.` : unsupported;
    throw s3Errors.InvalidRequest(message);
  };
}

/** A value that S3 is asked to send back as a header. */
function readResponseHeader(text: string, name: string): string {
  if (/^[\t\x20-\x7e\xa0-\xff]*$/.test(text)) return text;
  throw invalidArgument('Header value cannot be represented using ISO-8859-1.', name, text);
}

/** Blanks around what a header lists are none of it; a name in the query, of a tag say, may begin and end with them. */
function listReader(values: readonly string[] | undefined, ofQuery: boolean): ArgumentReader {
  const allowed = values && new Set(values);
  return (text, name) => {
    if (text === '' && !ofQuery) return [];
    const parts = text.split(',');
    const items = ofQuery ? parts : parts.map(item => item.trim());
    for (const item of items) if (allowed && !allowed.has(item)) refuse(name, text);
    return items;
  };
}

/** Conditions on dates that are no dates are ignored (RFC 9110, section 13.1.3). */
function timestampReader(schema: Schema, header: string | undefined): ArgumentReader {
  const parse = timestampParser(schema, header ? parseHttpDate : parseDateTime);
  const lenient = header !== undefined && /(?:^|-)if-(?:un)?modified-since$|^expires$/i.test(header);
  return (text, name) => parse(text) ?? (lenient ? undefined : refuse(name, text));
}

/** Ranges of 32-bit numbers; the argument that S3 spells otherwise where it is out of range has a name. */
const ranges: ReadonlyMap<string, { readonly min: number; readonly max: number; readonly name?: string }> =
  new Map([
    ['max-keys', { min: 0, max: 2_147_483_647, name: 'maxKeys' }],
    ['max-uploads', { min: 0, max: 2_147_483_647 }],
    ['max-parts', { min: 0, max: 2_147_483_647 }],
    ['x-amz-max-parts', { min: 0, max: 2_147_483_647 }],
    ['part-number-marker', { min: 0, max: 2_147_483_647 }],
    ['x-amz-part-number-marker', { min: 0, max: 2_147_483_647 }],
    ['max-buckets', { min: 1, max: 10_000 }],
  ]);

/** An empty number counts as not given. */
function readInteger(text: string, name: string): number | undefined {
  if (text === '') return undefined;
  const value = parseInteger(text);
  if (name === 'partNumber') {
    if (value !== undefined && value >= 1 && value <= 10_000) return value;
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', name, text);
  }
  const range = ranges.get(name);
  if (value === undefined || (range && (value > 2_147_483_647 || value < -2_147_483_648))) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  if (range && (value < range.min || value > range.max)) {
    const spelt = range.name ?? name;
    const message = `Argument ${spelt} must be an integer between ${range.min} and ${range.max}`;
    throw invalidArgument(message, spelt, String(value));
  }
  return value;
}

/** What S3 says of a value that is none of those it knows; by header or parameter. */
const messages: ReadonlyMap<string, string> = new Map([
  ['x-amz-acl', ''],
  ['x-amz-metadata-directive', 'Unknown metadata directive.'],
  ['x-amz-tagging-directive', 'Unknown tagging directive.'],
  ['x-amz-server-side-encryption', 'The encryption method specified is not supported'],
  ['x-amz-object-lock-mode', 'Unknown wormMode directive.'],
  ['x-amz-object-lock-legal-hold', "Legal Hold must be either of 'ON' or 'OFF'"],
  ['x-amz-object-lock-retain-until-date', 'The retain until date must be provided in ISO 8601 format'],
  ['x-amz-object-attributes', 'Invalid attribute name specified.'],
  ['encoding-type', 'Invalid Encoding Method specified in Request'],
]);

function refuse(name: string, text: string): never {
  throw refusal(name, text);
}

function refusal(name: string, text: string): ApiError {
  if (name === 'x-amz-storage-class') {
    return s3Errors.InvalidStorageClass({ members: { StorageClassRequested: text } });
  }
  if (name === 'x-amz-object-ownership') {
    const members = { ArgumentName: name };
    return s3Errors.InvalidArgument(`Invalid x-amz-object-ownership header: ${text}`, { members });
  }
  // versitygw, CreateMultipartUpload_invalid_checksum_type; of checksums themselves it is recorded.
  if (name === 'x-amz-checksum-type') return s3Errors.InvalidRequest(`Value for ${name} header is invalid.`);
  if (name === 'x-amz-transition-default-minimum-object-size') {
    return s3Errors.InvalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${text}`);
  }
  return invalidArgument(messages.get(name) ?? `Invalid value for ${name}.`, name, text);
}

const listingV2Only: readonly (readonly [parameter: string, message: string])[] = [
  ['continuation-token', 'continuation-token only supported in REST.GET.BUCKET with list-type=2'],
  ['start-after', 'startAfter only supported in REST.GET.BUCKET with list-type=2'],
];

/** Refuses the parameters of one version of the listing where the other is asked for, as S3 does. */
export function refuseMisplaced(operation: string, parameters: ReadonlyMap<string, string>): void {
  if (operation === 'ListObjectsV2' && parameters.has('marker')) {
    throw invalidArgument('Marker unsupported with REST.GET.BUCKET in list-type=2', 'marker');
  }
  if (operation !== 'ListObjects') return;
  for (const [name, message] of listingV2Only) if (parameters.has(name)) throw invalidArgument(message, name);
}
