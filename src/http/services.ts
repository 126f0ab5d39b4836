import { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { Service, ServiceId } from '../core/operation.js';
import type { WireService } from '../wire/types.js';
import { errorFormOf } from '../wire/unserved.js';

/** What a service says to pages of other origins. */
export interface CrossOrigin {
  /** The headers that let the page have the answer; undefined where it may not. `bucket`: that of S3's request. */
  headers(
    bucket: string | undefined,
    request: CrossOriginRequest,
  ): Promise<Record<string, string> | undefined>;
  /** As `headers`, for the question beforehand. Throws the service's refusal. */
  preflight(
    asked: { readonly bucket?: string | undefined; readonly key?: string | undefined },
    request: Partial<CrossOriginRequest>,
  ): Promise<Record<string, string>>;
}

export interface CrossOriginRequest {
  readonly origin: string;
  /** `Access-Control-Request-Method`, else the method of the request itself. */
  readonly method: string;
  /** `Access-Control-Request-Headers`. */
  readonly requestHeaders?: string | undefined;
}

/** A service as the pipeline serves it. */
export interface ServedService {
  readonly wire: WireService;
  readonly service: Service;
  /** Whether the operation can only be told from the body (awsQuery, awsJson), which is then read first. */
  readonly collectsBody: boolean;
  /** The answer to an operation that AWS has and this server does not. */
  readonly notImplemented: (operation: string) => ApiError;
  /** The answer to a caller that is not allowed. `message`: AWS's sentence. */
  readonly accessDenied: (
    message: string,
    caller: { readonly anonymous: boolean; readonly foreign: boolean },
  ) => ApiError;
  /** The answer to a name that is longer than any that can be stored. */
  readonly nameTooLong: () => ApiError;
  /** Holds a body that was read whole to what its headers and trailers say of it. Throws where it is another. */
  readonly checkBody?: (
    operation: string,
    request: HttpRequest,
    body: Uint8Array,
    trailers: ReadonlyMap<string, string>,
  ) => Promise<void>;
  /** Where pages of other origins may use the service. */
  readonly crossOrigin?: CrossOrigin;
  /** Whoever asks is nobody: what a request says of who sent it is not looked at, and there is nothing to write. */
  readonly anonymous?: true;
  /** What else the service is at hosts of their own. */
  readonly websites?: Websites;
}

/** Buckets as websites: told by the host alone, whatever else a request carries. */
export interface Websites {
  /** Whether a `Host` header names one. */
  readonly takes: (host: string) => boolean;
  readonly served: ServedService;
}

export type Services = ReadonlyMap<ServiceId, ServedService>;

/** `sts.…`, `kms-fips.…`, `s3-eu-west-1.…`; but not the host of a bucket that is called `sts`, `sts-data` or `kms`. */
const serviceHost =
  /^(?:(sts|iam|kms|organizations|access-analyzer|karikagi)(?:-fips)?\.(?!s3[.-])|(s3)[.-])/;

/**
 * Which service a request is for: a website by its host, else told by the credential scope of its signature, else by its `Host`
 * (`sts.…`), else by what only that service's requests carry. S3 is what remains.
 */
export function recogniseService(request: HttpRequest, services: Services): ServedService {
  const websites = services.get('s3')?.websites;
  if (websites?.takes(request.headers.get('host') ?? '')) return websites.served;
  const id = scopeService(request) ?? hostService(request) ?? shapeService(request) ?? 's3';
  const served = services.get(id as ServiceId);
  if (served) return served;
  throw new ApiError('UnknownService', 400, `The service ${JSON.stringify(id)} is not served here.`);
}

/**
 * The form of an error that comes before the service is known, or is about one that is not served: SDKs read errors by
 * the protocol that they speak.
 */
export function strangersErrors(request: HttpRequest, services: Services): WireService['encodeError'] {
  return errorFormOf(request, scopeService(request)) ?? services.get('s3')!.wire.encodeError;
}

// An access key id holds no slash; the region may be empty. In a query the slashes come encoded.
const headerScope = /Credential=(?:(?:[^,\s/]*\/){3}([^,\s/]*))?/;
const queryScope =
  /(?:^|&)X-Amz-Credential=(?:(?:(?:[^&/%]|%(?!2[fF]))*(?:\/|%2[fF])){3}((?:[^&/%]|%(?!2[fF]))*))?/;

/** The fourth part of `AKID/20130524/us-east-1/s3/aws4_request`. */
function scopeService(request: HttpRequest): string | undefined {
  const header = request.headers.get('authorization');
  const scope = header ? headerScope.exec(header) : queryScope.exec(request.query);
  const name = scope?.[1];
  return name === 's3express' ? 's3' : name || undefined;
}

/** Only S3 has anything at a path: where a bucket is called `sts`, its objects are asked for at the host of that service. */
function hostService(request: HttpRequest): string | undefined {
  const host = serviceHost.exec(request.headers.get('host') ?? '');
  return host?.[2] ?? (request.path === '/' ? host?.[1] : undefined);
}

function shapeService(request: HttpRequest): string | undefined {
  const target = request.headers.get('x-amz-target');
  if (target?.startsWith('TrentService.')) return 'kms';
  if (target?.startsWith('AWSOrganizationsV20161128.')) return 'organizations';
  if (target?.startsWith('Karikagi.')) return 'karikagi';
  const form = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded');
  if (request.path !== '/') return undefined;
  if (form && request.method === 'POST') return 'sts';
  return /(?:^|&)Action=/.test(request.query) ? 'sts' : undefined;
}
