/** Cross-origin resource sharing: the configuration, and what it answers to a page of another origin. */
import type {
  CORSRule,
  DeleteBucketCorsRequest,
  GetBucketCorsOutput,
  GetBucketCorsRequest,
  PutBucketCorsRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, CorsRule, Objects } from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';
import { demandHeaderName } from '../header-text.js';

const MOST_RULES = 100;
const METHODS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'HEAD']);

export const PutBucketCors = bucketOperation<PutBucketCorsRequest, object>(
  's3:PutBucketCORS',
  async (bucket, { CORSConfiguration }, { objects }) => {
    const shapes = CORSConfiguration?.CORSRules ?? [];
    if (shapes.length === 0 || shapes.length > MOST_RULES) throw s3Errors.MalformedXML();
    await objects.buckets.update(bucket, { cors: shapes.map(ruleOf) });
    return {};
  },
);

export const GetBucketCors = bucketOperation<GetBucketCorsRequest, GetBucketCorsOutput>(
  's3:GetBucketCORS',
  ({ name, cors }) => {
    if (!cors) throw s3Errors.NoSuchCORSConfiguration({ members: { BucketName: name } });
    return { CORSRules: cors.map(shapeOf) };
  },
);

export const DeleteBucketCors = bucketOperation<DeleteBucketCorsRequest, object>(
  's3:PutBucketCORS',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { cors: undefined });
    return {};
  },
);

/** Throws MalformedXML, InvalidRequest, InvalidArgument. */
function ruleOf(shape: CORSRule): CorsRule {
  const { AllowedMethods = [], AllowedOrigins = [], AllowedHeaders = [], ExposeHeaders = [] } = shape;
  if (AllowedMethods.length === 0 || AllowedOrigins.length === 0) throw s3Errors.MalformedXML();
  const unknown = AllowedMethods.find(method => !METHODS.has(method));
  if (unknown !== undefined) {
    throw s3Errors.InvalidRequest(
      `Found unsupported HTTP method in CORS config. Unsupported method is ${unknown}`,
    );
  }
  demandOneWildcard(AllowedOrigins, 'AllowedOrigin');
  demandOneWildcard(AllowedHeaders, 'AllowedHeader');
  for (const name of ExposeHeaders) demandHeaderName('ExposeHeader', name);
  return {
    ...(shape.ID !== undefined && { id: shape.ID }),
    allowedOrigins: AllowedOrigins,
    allowedMethods: AllowedMethods,
    allowedHeaders: AllowedHeaders,
    exposeHeaders: ExposeHeaders,
    ...(shape.MaxAgeSeconds !== undefined && { maxAgeSeconds: shape.MaxAgeSeconds }),
  };
}

function demandOneWildcard(patterns: readonly string[], what: string): void {
  const wrong = patterns.find(pattern => pattern.split('*').length > 2);
  if (wrong === undefined) return;
  throw s3Errors.InvalidRequest(`${what} "${wrong}" can not have more than one wildcard.`);
}

function shapeOf(rule: CorsRule): CORSRule {
  return {
    ...(rule.id !== undefined && { ID: rule.id }),
    AllowedOrigins: [...rule.allowedOrigins],
    AllowedMethods: [...rule.allowedMethods],
    ...(rule.allowedHeaders.length > 0 && { AllowedHeaders: [...rule.allowedHeaders] }),
    ...(rule.exposeHeaders.length > 0 && { ExposeHeaders: [...rule.exposeHeaders] }),
    ...(rule.maxAgeSeconds !== undefined && { MaxAgeSeconds: rule.maxAgeSeconds }),
  };
}

/** A request from a page of another origin, or, before it, the question whether it may be made. */
export interface CrossOriginRequest {
  readonly origin: string;
  /** `Access-Control-Request-Method`, else the method of the request itself. */
  readonly method: string;
  /** `Access-Control-Request-Headers`. */
  readonly requestHeaders?: string | undefined;
}

/** The headers that let the page have the answer; undefined where no rule does. */
export function corsHeaders(bucket: Bucket, request: CrossOriginRequest): Record<string, string> | undefined {
  const asked = namesOf(request.requestHeaders);
  if (asked.length > MOST_ASKED) return undefined;
  for (const rule of bucket.cors ?? []) {
    const origin = rule.allowedOrigins.find(pattern => matches(pattern, request.origin));
    if (origin === undefined || !rule.allowedMethods.includes(request.method)) continue;
    if (!allowsAll(rule, asked)) continue;
    return headersOf(rule, origin, request.origin, asked);
  }
  return undefined;
}

