import { type ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { BufferPool } from '../core/buffer-pool.js';
import type { HttpReply } from '../core/http-message.js';

/**
 * Bytes of a body that wait for the socket before more are asked for: what waits leaves in one piece, and the next
 * is made meanwhile.
 */
const AHEAD = 256 * 1024;
/** Bytes that a socket may not take at once. */
const LARGE = 64 * 1024;

/**
 * Writes a reply and resolves when it has left or the client is gone. A body that fails midway ends the
 * connection, so that the client sees a broken reply and never a short one that looks whole.
 * `stall`: milliseconds that a client may take nothing of the body before it is cut off.
 */
export async function sendReply(response: ServerResponse, reply: HttpReply, stall: number): Promise<void> {
  const { body } = reply;
  const streams = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
  if (!streams) {
    writeHead(response, reply.status, withLength(reply, body));
    // As bytes: a string would stay in memory beside its bytes until the client has taken them.
    response.end(typeof body === 'string' && body.length > LARGE ? Buffer.from(body) : body);
    return;
  }
  writeHead(response, reply.status, reply.headers);
  response.setTimeout(stall, () => response.destroy());
  try {
    for await (const chunk of body) {
      if (response.destroyed) return;
      const taken = chunk.length < LARGE ? response.write(chunk) : writeCopy(response, chunk);
      if (!taken && response.writableLength > AHEAD) await drained(response);
    }
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** Copies of what waits for sockets: see `BufferPool`. */
const pool = new BufferPool(256 * 1024, 64);

/** As `response.write`, for a chunk that is free to go at once. */
function writeCopy(response: ServerResponse, chunk: Uint8Array): boolean {
  let taken = true;
  for (let at = 0; at < chunk.length; at += pool.size) {
    const piece = chunk.subarray(at, at + pool.size);
    const copy = pool.take();
    copy.set(piece);
    // Of a connection that broke, the memory may still be in use.
    taken = response.write(copy.subarray(0, piece.length), error => {
      if (!error) pool.give(copy);
    });
  }
  return taken;
}

/** A header that HTTP has no form for (stored before that was looked at) is left out: the reply is none the worse. */
function writeHead(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  withoutKeepAlive(response);
  try {
    response.writeHead(status, spelled(headers));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_INVALID_CHAR' && code !== 'ERR_INVALID_HTTP_TOKEN') throw error;
    response.writeHead(status, spelled(Object.fromEntries(Object.entries(headers).filter(isSendable))));
  }
}

/**
 * From HTTP/1.1 on a connection stays open unless the reply says otherwise, and AWS does not say so in each reply
 * (LocalStack's recordings of AWS, test_cors_match_origins and others).
 */
function withoutKeepAlive(response: ServerResponse): void {
  const stays = response.shouldKeepAlive && !response.hasHeader('connection');
  // Of one that was never set, this keeps Node from setting it.
  if (stays && response.req.httpVersion !== '1.0') response.removeHeader('connection');
}

function isSendable([name, value]: readonly [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Names as they are sent, by those that the code speaks of; the few that replies have. */
const spellings = new Map([['etag', 'ETag']]);

/**
 * Headers as AWS spells them: `Content-Type`, but `x-amz-…` in lower case. Some clients look for the one or the other.
 * Answers names and values in turn, which Node takes without copying.
 */
function spelled(headers: Readonly<Record<string, string>>): string[] {
  const list: string[] = [];
  for (const name in headers) list.push(name.startsWith('x-') ? name : spellingOf(name), headers[name]!);
  return list;
}

function spellingOf(name: string): string {
  let spelling = spellings.get(name);
  if (spelling === undefined) {
    spelling = name.replace(/(?:^|-)[a-z]/g, start => start.toUpperCase());
    spellings.set(name, spelling);
  }
  return spelling;
}

function withLength(reply: HttpReply, body: string | Uint8Array | undefined): Record<string, string> {
  const { headers, status } = reply;
  if (status === 204 || status === 304 || 'content-length' in headers) return headers;
  return { ...headers, 'content-length': String(body === undefined ? 0 : Buffer.byteLength(body)) };
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
