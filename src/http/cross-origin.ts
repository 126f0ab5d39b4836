/** Requests from pages of other origins: the browser's question beforehand, and the headers of answers. */
import type { HttpReply, HttpRequest } from '../message.js';
import type { ServedService } from './services.js';

/** What a service says to pages of other origins. */
export interface CrossOrigin {
  /** The headers that let the page have the answer; undefined where it may not. */
  headers(bucket: string, request: CrossOriginRequest): Promise<Record<string, string> | undefined>;
  /** As `headers`, for the question beforehand. Throws the service's refusal. */
  preflight(
    bucket: string | undefined,
    request: Partial<CrossOriginRequest>,
  ): Promise<Record<string, string>>;
}

export interface CrossOriginRequest {
  readonly origin: string;
  /** The method of the request itself, not of the question. */
  readonly method: string;
  /** `Access-Control-Request-Headers`; only a question has it. */
  readonly requestHeaders?: string | undefined;
}

/** Answers the browser's question whether a request may be made. Throws the service's refusal. */
export async function answerPreflight(served: ServedService, request: HttpRequest): Promise<HttpReply> {
  const method = request.headers.get('access-control-request-method');
  const headers = await served.crossOrigin!.preflight(bucketAskedFor(served, request, method), {
    ...originOf(request),
    ...(method !== undefined && { method }),
    requestHeaders: request.headers.get('access-control-request-headers'),
  });
  return { status: 200, headers };
}

/** The bucket that the request to come is about. */
function bucketAskedFor(served: ServedService, request: HttpRequest, method = 'GET'): string | undefined {
  const { path, headers, body } = request;
  return served.wire.recognise(
    { method: method === 'POST' ? 'GET' : method, path, query: '', headers, body },
    undefined,
  ).bucket;
}

/** The headers to add to an answer; none for a request that no page of another origin makes. */
export async function crossOriginHeaders(
  served: ServedService | undefined,
  request: HttpRequest,
  bucket: string | undefined,
): Promise<Record<string, string> | undefined> {
  const { origin } = originOf(request);
  if (origin === undefined || bucket === undefined || !served?.crossOrigin) return undefined;
  return served.crossOrigin.headers(bucket, { origin, method: request.method });
}

function originOf(request: HttpRequest): { readonly origin?: string } {
  const origin = request.headers.get('origin');
  return origin === undefined ? {} : { origin };
}
