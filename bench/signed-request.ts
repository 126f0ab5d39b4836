/** Requests as bytes, signed once by Signature Version 4 and sent many times, so that signing costs the load nothing. */
import { createHash, createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface PlainRequest {
  readonly method: string;
  readonly url: URL;
  readonly service: 's3' | 'sts' | 'kms' | 'iam';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const REGION = 'us-east-1';
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** The request with an `Authorization` header and its payload's hash. `now`: milliseconds since the epoch. */
export function signedRequest(request: PlainRequest, credentials: Credentials, now: number): Buffer {
  const { method, url, service, body = Buffer.alloc(0) } = request;
  const time = timestamp(now);
  const hash = sha256(body);
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-content-sha256': hash,
    'x-amz-date': time,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    method,
    url.pathname,
    url.search.slice(1),
    ...names.map(name => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    hash,
  ].join('\n');
  const scope = `${time.slice(0, 8)}/${REGION}/${service}/aws4_request`;
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, ` +
    `Signature=${sign(canonical, time, scope, credentials)}`;
  headers['content-length'] = String(body.length);
  return asBytes(method, url, headers, body);
}

const VERSIONS = { sts: '2011-06-15', iam: '2010-05-08' };

/** A request of STS or IAM, whose parameters are a form. */
export function formRequest(
  service: keyof typeof VERSIONS,
  endpoint: string,
  credentials: Credentials,
  parameters: Readonly<Record<string, string>>,
  now: number,
): Buffer {
  const form = new URLSearchParams({ Version: VERSIONS[service], ...parameters });
  return signedRequest(
    {
      method: 'POST',
      url: new URL('/', endpoint),
      service,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
    },
    credentials,
    now,
  );
}

/** A presigned GET of an object, valid for 900 seconds. */
export const presignedGet = (url: URL, credentials: Credentials, now: number): Buffer =>
  presigned('GET', url, credentials, now);

/** A presigned request, valid for 900 seconds, with the query that its URL has; `headers` are not signed. */
export function presigned(
  method: string,
  url: URL,
  credentials: Credentials,
  now: number,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const time = timestamp(now);
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const parameters = [
    ...url.searchParams,
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', time],
    ['X-Amz-Expires', '900'],
    ...(credentials.sessionToken ? [['X-Amz-Security-Token', credentials.sessionToken]] : []),
    ['X-Amz-SignedHeaders', 'host'],
  ];
  const query = parameters
    .map(([name, value]) => `${name}=${encodeURIComponent(value!)}`)
    .sort()
    .join('&');
  const canonical = [method, url.pathname, query, `host:${url.host}`, '', 'host', 'UNSIGNED-PAYLOAD'].join(
    '\n',
  );
  const signed = new URL(`?${query}&X-Amz-Signature=${sign(canonical, time, scope, credentials)}`, url);
  return asBytes(method, signed, { host: url.host, ...headers }, Buffer.alloc(0));
}

const timestamp = (now: number): string => new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');

function sign(canonical: string, time: string, scope: string, { secretAccessKey }: Credentials): string {
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key as Buffer, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
}

function asBytes(method: string, url: URL, headers: Record<string, string>, body: Buffer): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`),
    body,
  ]);
}
