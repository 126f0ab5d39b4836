import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a receiver of events was sent. */
export interface Received {
  readonly body: string;
  /** The event's id, the same whenever it is sent again. */
  readonly id: string;
  /** Whether the signature is that of this body, made with the secret. */
  readonly genuine: boolean;
}

/** A webhook on loopback, written as docs/s3-events.md tells its reader to. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** What it answers, a status. */
  status: number;
  close(): Promise<void>;
}

export async function openReceiver(secret: string): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { headers } = request;
    const signed = `${headers['x-karikagi-timestamp']}.${body}`;
    const signature = createHmac('sha256', secret).update(signed).digest('hex');
    response.statusCode = receiver.status;
    if (receiver.status === 200) {
      received.push({
        body,
        id: String(headers['x-karikagi-delivery']),
        genuine: headers['x-karikagi-signature'] === `v1=${signature}`,
      });
    }
    response.end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    received,
    status: 200,
    async close() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
  return receiver;
}
