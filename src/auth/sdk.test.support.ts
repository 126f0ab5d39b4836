/** The AWS SDK for JavaScript as counterpart: its signer, and what its clients would send. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HttpRequest } from '../message.js';
import { ACCESS_KEY, bodyOf, requestOf, SECRET } from './requests.test.support.js';

type SourceData = string | ArrayBuffer | ArrayBufferView;

const bytes = (data: SourceData): Uint8Array | string =>
  typeof data === 'string'
    ? data
    : ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);

/** SHA-256, or HMAC with a key, in the form that the SDK's signer takes. */
class Sha256 {
  readonly #hash;

  constructor(secret?: SourceData) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

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
