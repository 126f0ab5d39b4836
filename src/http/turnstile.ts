/**
 * Lets the requests of a connection through one at a time; those behind wait in the socket, and are answered in order.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * Requests that Node's parser has found before their turn, at most. It finds one where a head's end lies across two
 * packets, and more only for a client whose lines do not end as HTTP's lines do.
 */
const MOST_EARLY = 8;

/**
 * Bytes that may wait for their turn in memory: what is read at once, and what the stream had read before it paused.
 */
const MOST_HELD = 512 * 1024;

const turnstiles = new WeakMap<Socket, Turnstile>();

/** Puts a turnstile before every connection that the server accepts from now on. */
export function placeTurnstiles(server: Server | TlsServer): void {
  const place = (socket: Socket) => void turnstiles.set(socket, new Turnstile(socket));
  // With TLS, the parser reads what has been deciphered, once the handshake is over.
  if (server instanceof TlsServer) server.on('secureConnection', place);
  else server.on('connection', place);
}

/**
 * Calls `begin` when it is the request's turn, at once as a rule. The turn lasts until the response has been sent and
 * the request's body has been read, or the connection is closed; a request whose connection closes before has none.
 */
export function inTurn(incoming: IncomingMessage, response: ServerResponse, begin: () => void): void {
  const turnstile = turnstiles.get(incoming.socket);
  if (turnstile) turnstile.enter(incoming, response, begin);
  else begin();
}

interface Entrant {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly begin: () => void;
}

/**
 * Stands between a socket and Node's parser. The parser starts every request that it is given; 64 KiB hold more than a
 * thousand. So it is given no byte behind the end of a request before that one has been answered: meanwhile the rest
 * waits here, and the socket is paused, until the client can send no more.
 */
class Turnstile {
  readonly #socket: Socket;
  readonly #parse: (bytes: Buffer) => void;
  /** Not given to the parser yet. */
  #held: Buffer = EMPTY;
  /** The end of what was passed of an unfinished head: the end of the head may lie across two packets. */
  #tail: Buffer = EMPTY;
  /** The last request that was let through; its body may still be on its way. */
  #incoming: IncomingMessage | undefined;
  /** Bytes of its body that have not been passed; undefined where only the parser knows the end. */
  #bodyLeft: number | undefined;
  #answering = false;
  readonly #early: Entrant[] = [];
  #passing = false;
  #paused = false;
  #draining = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const listeners = socket.listeners('data') as ((bytes: Buffer) => void)[];
    if (listeners.length !== 1) throw new Error('a connection must have exactly one reader: the parser');
    this.#parse = listeners[0]!;
    socket.removeListener('data', this.#parse);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
  }

  enter(incoming: IncomingMessage, response: ServerResponse, begin: () => void): void {
    const entrant = { incoming, response, begin };
    if (!this.#answering) this.#admit(entrant);
    else if (this.#early.length < MOST_EARLY) this.#early.push(entrant);
    else this.#socket.destroy();
  }

  #admit({ incoming, response, begin }: Entrant): void {
    this.#answering = true;
    this.#incoming = incoming;
    this.#bodyLeft = bodyLength(incoming);
    begin();
    // After those that `begin` lets listen: the next request begins when this one has ended for everybody.
    response.once('close', () => this.#answered());
  }

  #answered(): void {
    this.#answering = false;
    if (this.#socket.destroyed) {
      this.#early.length = 0;
      this.#held = EMPTY;
      return;
    }
    const next = this.#early.shift();
    if (next) this.#admit(next);
    // The body of one that was found early may be waiting here, whole.
    this.#pass();
  }

  #take(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#held.length > MOST_HELD) this.#socket.destroy();
    else this.#pass();
  }

  /** Gives the parser what it may have. */
  #pass(): void {
    if (this.#passing) return;
    this.#passing = true;
    while (this.#held.length > 0 && !this.#socket.destroyed) {
      const size = this.#passable();
      if (size === 0) break;
      const bytes = this.#held.subarray(0, size);
      this.#held = size === this.#held.length ? EMPTY : this.#held.subarray(size);
      this.#parse(bytes);
    }
    this.#passing = false;
    this.#pauseOrResume();
  }

  #pauseOrResume(): void {
    const waits = this.#held.length > 0;
    if (waits) this.#socket.pause();
    else if (this.#paused) this.#socket.resume();
    this.#paused = waits;
  }

  /** How many of the bytes that are held the parser may have now. */
  #passable(): number {
    const { length } = this.#held;
    if (this.#incoming && !this.#incoming.complete) return this.#passableOfBody(length);
    if (this.#answering || this.#early.length > 0) return 0;
    if (this.#socket.writableNeedDrain) {
      this.#passOnceDrained();
      return 0;
    }
    return this.#passableOfHead();
  }

  /** A body without a length in bytes ends, with its trailers, as a head does. */
  #passableOfBody(length: number): number {
    if (this.#bodyLeft === undefined) {
      const end = this.#held.indexOf(END_OF_HEAD);
      return end < 0 ? length : end + END_OF_HEAD.length;
    }
    // The parser may see another length than the header says; then it decides.
    const size = this.#bodyLeft > 0 ? Math.min(this.#bodyLeft, length) : length;
    this.#bodyLeft -= size;
    return size;
  }

  #passableOfHead(): number {
    const { length } = this.#held;
    const across =
      this.#tail.length === 0
        ? -1
        : Buffer.concat([this.#tail, this.#held.subarray(0, 3)]).indexOf(END_OF_HEAD);
    const end = across >= 0 ? across - this.#tail.length : this.#held.indexOf(END_OF_HEAD);
    if (end >= 0 || across >= 0) {
      this.#tail = EMPTY;
      return end + END_OF_HEAD.length;
    }
    this.#tail = Buffer.from(Buffer.concat([this.#tail, this.#held.subarray(-3)]).subarray(-3));
    return length;
  }

  /** A client that does not read its answers asks no more questions. */
  #passOnceDrained(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#socket.once('drain', () => {
      this.#draining = false;
      this.#pass();
    });
  }
}

function bodyLength({ headers }: IncomingMessage): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}
