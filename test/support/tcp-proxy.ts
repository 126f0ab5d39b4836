/** A proxy on loopback between a client and a server, which cuts, delays and swallows what goes through it. */
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Cuts all connections at once. */
  cut(): void;
  /** What a new connection meets: it goes through, is refused, or is taken and never answered. */
  mode: 'open' | 'refused' | 'silent';
  /** Milliseconds that each piece of an answer is held back. */
  delay: number;
  /** Sees each piece that a client sends; `connection` is the same object for all of one connection. */
  sent: ((connection: object, bytes: Buffer) => void) | undefined;
  close(): Promise<void>;
}

/** Starts a proxy to a port of loopback. */
export async function startProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer(client => {
    track(client);
    if (proxy.mode === 'refused') return void client.destroy();
    if (proxy.mode === 'silent') return void client.resume();
    const upstream = connect(target, '127.0.0.1');
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    client.on('data', bytes => {
      proxy.sent?.(client, bytes);
      if (proxy.mode === 'open') upstream.write(bytes);
    });
    upstream.on('data', bytes => {
      if (proxy.mode !== 'open') return;
      if (proxy.delay === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), proxy.delay);
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const proxy = {
    port: typeof address === 'object' && address ? address.port : 0,
    mode: 'open' as TcpProxy['mode'],
    delay: 0,
    sent: undefined as TcpProxy['sent'],
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    close() {
      proxy.cut();
      return new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
  return proxy;
}
