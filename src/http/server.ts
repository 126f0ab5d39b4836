import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from '../core/log.js';
import type { HttpLimits } from './budgets.js';
import { Connections } from './connections.js';
import type { Counters } from './counters.js';
import { IdleConnections } from './idle-connections.js';
import type { Pipeline } from './pipeline.js';
import type { Proxies } from './proxies.js';
import { receive } from './receive.js';
import { sendReply } from './reply.js';
import { addressOf } from './sources.js';
import type { Connection } from './state.js';
import { type CertificateFiles, followCertificate, readCertificate } from './tls.js';
import { inTurn, placeTurnstiles } from './turnstile.js';

export interface HttpServer {
  /** Connections that are open. */
  readonly connections: number;
  readonly host: string;
  readonly port: number;
  /**
   * Takes no new connections, lets running requests end for at most `grace` milliseconds, then cuts them off.
   * Connections without a request are closed once they have been quiet for `quiet` milliseconds, at once by default;
   * until then they may send one more.
   */
  close(grace: number, quiet?: number): Promise<void>;
  /** Applies from the next connection and request on. */
  adjust(change: Partial<Pick<HttpServerOptions, 'limits' | 'proxies'>>): void;
}

interface HttpServerOptions {
  readonly pipeline: Pipeline;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly limits: HttpLimits;
  /** Counts what the limits refuse. */
  readonly counters: Counters;
  readonly log: Logger;
  /** The host (with its port, if any) that clients reach over https by way of a proxy. */
  readonly publicHost?: string | undefined;
  /** Who is believed on where a request comes from; none by default. */
  readonly proxies?: Proxies | undefined;
  /** Speaks TLS alone, with this certificate; plain HTTP where absent. */
  readonly tls?: CertificateFiles | undefined;
}

/**
 * Listens; rejects where the address cannot be had (`EADDRINUSE`, `EACCES`), and where the certificate cannot be used.
 */
export async function listen(given: HttpServerOptions): Promise<HttpServer> {
  const options = { ...given };
  const { server, stopFollowing } = await serverFor(options);
  const connections = new Connections(options, options.counters);
  const idle = new IdleConnections();
  connections.watch(server);
  idle.watch(server);
  placeTurnstiles(server);
  const serve = (incoming: IncomingMessage, response: ServerResponse) =>
    inTurn(incoming, response, () => {
      const { socket } = incoming;
      connections.answering(socket, true);
      idle.begins(socket);
      response.once('close', () => {
        connections.answering(socket, false);
        idle.ends(socket);
      });
      void handle(incoming, response, options, connections, idle);
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
  }).catch(error => {
    stopFollowing();
    throw error;
  });
  const address = server.address() as AddressInfo;
  const close = (grace: number, quiet = 0) => {
    stopFollowing();
    connections.endHandshakes();
    return closeServer(server, grace, quiet, idle);
  };
  return {
    host: options.host,
    port: address.port,
    get connections() {
      return connections.count;
    },
    close,
    adjust: change => void Object.assign(options, change),
  };
}

/** Does not listen yet. */
async function serverFor({
  limits,
  tls,
  log,
}: HttpServerOptions): Promise<{ server: Server | TlsServer; stopFollowing: () => void }> {
  const bounds = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headerTime,
    // A 5 GiB upload over a slow line takes its time; the stall limit guards instead.
    requestTimeout: 0,
    keepAliveTimeout: limits.idle,
    noDelay: true,
  };
  if (tls === undefined) return { server: createServer(bounds), stopFollowing: () => undefined };
  const certificate = await readCertificate(tls);
  const server = createTlsServer({ ...bounds, ...certificate, handshakeTimeout: limits.headerTime });
  return { server, stopFollowing: followCertificate(server, tls, certificate, log) };
}

