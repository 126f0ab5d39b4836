/** Sends copies to another server, signed with keys that the operator has for it. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/transport';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Clock } from '../core/clock.js';
import {
  assumeRole,
  type CredentialsProvider,
  defaultCredentials,
  RenewingCredentials,
} from '../credentials/index.js';
import { EndpointAway, type ReplicaAnswer, type ReplicaMessage } from '../services/s3/index.js';
import { REPLICA_PARAMETER } from '../wire/index.js';
import type { DeclaredEndpoint } from './declared-endpoint.js';

/** Milliseconds without a byte from the other server. */
const PATIENCE = 60_000;
/** Bytes of an answer that are looked at. */
const LONGEST_ANSWER = 64 * 1024;
const SESSION_NAME = 's3-replication';

export class ReplicationClient {
  readonly #url: URL;
  readonly #keys: RenewingCredentials;
  readonly #signer: SignatureV4;
  readonly #clock: Clock;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor({ url, region, profile, role, externalId }: DeclaredEndpoint, clock: Clock) {
    this.#url = new URL(url);
    this.#clock = clock;
    const source = defaultCredentials({ profile });
    const session = { sessionName: SESSION_NAME, endpoint: url, region };
    const provider: CredentialsProvider = role
      ? assumeRole({ roleArn: role, ...session, externalId, source })
      : source;
    this.#keys = new RenewingCredentials(provider);
    this.#signer = new SignatureV4({
      service: 's3',
      region,
      credentials: this.#keys.provider,
      sha256: Sha256,
      uriEscapePath: false,
    });
    this.#agent = new (this.#url.protocol === 'https:' ? HttpsAgent : HttpAgent)({ keepAlive: true });
  }

  /** Throws `EndpointAway`, what reading the message's body throws, and what `signal` was ended with. */
  async send(message: ReplicaMessage, signal: AbortSignal): Promise<ReplicaAnswer> {
    const signed = await this.#signed(message);
    const answer = await this.#exchange(signed, message, signal);
    // Keys whose session was revoked are good by the clock alone.
    if (/<Code>(ExpiredToken|InvalidToken|InvalidAccessKeyId)<\/Code>/.test(answer.text)) {
      await this.#keys.renew(signed.accessKeyId).catch(() => undefined);
    }
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Throws `EndpointAway` where there are no keys. */
  async #signed({ bucket, key, kind, headers, length }: ReplicaMessage) {
    const { protocol, hostname, port, host } = this.#url;
    const path = `/${bucket}/${key.split('/').map(escaped).join('/')}`;
    const request = new HttpRequest({
      method: 'POST',
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path,
      query: { [REPLICA_PARAMETER]: kind },
      headers: {
        ...headers,
        host,
        'content-length': String(length),
        'content-type': 'application/octet-stream',
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      },
    });
    try {
      const { accessKeyId } = await this.#keys.get();
      const signed = await this.#signer.sign(request, { signingDate: new Date(this.#clock.now()) });
      return { accessKeyId, path: `${path}?${REPLICA_PARAMETER}=${kind}`, headers: signed.headers };
    } catch (error) {
      throw new EndpointAway(`no keys for ${this.#url.origin}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  async #exchange(
    { path, headers }: { readonly path: string; readonly headers: Record<string, string> },
    { body }: ReplicaMessage,
    signal: AbortSignal,
  ): Promise<ReplicaAnswer> {
    const { protocol, hostname, port, origin } = this.#url;
    const send = protocol === 'https:' ? httpsRequest : httpRequest;
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const request = send({ method: 'POST', host, port, path, headers, agent: this.#agent, signal });
    request.setTimeout(PATIENCE, () => request.destroy(new Error('no answer for a minute')));
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject);
      request.once('close', () => reject(new Error('the connection was closed')));
    });
    let unreadable: { readonly error: unknown } | undefined;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* body;
      } catch (error) {
        unreadable = { error };
        throw error;
      }
    }
    // What becomes of it, the answer says.
    const sent = pipeline(Readable.from(watched(), { objectMode: false }), request).catch(() => undefined);
    try {
      const response = await answered;
      return {
        status: response.statusCode ?? 0,
        headers: response.headers as ReplicaAnswer['headers'],
        text: await beginningOf(response),
      };
    } catch (error) {
      if (unreadable) throw unreadable.error;
      signal.throwIfAborted();
      throw new EndpointAway(`${origin}: ${(error as Error).message}`, { cause: error });
    } finally {
      // An answer before the end of the body refuses the rest.
      if (!request.writableFinished) request.destroy();
      await sent;
    }
  }
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size < LONGEST_ANSWER) chunks.push(chunk);
    size += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_ANSWER).toString();
}

/** As RFC 3986 has it, which signatures go by. */
function escaped(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
