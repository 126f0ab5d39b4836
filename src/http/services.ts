import type { HttpRequest } from '../core/http-message.js';
import type { Service } from '../core/operation.js';
import type { ServiceTraits } from '../core/service.js';
import type { WireService } from '../wire/types.js';
import { errorFormOf } from '../wire/unserved.js';
import { httpErrors } from './errors.js';

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
  readonly traits: ServiceTraits;
  /** Holds a body that was read whole to what its headers and trailers say of it. Throws where it is another. */
  readonly checkBody?: (
    operation: string,
    request: HttpRequest,
    body: Uint8Array,
    trailers: ReadonlyMap<string, string>,
  ) => Promise<void>;
  /** Where pages of other origins may use the service. */
  readonly crossOrigin?: CrossOrigin;
  /** Anonymous: credentials are not looked at, and only reads exist. */
  readonly anonymous?: true;
  /** Browsers upload to it with forms. */
  readonly form?: true;
}

/** A way in of its own: what it takes comes to its service, whatever else the request carries. */
export interface Door {
  takes(request: HttpRequest): boolean;
  readonly served: ServedService;
}

export interface Services {
  /** In the order in which they are asked; before any service. */
  readonly doors: readonly Door[];
  readonly all: readonly ServedService[];
}

/**
 * Which service a request is for: a door's, else the one in the credential scope of its signature, else by its `Host`
 * (`sts.…`), else by what only that service's requests carry, else the one that takes the rest. Only that one has
 * anything at a path: where a bucket is called `sts`, its objects are asked for at the host of that service. Throws
 * `UnknownService`.
 */
export function recogniseService(request: HttpRequest, { doors, all }: Services): ServedService {
  const door = doors.find(one => one.takes(request));
  if (door) return door.served;
  const scope = scopeService(request);
  const host = request.headers.get('host') ?? '';
  const served =
    scope === undefined
      ? (all.find(({ traits }) => traits.host.test(host) && (traits.takesTheRest || request.path === '/')) ??
        all.find(({ traits }) => traits.recognises(request)) ??
        all.find(({ traits }) => traits.takesTheRest))
      : all.find(({ traits }) => traits.scopes.includes(scope));
  if (served) return served;
  throw httpErrors.UnknownService(scope ?? host);
}

/**
 * The form of an error that comes before the service is known, or is about one that is not served: SDKs read errors by
 * the protocol that they speak.
 */
export function strangersErrors(request: HttpRequest, { all }: Services): WireService['encodeError'] {
  const rest = all.find(({ traits }) => traits.takesTheRest)!;
  return errorFormOf(request, scopeService(request)) ?? rest.wire.encodeError;
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
  return name || undefined;
}
