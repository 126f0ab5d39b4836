import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { type Clock, systemClock } from '../core/clock.js';
import { MINUTE_MS } from '../core/time.js';

export interface ApiCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ApiTarget {
  /** `http://127.0.0.1:9000` */
  readonly endpoint: string;
  readonly region?: string | undefined;
  /** Default: what the AWS SDK's provider chain finds (environment, profile, metadata endpoint …). */
  readonly credentials?: ApiCredentials | undefined;
  /** The profile for the provider chain. */
  readonly profile?: string | undefined;
  /** Whose time requests are signed with; default: the machine's. */
  readonly clock?: Clock | undefined;
  /** Milliseconds that a request may take; default 60,000. */
  readonly timeout?: number | undefined;
}

const TIMEOUT = MINUTE_MS;

/** An error that the server answered. */
export class ApiCallError extends Error {
  override readonly name = 'ApiCallError';

  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/**
 * Calls an operation of the product's own API, signed like any request. Throws `ApiCallError` for an error that
 * the server answers, and what `fetch` throws where it cannot be reached or takes too long.
 */
export async function callKarikagi(target: ApiTarget, operation: string, input: object): Promise<unknown> {
  const url = new URL(target.endpoint);
  const signer = new SignatureV4({
    service: 'karikagi',
    region: target.region ?? 'us-east-1',
    credentials: target.credentials ?? defaultProvider(target.profile ? { profile: target.profile } : {}),
    sha256: Sha256,
  });
  const request = new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: '/',
    headers: {
      host: url.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Karikagi.${operation}`,
    },
    body: JSON.stringify(input),
  });
  if (url.port) request.port = Number(url.port);
  const { headers } = await signer.sign(request, {
    signingDate: new Date((target.clock ?? systemClock).now()),
  });
  const response = await fetch(new URL('/', url), {
    method: 'POST',
    headers,
    body: request.body,
    signal: AbortSignal.timeout(target.timeout ?? TIMEOUT),
  });
  const output = (await response.json()) as { __type?: string; message?: string; Message?: string };
  if (response.ok) return output;
  const code = output.__type?.split('#').pop() ?? 'UnknownError';
  throw new ApiCallError(code, output.message ?? output.Message ?? code, response.status);
}
