/** The AWS SDK for JavaScript as counterpart: its signer, and what its clients would send. */
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '../core/http-message.js';
import { ACCESS_KEY, bodyOf, requestOf, SECRET } from './requests.test.support.js';

export function sdkSigner(service: string, token?: string): SignatureV4 {
  return new SignatureV4({
    service,
    region: 'eu-west-1',
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    credentials: {
      accessKeyId: ACCESS_KEY,
      secretAccessKey: SECRET,
      ...(token !== undefined && { sessionToken: token }),
    },
  });
}

/** A request as the SDK's HTTP handlers take it. */
export interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The request as the server would receive it. */
export function onTheWire(request: SdkRequest): HttpRequest {
  const query = Object.entries(request.query ?? {}).flatMap(([name, values]) =>
    [values]
      .flat()
      .map(value =>
        value === null ? percentEncoded(name) : `${percentEncoded(name)}=${percentEncoded(value)}`,
      ),
  );
  const { body } = request;
  return requestOf({
    method: request.method,
    path: request.path,
    query: query.join('&'),
    headers: request.headers,
    body: typeof body === 'string' || body instanceof Uint8Array ? bodyOf(body) : '',
  });
}

interface SdkClient {
  readonly config: { requestHandler: unknown };
  send(command: never): Promise<unknown>;
}

/** Has an SDK client send a command and catches what would have gone out. */
export async function sentBy(
  makeClient: (config: object) => SdkClient,
  command: unknown,
): Promise<SdkRequest & { readonly body?: unknown }> {
  let caught: SdkRequest | undefined;
  const client = makeClient({
    region: 'ap-northeast-1',
    endpoint: 'http://127.0.0.1:9000',
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET },
    maxAttempts: 1,
    requestHandler: {
      async handle(request: SdkRequest) {
        caught = request;
        throw new Error('caught');
      },
    },
  });
  await client.send(command as never).catch((error: Error) => {
    if (error.message !== 'caught') throw error;
  });
  if (caught === undefined) throw new Error('the client sent nothing');
  return caught;
}
