import { s3Errors } from '../../core/s3-errors.js';

const none: ReadonlyMap<string, string> = new Map();

/**
 * The query of an S3 request, decoded. Of a name that comes again, the first counts, or all of them count, joined by
 * commas as lists in headers are. Throws InvalidURI.
 */
export function parseQuery(query: string, again: 'first' | 'joined' = 'first'): ReadonlyMap<string, string> {
  if (query === '') return none;
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals), query);
    const before = parameters.get(name);
    if (before !== undefined && again === 'first') continue;
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1), query);
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return parameters;
}

function decode(part: string, query: string): string {
  const spaced = part.includes('+') ? part.replaceAll('+', ' ') : part;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw s3Errors.InvalidURI({ members: { URI: `?${query}` } });
  }
}

/** What signs a presigned URL: parameters that stand for no header. */
const signing: ReadonlySet<string> = new Set([
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
]);

/** Headers beside `x-amz-…` that a presigned URL may carry: what a reader or a writer says of an object. */
const carried: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-md5',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'range',
]);
/** Those that a URL of version 2 carries and signs. */
const carriedByVersion2: ReadonlySet<string> = new Set(['content-md5', 'content-type']);

/**
 * The headers of a request, with those that a presigned URL carries as parameters: signers move headers there, and S3
 * takes them from there (LocalStack's recordings of AWS, test_pre_signed_url_if_none_match; the Java SDK signs so).
 */
export function effectiveHeaders(
  headers: ReadonlyMap<string, string>,
  parameters: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const version2 = parameters.has('Signature');
  if (!version2 && !parameters.has('X-Amz-Signature')) return headers;
  const taken = version2 ? carriedByVersion2 : carried;
  let all: Map<string, string> | undefined;
  for (const [name, value] of parameters) {
    if (signing.has(name)) continue;
    const lower = name.toLowerCase();
    if (!(lower.startsWith('x-amz-') || taken.has(lower)) || headers.has(lower)) continue;
    all ??= new Map(headers);
    if (!all.has(lower)) all.set(lower, value);
  }
  return all ?? headers;
}
