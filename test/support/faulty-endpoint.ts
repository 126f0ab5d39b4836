/** An endpoint on loopback before another one, which answers for it, or cuts connections, as a test says. */
import { createServer, type IncomingMessage, request } from 'node:http';

/** `busy`: 503. `cut`: the connection ends before the answer. `half`: it ends in the middle of the answer. `silent`: none comes. */
export type Fault = 'busy' | 'cut' | 'half' | 'silent' | undefined;

export interface FaultyEndpoint {
  readonly endpoint: string;
  /** Asked of each request, by its number from 1; each that is not `undefined` is counted. */
  fault: (number: number, request: IncomingMessage) => Fault;
  readonly faults: number;
  /** Ends all connections. */
  cut(): void;
  close(): Promise<void>;
}

const BUSY = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>ServiceUnavailable</Code><Message>Please reduce your request rate.</Message></Error>`;

/** Starts one on a free port. `target`: where the other one is; asked with each request where that may be another. */
export async function startFaultyEndpoint(target: string | (() => string)): Promise<FaultyEndpoint> {
  let number = 0;
  let faults = 0;
  const server = createServer((incoming, outgoing) => {
    const fault = faulty.fault(++number, incoming);
    if (fault !== undefined) faults++;
    if (fault === 'silent') return void incoming.resume();
    if (fault === 'cut') return void incoming.socket.destroy();
    if (fault === 'busy') {
      incoming.resume();
      incoming.on('end', () => outgoing.writeHead(503, { 'content-type': 'application/xml' }).end(BUSY));
      return;
    }
    const { method, url, headers } = incoming;
    const upstream = request(
      new URL(url ?? '/', typeof target === 'string' ? target : target()),
      { method, headers },
      answer => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.on('close', () => answer.complete || incoming.socket.destroy());
        if (fault === undefined) return void answer.pipe(outgoing);
        answer.once('data', (bytes: Buffer) => {
          outgoing.write(bytes.subarray(0, bytes.length / 2), () => incoming.socket.destroy());
        });
        // An answer without a body breaks off before its end, too.
        answer.once('end', () => incoming.socket.destroy());
      },
    );
    upstream.on('error', () => incoming.socket.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const faulty: FaultyEndpoint = {
    endpoint: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    fault: () => undefined,
    get faults() {
      return faults;
    },
    cut: () => server.closeAllConnections(),
    close() {
      server.closeAllConnections();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
  return faulty;
}
