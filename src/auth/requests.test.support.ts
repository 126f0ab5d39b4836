/**
 * What the tests of this folder share: a source of credentials, requests, and a signer written apart from the verifier.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Caller, CallerPolicies, CredentialLookup, CredentialSource } from '../core/caller.js';
import type { HttpRequest, RequestBody } from '../core/http-message.js';

export const ACCESS_KEY = 'AKIAIOSFODNN7EXAMPLE';
export const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** Midnight of 24 May 2013: the time of all of S3's documented examples. */
export const EXAMPLE_TIME = Date.UTC(2013, 4, 24);

export const USER: Caller = {
  principal: { type: 'user', arn: 'arn:aws:iam::111122223333:user/alice', account: '111122223333' },
  userId: 'AIDAEXAMPLE',
  accessKeyId: ACCESS_KEY,
  credentials: 'long-term',
  context: {},
};

/** Knows one key; notes what it was asked. */
export class FakeCredentials implements CredentialSource {
  readonly usedKeys: string[] = [];
  readonly tokens: (string | undefined)[] = [];

  constructor(
    readonly accessKeyId = ACCESS_KEY,
    readonly secret = SECRET,
    readonly answer?: CredentialLookup,
  ) {}

  async lookup(accessKeyId: string, token: string | undefined): Promise<CredentialLookup> {
    this.tokens.push(token);
    if (accessKeyId !== this.accessKeyId) return { found: 'none', why: 'key', reason: 'no such key' };
    return this.answer ?? { found: 'valid', secretAccessKey: this.secret, caller: USER };
  }

  async policiesOf(): Promise<CallerPolicies> {
    return { identity: [] };
  }

  async owner(): Promise<undefined> {}

  used({ accessKeyId }: Caller): void {
    this.usedKeys.push(accessKeyId ?? '');
  }
}

export function bodyOf(bytes: Uint8Array | string, pieces: number[] = [], length?: number): RequestBody {
  const buffer = Buffer.from(bytes);
  return {
    length: length ?? buffer.length,
    trailers: new Map(),
    async *[Symbol.asyncIterator]() {
      let at = 0;
      for (const piece of pieces) {
        if (at >= buffer.length) break;
        yield buffer.subarray(at, at + piece);
        at += piece;
      }
      if (at < buffer.length) yield buffer.subarray(at);
    },
  };
}

export interface RequestParts {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | RequestBody;
}

export function requestOf(parts: RequestParts): HttpRequest {
  const { body = '' } = parts;
  return {
    method: parts.method ?? 'GET',
    path: parts.path ?? '/',
    query: parts.query ?? '',
    headers: new Map(Object.entries(parts.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    body: typeof body === 'string' || body instanceof Uint8Array ? bodyOf(body) : body,
  };
}

export async function read(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** Frames a body as `aws-chunked` with signed chunks, and a signed trailer where one is given. */
export function signChunks(
  chunks: readonly Uint8Array[],
  options: {
    secret: string;
    timestamp: string;
    region: string;
    seed: string;
    trailers?: Record<string, string>;
  },
): Buffer {
  const day = options.timestamp.slice(0, 8);
  const scope = `${day}/${options.region}/s3/aws4_request`;
  const key = [day, options.region, 's3', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${options.secret}`,
  );
  let previous = options.seed;
  const signed = (kind: string, hashes: string): string => {
    previous = hmac(
      key as Buffer,
      `AWS4-HMAC-SHA256-${kind}\n${options.timestamp}\n${scope}\n${previous}\n${hashes}`,
    ).toString('hex');
    return previous;
  };
  const out: (Uint8Array | string)[] = [];
  for (const chunk of [...chunks, new Uint8Array()]) {
    const signature = signed('PAYLOAD', `${sha256('')}\n${sha256(chunk)}`);
    out.push(`${chunk.length.toString(16)};chunk-signature=${signature}\r\n`);
    if (chunk.length > 0) out.push(chunk, '\r\n');
  }
  if (options.trailers !== undefined) {
    const lines = Object.entries(options.trailers).map(([name, value]) => `${name}:${value}`);
    const signature = signed('TRAILER', sha256(lines.map(line => `${line}\n`).join('')));
    out.push(...lines.map(line => `${line}\r\n`), `x-amz-trailer-signature:${signature}\r\n`);
  }
  out.push('\r\n');
  return Buffer.concat(out.map(part => (typeof part === 'string' ? Buffer.from(part) : part)));
}

/** A GET of S3's `/bucket/key`, signed in the header; each part of the signature can be chosen. */
export function signedBySecret(
  options: {
    accessKeyId?: string;
    service?: string;
    region?: string;
    date?: string;
    terminator?: string;
    timestamp?: string;
    signedHeaders?: string;
    headers?: Record<string, string>;
  } = {},
): HttpRequest {
  const timestamp = options.timestamp ?? '20130524T000000Z';
  const { service = 's3', region = 'us-east-1', terminator = 'aws4_request' } = options;
  const date = options.date ?? timestamp.slice(0, 8);
  const headers: Record<string, string> = {
    host: 'localhost:9000',
    'x-amz-content-sha256': sha256(''),
    'x-amz-date': timestamp,
    ...options.headers,
  };
  const signed = options.signedHeaders ?? Object.keys(headers).sort().join(';');
  const lines = signed.split(';').map(name => `${name}:${headers[name] ?? ''}\n`);
  const canonical = `GET\n/bucket/key\n\n${lines.join('')}\n${signed}\n${sha256('')}`;
  const scope = `${date}/${region}/${service}/${terminator}`;
  const key = [date, region, service, terminator].reduce<string | Buffer>(hmac, `AWS4${SECRET}`);
  const signature = hmac(
    key as Buffer,
    `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`,
  ).toString('hex');
  return requestOf({
    path: '/bucket/key',
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${options.accessKeyId ?? ACCESS_KEY}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    },
  });
}