/** What S3 says to pages of other origins; structurally what the pipeline asks of a service. */
interface S3CrossOrigin {
  headers(
    bucket: string | undefined,
    request: CrossOriginRequest,
  ): Promise<Record<string, string> | undefined>;
  preflight(
    asked: { readonly bucket?: string | undefined; readonly key?: string | undefined },
    request: Partial<CrossOriginRequest>,
  ): Promise<Record<string, string>>;
}

export function s3CrossOrigin({ buckets }: Objects): S3CrossOrigin {
  return {
    async headers(name, request) {
      const bucket = name === undefined ? undefined : await buckets.find(name);
      return bucket && corsHeaders(bucket, request);
    },

    /** Throws BadRequest, AccessForbidden: the bucket is asked before the method is looked at (recorded). */
    async preflight({ bucket: name, key }, { origin, method, requestHeaders }) {
      if (origin === undefined) {
        throw s3Errors.BadRequest('Insufficient information. Origin request header needed.');
      }
      const bucket = await buckets.find(name ?? '');
      const refuse = (why: string, ResourceType = 'BUCKET') =>
        s3Errors.AccessForbidden(`CORSResponse: ${why}`, {
          members: { Method: method ?? 'OPTIONS', ResourceType },
          ...(bucket && { owner: bucket.owner, advice: adviceFor(bucket, origin, method) }),
        });
      if (!bucket) throw refuse('Bucket not found');
      if (!bucket.cors) throw refuse('CORS is not enabled for this bucket.');
      if (method === undefined || !METHODS.has(method)) {
        throw s3Errors.BadRequest(`Invalid Access-Control-Request-Method: ${method ?? 'null'}`);
      }
      const allowed = corsHeaders(bucket, { origin, method, requestHeaders });
      if (allowed) return allowed;
      throw refuse(
        "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
        key === undefined ? 'BUCKET' : 'OBJECT',
      );
    },
  };
}

function adviceFor({ name }: Bucket, origin: string, method = 'the one asked for'): string {
  return `Add a rule to the CORS configuration of ${name} with AllowedOrigins ${origin}, AllowedMethods ${method} and the headers that are asked for (aws s3api put-bucket-cors).`;
}

function headersOf(
  rule: CorsRule,
  pattern: string,
  origin: string,
  asked: readonly string[],
): Record<string, string> {
  const everyone = pattern === '*';
  return {
    'access-control-allow-origin': everyone ? '*' : origin,
    'access-control-allow-methods': rule.allowedMethods.join(', '),
    ...(asked.length > 0 && { 'access-control-allow-headers': asked.join(', ') }),
    ...(rule.exposeHeaders.length > 0 && { 'access-control-expose-headers': rule.exposeHeaders.join(', ') }),
    ...(rule.maxAgeSeconds !== undefined && { 'access-control-max-age': String(rule.maxAgeSeconds) }),
    ...(!everyone && { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

/** Different headers that a page may ask for: browsers name those that its script sets, a handful. */
const MOST_ASKED = 100;

/** Each once, in lower case. */
function namesOf(header: string | undefined): string[] {
  const names = (header ?? '').split(',').map(name => name.trim().toLowerCase());
  return [...new Set(names)].filter(name => name !== '');
}

/** Names are looked up, and only patterns with a wildcard are gone through. */
interface AllowedHeaders {
  readonly names: ReadonlySet<string>;
  readonly patterns: readonly string[];
}

const allowedHeaders = new WeakMap<CorsRule, AllowedHeaders>();

function allowsAll(rule: CorsRule, asked: readonly string[]): boolean {
  if (asked.length === 0) return true;
  let allowed = allowedHeaders.get(rule);
  if (!allowed) {
    const all = rule.allowedHeaders.map(name => name.toLowerCase());
    allowed = { names: new Set(all), patterns: all.filter(name => name.includes('*')) };
    allowedHeaders.set(rule, allowed);
  }
  const { names, patterns } = allowed;
  return asked.every(name => names.has(name) || patterns.some(pattern => matches(pattern, name)));
}

/** A pattern has at most one `*`, for any number of characters. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [before, behind] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= before.length + behind.length && text.startsWith(before) && text.endsWith(behind);
}
