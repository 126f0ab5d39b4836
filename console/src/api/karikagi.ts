/** The product's own API, signed like any. */
import { Sha256Js } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import { session } from '../session/store.js';
import { type Act, act } from './act.js';
import { currentKeys } from './credentials.js';

/** Signs with an access key of the caller's own in place of the session's. */
export interface LongTermKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** An error that the server answered, in the form of the SDK's. */
export class ServiceError extends Error {
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId: string | undefined };

  constructor(name: string, message: string, httpStatusCode: number, requestId: string | undefined) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode, requestId };
  }
}

export function karikagi<O>(operation: string, input: object = {}): Act<O> {
  return act('karikagi', operation, input, async signal =>
    call<O>(operation, input, await currentKeys(), session().signedIn?.region, signal),
  );
}

/** Throws `ServiceError`, and what `fetch` throws. */
export async function call<O>(
  operation: string,
  input: object,
  keys: LongTermKeys,
  region = 'us-east-1',
  signal?: AbortSignal,
): Promise<O> {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new SignatureV4({
    service: 'karikagi',
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    sha256: Sha256Js,
  });
  const request = new HttpRequest({
    method: 'POST',
    protocol: location.protocol,
    hostname: location.hostname,
    path: '/',
    headers: {
      host: location.host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `Karikagi.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const { headers } = await signer.sign(request);
  // The browser sets it, to the same.
  delete headers['host'];
  const response = await fetch('/', { method: 'POST', headers, body: request.body, signal: signal ?? null });
  const output = (await response.json()) as Record<string, unknown>;
  if (response.ok) return output as O;
  const code = String(output['__type'] ?? 'UnknownError')
    .split('#')
    .pop()!;
  const message = String(output['message'] ?? output['Message'] ?? code);
  throw new ServiceError(
    code,
    message,
    response.status,
    response.headers.get('x-amzn-requestid') ?? undefined,
  );
}
