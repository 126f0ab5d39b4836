/** The connections that are open: how many, from where, and which of them could make room for others. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type TLSSocket, Server as TlsServer } from 'node:tls';
import type { HttpLimits } from './budgets.js';
import type { Counters } from './counters.js';
import type { Proxies } from './proxies.js';
import { addressOf, shareOf } from './sources.js';

/** May change while connections are open. */
interface Bounds {
  readonly limits: Pick<HttpLimits, 'connections' | 'connectionsPerSource'>;
  /** Addresses that stand for many clients: each has no share of its own, but all there is. */
  readonly proxies?: Proxies | undefined;
}

interface Source {
  count: number;
  /** Those that are not being answered, the longest first. */
  readonly waiting: Set<Socket>;
}

/**
 * Bounds the connections of a process. Where there are too many, in all or from one address, the connection that has
 * waited longest without being answered is closed for the new one: a client that opens many and asks nothing shuts no
 * other out. Where all are being answered, the new one is closed.
 */
export class Connections {
  readonly #bounds: Bounds;
  readonly #counters: Counters;
  readonly #sources = new Map<string, Source>();
  readonly #sourceOf = new WeakMap<Socket, Source>();
  readonly #waiting = new Set<Socket>();
  /** Connections whose TLS has not begun, by their two ends. */
  readonly #handshaking = new Map<string, Socket>();
  /** The connection below one of TLS. */
  readonly #below = new WeakMap<Socket, Socket>();
  #count = 0;

  constructor(bounds: Bounds, counters: Counters) {
    this.#bounds = bounds;
    this.#counters = counters;
  }

  /** Has a say in every connection that the server accepts from now on. */
  watch(server: Server | TlsServer): void {
    if (!(server instanceof TlsServer)) {
      server.on('connection', (socket: Socket) => this.#opened(socket));
      return;
    }
    // A connection counts from its first packet: handshakes are what strangers can have for nothing.
    server.on('connection', (socket: Socket) => {
      this.#opened(socket);
      this.#shakesHands(socket);
    });
    server.on('secureConnection', (secured: TLSSocket) => this.#secured(secured));
  }

  /** Closes the connections that have not come to ask anything. */
  endHandshakes(): void {
    for (const socket of this.#handshaking.values()) socket.destroy();
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a connection is being answered; else it may have to make room. */
  answering(asked: Socket, is: boolean): void {
    const socket = this.#below.get(asked) ?? asked;
    const source = this.#sourceOf.get(socket);
    if (!source || socket.destroyed) return;
    source.waiting.delete(socket);
    this.#waiting.delete(socket);
    if (is) return;
    source.waiting.add(socket);
    this.#waiting.add(socket);
  }

  #opened(socket: Socket): void {
    const { limits, proxies } = this.#bounds;
    const address = addressOf(socket);
    const name = shareOf(address);
    const source = this.#sources.get(name) ?? { count: 0, waiting: new Set() };
    const most = proxies?.trusts(address) ? limits.connections : limits.connectionsPerSource;
    if (source.count >= most && !this.#makeRoom(source.waiting)) {
      this.#refuse(socket);
      return;
    }
    if (this.#count >= limits.connections && !this.#makeRoom(this.#waiting)) {
      this.#refuse(socket);
      return;
    }
    this.#sources.set(name, source);
    this.#sourceOf.set(socket, source);
    source.count++;
    this.#count++;
    this.answering(socket, false);
    socket.once('close', () => this.#closed(socket, name, source));
  }

  #shakesHands(socket: Socket): void {
    if (socket.destroyed) return;
    const ends = endsOf(socket);
    this.#handshaking.set(ends, socket);
    socket.once('close', () => {
      if (this.#handshaking.get(ends) === socket) this.#handshaking.delete(ends);
    });
  }

  /** Node does not say which connection a TLS socket stands on: both have the same ends. */
  #secured(secured: TLSSocket): void {
    const ends = endsOf(secured);
    const below = this.#handshaking.get(ends);
    if (!below) return;
    this.#handshaking.delete(ends);
    this.#below.set(secured, below);
  }

  #makeRoom(waiting: ReadonlySet<Socket>): boolean {
    const [longest] = waiting;
    if (!longest) return false;
    this.#counters.add('connections closed for others');
    this.#forget(longest);
    longest.destroy();
    return true;
  }

  #refuse(socket: Socket): void {
    this.#counters.add('connections refused');
    socket.destroy();
  }

  #closed(socket: Socket, name: string, source: Source): void {
    this.#forget(socket);
    this.#count--;
    if (--source.count === 0) this.#sources.delete(name);
  }

  #forget(socket: Socket): void {
    this.#waiting.delete(socket);
    this.#sourceOf.get(socket)?.waiting.delete(socket);
  }
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`;
}
