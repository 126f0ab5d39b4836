/** Requests as no SDK would send them: signed by hand, sent as they stand. */
import { request as httpRequest } from 'node:http';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface RawRequest {
  readonly service: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** When it was signed; default: the machine's time. */
  readonly time?: Date;
  readonly region?: string;
  /** Changes the signed request before it is sent. */
  readonly tamper?: (request: {
    path: string;
    headers: Record<string, string>;
    body: string | Uint8Array;
  }) => void;
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The error's code, from XML or JSON. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

export async function sendSigned(
  endpoint: string,
  keys: Keys | undefined,
  raw: RawRequest,
): Promise<RawReply> {
  const url = new URL(endpoint);
  const body = raw.body ?? '';
  const unsigned = new HttpRequest({
    method: raw.method ?? 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: raw.path ?? '/',
    query: raw.query ?? {},
    headers: { host: url.host, ...raw.headers },
    body,
  });
  let headers: Record<string, string> = unsigned.headers;
  if (keys) {
    const signer = new SignatureV4({
      service: raw.service,
      region: raw.region ?? 'us-east-1',
      credentials: keys,
      sha256: Sha256,
      uriEscapePath: raw.service !== 's3',
    });
    const signed = await signer.sign(unsigned, raw.time ? { signingDate: raw.time } : {});
    headers = signed.headers;
  }
  const query = new URLSearchParams(raw.query).toString().replaceAll('+', '%20');
  const sent = { path: `${unsigned.path}${query && `?${query}`}`, headers: { ...headers }, body };
  raw.tamper?.(sent);
  return send(url, unsigned.method, sent);
}

function send(
  url: URL,
  method: string,
  { path, headers, body }: { path: string; headers: Record<string, string>; body: string | Uint8Array },
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: url.hostname, port: url.port, method, path, headers, agent: false },
      response => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', chunk => (text += chunk));
        response.on('end', () => resolve(replyOf(response.statusCode!, response.headers, text)));
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function replyOf(status: number, headers: RawReply['headers'], body: string): RawReply {
  const element = (name: string) =>
    new RegExp(`<${name}>([^<]*)</${name}>`)
      .exec(body)?.[1]
      ?.replaceAll('&#39;', "'")
      .replaceAll('&apos;', "'")
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  if (body.startsWith('{')) {
    const json = JSON.parse(body) as { __type?: string; message?: string; Message?: string };
    return { status, headers, body, code: json.__type, message: json.message ?? json.Message };
  }
  return { status, headers, body, code: element('Code'), message: element('Message') };
}
