import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiError } from '../core/errors.js';
import { gathered, type HttpRequest, joined, type RequestBody, wholeOf } from '../core/http-message.js';
import { httpErrors } from './errors.js';

const noTrailers: ReadonlyMap<string, string> = new Map();
const EMPTY = new Uint8Array(0);

/**
 * The request as the pipeline sees it. `stall`: milliseconds without a byte of the body until it is given up.
 * `isSecure`: whether clients know the server by https under that name.
 */
export function receive(
  incoming: IncomingMessage,
  response: ServerResponse,
  stall: number,
  isSecure: (host: string) => boolean,
): HttpRequest {
  const { target: url, host } = targetOf(incoming.url ?? '/');
  const mark = url.indexOf('?');
  const headers = joinedHeaders(incoming);
  if (host !== undefined) headers.set('host', host);
  return {
    method: incoming.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    scheme: isSecure(headers.get('host') ?? '') ? 'https' : 'http',
    body: new SocketBody(incoming, response, stall),
  };
}

/**
 * What is asked for, without the scheme and the host that a target in absolute form has before it: clients write it so
 * to what they take for a proxy. Its host then stands above the header `Host` (RFC 9112, 3.2.2).
 */
function targetOf(url: string): { readonly target: string; readonly host?: string } {
  if (url.startsWith('/')) return { target: url };
  const [, host, target] = /^https?:\/\/([^/?#@]+)([/?].*)?$/is.exec(url) ?? [];
  if (host === undefined) return { target: url };
  return { host, target: target === undefined ? '/' : target.startsWith('?') ? `/${target}` : target };
}

function joinedHeaders(incoming: IncomingMessage): Map<string, string> {
  const headers = new Map<string, string>();
  const raw = incoming.rawHeaders;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    // A character for each byte: `headerText` says what it means.
    const value = raw[i + 1]!;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/** A body read from a socket: asks for it (`100 Continue`) only when somebody reads, and gives up when it stalls. */
class SocketBody implements RequestBody {
  readonly length: number | undefined;
  readonly trailers = noTrailers;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #stall: number;
  /** Neither header of a body is there: nothing to set up a stream for. */
  readonly #absent: boolean;
  /** Ends the reading under way. */
  #giveUp: (error: ApiError) => void = () => {};
  #expiry: NodeJS.Timeout | undefined;
  #expired = false;

  constructor(incoming: IncomingMessage, response: ServerResponse, stall: number) {
    const declared = incoming.headers['content-length'];
    this.#absent = declared === undefined && incoming.headers['transfer-encoding'] === undefined;
    this.length = this.#absent ? 0 : declared === undefined ? undefined : Number(declared);
    this.#incoming = incoming;
    this.#response = response;
    this.#stall = stall;
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const incoming = this.#incoming;
    if (this.#isAtHand()) {
      const bytes = this.#takeAll();
      if (bytes.length > 0) yield bytes;
      return;
    }
    if (incoming.headers.expect?.toLowerCase() === '100-continue' && !this.#response.headersSent) {
      this.#response.writeContinue();
    }
    // destroyOnReturn: a reader that stops early still has an answer to give over this socket.
    const chunks = incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
    incoming.setTimeout(this.#stall, () => this.#giveUp(httpErrors.RequestTimeout()));
    try {
      for (;;) {
        const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
          if (this.#expired) reject(httpErrors.RequestTimeout());
          this.#giveUp = reject;
          chunks.next().then(resolve, cause => reject(httpErrors.IncompleteBody({ cause: cause })));
        });
        if (next.done) return;
        yield next.value;
      }
    } finally {
      this.expire(Number.POSITIVE_INFINITY);
      // Else the rest of a body that is given up cannot be discarded, and the connection would hang. Not awaited:
      // while a read is under way it would wait for that.
      void chunks.return?.();
    }
  }

  async whole(): Promise<Uint8Array> {
    return this.#isAtHand() ? this.#takeAll() : gathered(this);
  }

  expire(time: number): void {
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
    if (time === Number.POSITIVE_INFINITY || this.#isAtHand()) return;
    this.#expiry = setTimeout(() => {
      this.#expired = true;
      this.#giveUp(httpErrors.RequestTimeout());
    }, time);
  }

  /** Small bodies come along with the headers, mostly: they need no stream to be set up. */
  #isAtHand(): boolean {
    return this.#absent || (this.#incoming.complete && !this.#incoming.destroyed);
  }

  #takeAll(): Uint8Array {
    return this.#absent ? EMPTY : (this.#incoming.read() ?? EMPTY);
  }
}

/** Bytes that arrive with the head, as a rule, and need no counting. */
const SMALL = 16 * 1024;

/**
 * Reads a whole body of at most `limit` bytes; throws `tooLarge()` beyond. `taken` hears of the bytes that arrive, and
 * may throw where they are too many.
 */
export async function collect(
  body: RequestBody,
  limit: number,
  tooLarge: () => ApiError,
  taken: (bytes: number) => void = () => {},
): Promise<Uint8Array> {
  if (body.length !== undefined) {
    if (body.length > limit) throw tooLarge();
    if (body.length <= SMALL) return wholeOf(body);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    taken(chunk.length);
    chunks.push(chunk);
  }
  return joined(chunks);
}
