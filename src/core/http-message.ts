/** HTTP messages as the wire, authentication and the pipeline see them, free of sockets. */

/** The body of a request, read once. */
export interface RequestBody extends AsyncIterable<Uint8Array> {
  /** Length in bytes of what iteration yields, where the client declared it. */
  readonly length: number | undefined;
  /** Trailing headers, lower-case; complete once iteration has ended. */
  readonly trailers: ReadonlyMap<string, string>;
  /** Reads all of it at once, where that takes less than iterating. Throws what iterating throws. */
  whole?(): Promise<Uint8Array>;
  /**
   * Present where reading fails at its end unless the bytes have the SHA-256 that the client signed: for readers that
   * digest the bytes anyway.
   */
  readonly claim?: Claim;
  /**
   * Lets reading fail with RequestTimeout that is not done in so many milliseconds from now; `Infinity`: as long as it
   * takes.
   */
  expire?(time: number): void;
}

/** What a client has signed of a body. */
export interface Claim {
  /** The same body, read without a look at its SHA-256. */
  readonly body: RequestBody;
  /** Throws for another SHA-256 than the one that was signed: call it before anything relies on the bytes. */
  demand(sha256: Uint8Array): void;
}

const EMPTY = new Uint8Array(0);
const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

/** A body that is in memory. */
export function bodyOf(bytes: Uint8Array): RequestBody {
  return new BytesBody(bytes);
}

// The bodies of requests are classes: the prototype of a generator that is made with each request would outlive it, and
// all that it closes over, until the next collection of the whole heap.
class BytesBody implements RequestBody {
  readonly trailers = NO_TRAILERS;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#bytes.length > 0) yield this.#bytes;
  }

  async whole(): Promise<Uint8Array> {
    return this.#bytes;
  }
}

/** All of a body that is known to be small. Throws what reading it throws. */
export function wholeOf(body: RequestBody): Promise<Uint8Array> {
  return body.whole ? body.whole() : gathered(body);
}

/** All chunks as one. */
export async function gathered(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return joined(chunks);
}

/** The chunks as one, without a copy where there is only one. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  return chunks.length === 0 ? EMPTY : Buffer.concat(chunks);
}

export interface HttpRequest {
  /** By which clients know the server: that of a proxy before it, where there is one. Default: `http`. */
  readonly scheme?: 'http' | 'https' | undefined;
  /** Upper case. */
  readonly method: string;
  /** The path exactly as received, still percent-encoded, without the query. */
  readonly path: string;
  /** The query exactly as received, without `?`; empty where there is none. */
  readonly query: string;
  /** Lower-case names; repeated headers joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: RequestBody;
  /** Set where this PutObject stands for a form that a browser has posted. */
  readonly posted?: boolean;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array> | undefined;
}

/** The server as the request names it: `https://bucket.s3.example.com`, without a slash at its end. */
export function serverNamedBy({ scheme = 'http', headers }: HttpRequest): string {
  return `${scheme}://${headers.get('host') ?? ''}`;
}

/**
 * A header's value as text. It stands as it came, a character for each byte: UTF-8 where the bytes are that, else
 * Latin-1 (RFC 9110, section 5.5, leaves both open).
 */
export function headerText(value: string): string {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code > 0xff) return value;
    if (code > 0x7f) {
      const decoded = Buffer.from(value, 'latin1').toString('utf8');
      return decoded.includes('\ufffd') || /[^\0-\xff]/.test(value) ? value : decoded;
    }
  }
  return value;
}