async function handle(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
  connections: Connections,
  idle: IdleConnections,
): Promise<void> {
  const { limits, log } = options;
  try {
    await arrived();
    const connection = connectionOf(incoming, connections, options.proxies);
    const isSecure = (host: string) => connection.secure || isPublic(host, options.publicHost);
    const answer = await options.pipeline(receive(incoming, response, limits.stall, isSecure), connection);
    if (response.closed) answer.gone();
    else response.once('close', answer.gone);
    if (!incoming.complete && hasBody(incoming)) discardRest(incoming, response, limits);
    if (idle.ending) response.setHeader('connection', 'close');
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

function connectionOf(
  { socket, headers }: IncomingMessage,
  connections: Connections,
  proxies: Proxies | undefined,
): Connection {
  const peer = addressOf(socket);
  const secure = socket instanceof TLSSocket;
  const passedOn = proxies?.trusts(peer);
  const expendable = (is: boolean) => connections.answering(socket, !is);
  // How a proxy's own connection is secured says nothing about the client's.
  if (passedOn) return { ...proxies!.origin(peer, secure, headers), expendable };
  return secure
    ? { sourceIp: peer, secure, ...tlsOf(socket), expendable }
    : { sourceIp: peer, secure, expendable };
}

/** Asked once of a connection, of which there are many requests. */
const negotiated = new WeakMap<TLSSocket, Pick<Connection, 'tlsVersion' | 'cipherSuite'>>();

function tlsOf(socket: TLSSocket): Pick<Connection, 'tlsVersion' | 'cipherSuite'> {
  let found = negotiated.get(socket);
  if (!found) {
    found = {
      tlsVersion: socket.getProtocol()?.replace('TLSv', ''),
      cipherSuite: socket.getCipher()?.standardName,
    };
    negotiated.set(socket, found);
  }
  return found;
}

/** Whether a `Host` header names that host, or a bucket in front of it. */
function isPublic(host: string, publicHost: string | undefined): boolean {
  return publicHost !== undefined && (host === publicHost || host.endsWith(`.${publicHost}`));
}

function hasBody(incoming: IncomingMessage): boolean {
  return (
    incoming.headers['transfer-encoding'] !== undefined || Number(incoming.headers['content-length'] ?? 0) > 0
  );
}

/** Deals with a body that will not be read, so that its client gets to see the reply. */
function discardRest(incoming: IncomingMessage, response: ServerResponse, limits: HttpLimits): void {
  if (incoming.headers.expect !== undefined && incoming.readableDidRead === false) {
    // The client may send the body or not: what follows on this connection is ambiguous.
    response.setHeader('connection', 'close');
    return;
  }
  response.on('finish', () => {
    let left = limits.drainBytes;
    incoming.on('error', () => {});
    incoming.setTimeout(limits.stall, () => incoming.destroy());
    const cut = setTimeout(() => incoming.destroy(), limits.drainTime);
    // The socket keeps the process alive as long as it is open; nothing else has to.
    cut.unref();
    incoming.once('close', () => clearTimeout(cut));
    incoming.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) incoming.destroy();
      // Else one connection after the other would be read dry in one turn of the event loop.
      else incoming.pause();
      setImmediate(() => incoming.resume());
    });
  });
}

/** What Node's parser refuses never becomes a request: the socket gets a plain answer and is closed. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  // What fails in a handshake has no reader of an answer.
  if (!socket.writable || !/^(HPE|ERR_HTTP)_/.test(error.code ?? '')) {
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

function closeServer(
  server: Server | TlsServer,
  grace: number,
  quiet: number,
  idle: IdleConnections,
): Promise<void> {
  return new Promise(resolve => {
    const cut = setTimeout(() => server.closeAllConnections(), grace);
    const stop = idle.end(quiet);
    const closed = () => {
      clearTimeout(cut);
      stop();
      // Ends what watches the time of requests; there is nothing left to close.
      server.close(() => undefined);
      resolve();
    };
    if (quiet === 0) server.close(closed);
    // An HTTP server's own closing cuts off idle connections at once.
    else NetServer.prototype.close.call(server, closed);
  });
}
