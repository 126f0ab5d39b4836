/** An HTTP server for endpoints that hand out keys. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Listening {
  /** `http://127.0.0.1:9254` */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Requests carry no body that counts. Milliseconds. */
const LONGEST_REQUEST = 5_000;

/** `127.0.0.1:9254`, `[fd00:ec2::254]:80`, `9254`. Throws `RangeError`. */
export function readAddress(text: string): { host: string; port: number } {
  const match = /^(?:(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new RangeError(`${JSON.stringify(text)} is no address to listen on: 127.0.0.1:9254`);
  }
  return { host: match[1] ?? match[2] ?? '127.0.0.1', port };
}

/**
 * Answers every request with what `answer` says; keys stay out of caches. Throws what the operating system says of the
 * address.
 */
export async function listenFor(
  address: { readonly host: string; readonly port: number },
  answer: (request: IncomingMessage) => Promise<Reply>,
): Promise<Listening> {
  const server = createServer({ requestTimeout: LONGEST_REQUEST }, (request, response) => {
    request.resume();
    answer(request).then(
      reply => send(request, response, reply),
      () => send(request, response, { status: 500, body: '', headers: {} }),
    );
  });
  await listening(server, address);
  const { port } = server.address() as AddressInfo;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    endpoint: `http://${host}:${port}`,
    close: () =>
      new Promise(settle => {
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}

function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((settle, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      settle();
    });
  });
}

function send({ method }: IncomingMessage, response: ServerResponse, { status, body, headers }: Reply): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { ...headers, 'content-length': length, 'cache-control': 'no-store' });
  response.end(method === 'HEAD' ? undefined : body);
}
