/** Requests from pages of other origins: the browser's question beforehand, and the headers of answers. */
import type { HttpReply, HttpRequest } from '../message.js';
import { requestHeaders } from '../wire/rest-xml/service.js';
import type { ServedService } from './services.js';

/** What a service says to pages of other origins. */
export interface CrossOrigin {
  /** The headers that let the page have the answer; undefined where it may not. */
  headers(bucket: string, request: CrossOriginRequest): Promise<Record<string, string> | undefined>;
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

/** Answers the browser's question whether a request may be made. Throws the service's refusal. */
export async function answerPreflight(
  served: ServedService,
  request: HttpRequest,
  requestId: string,
): Promise<HttpReply> {
  const headers = await served.crossOrigin!.preflight(askedFor(served, request), questionOf(request));
  return { status: 200, headers: { ...requestHeaders(requestId), ...headers } };
}

/** The bucket and the key that the request to come is about. */
function askedFor(served: ServedService, { path, headers, body }: HttpRequest) {
  return served.wire.recognise({ method: 'GET', path, query: '', headers, body }, undefined);
}

/** The headers to add to an answer; none for a request that no page of another origin makes. */
export async function crossOriginHeaders(
  served: ServedService | undefined,
  request: HttpRequest,
  bucket: string | undefined,
): Promise<Record<string, string> | undefined> {
  if (bucket === undefined || !served?.crossOrigin || !request.headers.has('origin')) return undefined;
  const { origin, method = request.method, requestHeaders: asked } = questionOf(request);
  return served.crossOrigin.headers(bucket, { origin: origin!, method, requestHeaders: asked });
}

/**
 * What a browser asks beforehand. A request that carries these headers itself is judged by them as well (LocalStack's
 * recordings of AWS, test_cors_match_methods and test_cors_match_headers; minio-go's testCors).
 */
function questionOf({ headers }: HttpRequest): Partial<CrossOriginRequest> {
  const origin = headers.get('origin');
  const method = headers.get('access-control-request-method');
  return {
    ...(origin !== undefined && { origin }),
    ...(method !== undefined && { method }),
    requestHeaders: headers.get('access-control-request-headers'),
  };
}
