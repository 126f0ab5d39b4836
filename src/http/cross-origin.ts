/** Requests from pages of other origins: the browser's question beforehand, and the headers of answers. */
import type { HttpReply, HttpRequest } from '../core/http-message.js';
import { requestHeaders } from '../wire/rest-xml/service.js';
import { httpErrors } from './errors.js';
import type { CrossOrigin, CrossOriginRequest, ServedService } from './services.js';

/** What AWS's answers to pages say, seen of services that speak JSON and queries. */
const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date',
};

/**
 * Services that any page may use, given credentials or what is traded for them: STS, IAM and KMS (those with `cors` in
 * the SDK for JavaScript's metadata, version 2; Organizations is not among them). Browsers send nothing by themselves
 * that these services would take for credentials.
 */
export const openToPages: CrossOrigin = {
  headers: async () => OPEN,
  async preflight(_asked, { origin, method, requestHeaders }) {
    if (origin === undefined || method === undefined) {
      throw httpErrors.AccessDenied('A question beforehand names an origin and a method.', {
        advice: 'Send Origin and Access-Control-Request-Method, as browsers do.',
      });
    }
    return {
      ...OPEN,
      'access-control-allow-methods': method,
      ...(requestHeaders !== undefined && { 'access-control-allow-headers': requestHeaders }),
      'access-control-max-age': '172800',
    };
  },
};

/** Answers the browser's question whether a request may be made. Throws the service's refusal. */
export async function answerPreflight(
  served: ServedService,
  request: HttpRequest,
  requestId: string,
): Promise<HttpReply> {
  const question = questionOf(request);
  const asked = served.traits.collectsBody ? {} : askedFor(served, request);
  const open = asked.bucket === undefined && asksForAction(request, question.method);
  const headers = await (open ? openToPages : served.crossOrigin!).preflight(asked, question);
  return { status: 200, headers: { ...requestHeaders(requestId), ...headers } };
}

/**
 * Whether the request to come is to STS, IAM or KMS: the question beforehand names no service, and nothing of S3 but
 * forms to a bucket's host is posted to the root.
 */
function asksForAction({ path, query }: HttpRequest, method: string | undefined): boolean {
  return path === '/' && (method === 'POST' || /(?:^|&)Action=/.test(query));
}

/** The bucket and the key that the request to come is about. */
function askedFor(
  served: ServedService,
  { path, headers, body }: HttpRequest,
): { readonly bucket?: string | undefined; readonly key?: string | undefined } {
  return served.wire.recognise({ method: 'GET', path, query: '', headers, body }, undefined);
}

/** The headers to add to an answer; none for a request that no page of another origin makes. */
export async function crossOriginHeaders(
  served: ServedService | undefined,
  request: HttpRequest,
  bucket: string | undefined,
): Promise<Record<string, string> | undefined> {
  if (!served?.crossOrigin || !request.headers.has('origin')) return undefined;
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
