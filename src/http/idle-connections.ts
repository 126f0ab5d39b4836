import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

/**
 * Connections on which nothing is asked at the moment. A server that ends closes those that have been quiet for a
 * while: on one that was used a moment ago the next request may be under way, and would fail.
 */
export class IdleConnections {
  /** Since when, milliseconds of the monotonic clock. */
  readonly #since = new Map<Socket, number>();
  #ending = false;

  /** Whether the server ends: replies then say that their connection is closed after them. */
  get ending(): boolean {
    return this.#ending;
  }

  watch(server: Server | TlsServer): void {
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.ends(socket);
      socket.once('close', () => this.#since.delete(socket));
    });
  }

  /** A request begins on the connection. */
  begins(socket: Socket): void {
    this.#since.delete(socket);
  }

  /** The last request of the connection has been answered. */
  ends(socket: Socket): void {
    if (!socket.destroyed) this.#since.set(socket, performance.now());
  }

  /** From now on closes what has been quiet for so many milliseconds, until the returned function ends that. */
  end(quiet: number): () => void {
    this.#ending = true;
    const look = () => {
      const before = performance.now() - quiet;
      for (const [socket, since] of this.#since) if (since <= before) socket.destroy();
    };
    const timer = setInterval(look, Math.max(10, quiet / 4));
    look();
    return () => clearInterval(timer);
  }
}

/** How long a connection has to be quiet before a server that ends its work in peace closes it, milliseconds. */
export const QUIET = 300;
