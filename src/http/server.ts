import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Logger } from '../log.js';
import type { HttpLimits } from './budgets.js';
import { Connections } from './connections.js';
import type { Counters } from './counters.js';
import type { Pipeline } from './pipeline.js';
import { receive } from './receive.js';
import type { Connection } from './records.js';
import { sendReply } from './reply.js';
import { addressOf } from './sources.js';
import { inTurn, placeTurnstiles } from './turnstile.js';

export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Takes no new requests, lets the running ones end for at most `grace` milliseconds, then cuts them off. */
  close(grace: number): Promise<void>;
}

export interface HttpServerOptions {
  readonly pipeline: Pipeline;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits: HttpLimits;
  /** Counts what the limits refuse. */
  readonly counters: Counters;
  readonly log: Logger;
}

/** Listens; rejects where the address cannot be had (`EADDRINUSE`, `EACCES`). */
export async function listen(options: HttpServerOptions): Promise<HttpServer> {
  const { limits } = options;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerTime,
    // A 5 GiB upload over a slow line takes its time; the stall limit guards instead.
    requestTimeout: 0,
    keepAliveTimeout: limits.idle,
    noDelay: true,
  });
  const connections = new Connections(limits, options.counters);
  connections.watch(server);
  placeTurnstiles(server);
  const serve = (incoming: IncomingMessage, response: ServerResponse) =>
    inTurn(incoming, response, () => {
      connections.answering(incoming.socket, true);
      response.once('close', () => connections.answering(incoming.socket, false));
      void handle(incoming, response, options, connections);
    });
  server.on('request', serve);
  server.on('checkContinue', serve);
  // S3 disregards an expectation that it does not know.
  server.on('checkExpectation', serve);
  server.on('clientError', refuseGarbage);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return { host: options.host, port: address.port, close: grace => closeServer(server, grace) };
}

async function handle(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
  connections: Connections,
): Promise<void> {
  const { limits, log } = options;
  try {
    await arrived();
    const connection = connectionOf(incoming, connections);
    const answer = await options.pipeline(receive(incoming, response, limits.stall), connection);
    if (!incoming.complete && hasBody(incoming)) discardRest(incoming, response, limits);
    try {
      await sendReply(response, answer.reply, limits.stall);
    } finally {
      answer.finish();
    }
  } catch (error) {
    log.error('a reply broke off', { error: error instanceof Error ? error.stack : String(error) });
    response.destroy();
  }
}

/** Requests that go together, at most: what more would gain is not worth the memory and the waiting. */
const TOGETHER = 32;

const arrivals: (() => void)[] = [];

/**
 * Resolves when what arrives together has been received, for all of it at once. Requests then go through each step
 * together, which takes half of what one after the other takes: a step's code and data are at hand, the store begins
 * one read transaction, and a client with many connections is woken up once.
 */
function arrived(): Promise<void> {
  return new Promise(resolve => {
    if (arrivals.push(resolve) === 1) setImmediate(beginTogether);
  });
}

function beginTogether(): void {
  for (const begin of arrivals.splice(0, TOGETHER)) begin();
  if (arrivals.length > 0) setImmediate(beginTogether);
}

function connectionOf({ socket }: IncomingMessage, connections: Connections): Connection {
  return {
    sourceIp: addressOf(socket),
    secure: false,
    expendable: is => connections.answering(socket, !is),
  };
}

function hasBody(incoming: IncomingMessage): boolean {
  return (
    incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length'] ?? 0) > 0
  );
}

/** Deals with a body that nobody will read, so that its client gets to see the reply. */
function discardRest(incoming: IncomingMessage, response: ServerResponse, limits: HttpLimits): void {
  if (incoming.headers.expect !== undefined && incoming.readableDidRead === false) {
    // The client may send the body or not: what follows on this connection cannot be told apart.
    response.setHeader('connection', 'close');
    return;
  }
  response.on('finish', () => {
    let left = limits.drainBytes;
    incoming.on('error', () => {});
    incoming.setTimeout(limits.stall, () => incoming.destroy());
    const cut = setTimeout(() => incoming.destroy(), limits.drainTime);
    incoming.once('close', () => clearTimeout(cut));
    incoming.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) incoming.destroy();
    });
  });
}

/** What Node's parser refuses never becomes a request: the socket gets a plain answer and is closed. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [
          'RequestHeaderSectionTooLarge',
          'Your request header and query parameters exceed the maximum allowed size.',
        ]
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['RequestTimeout', 'The request was not received within the timeout period.']
        : ['BadRequest', 'An error occurred when parsing the HTTP request.'];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/xml\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function closeServer(server: Server, grace: number): Promise<void> {
  return new Promise(resolve => {
    const cut = setTimeout(() => server.closeAllConnections(), grace);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
