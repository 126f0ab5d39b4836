import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { until } from '../../test/support/until.js';
import { inTurn, placeTurnstiles } from './turnstile.js';

interface Seen {
  /** Requests that are being answered, and the most there were at once. */
  now: number;
  most: number;
}

/** Answers each request with its path and body, after a while. */
async function start(t: TestContext, fill = ''): Promise<{ server: Server; port: number; seen: Seen }> {
  const seen: Seen = { now: 0, most: 0 };
  const server = createServer((incoming, response) =>
    inTurn(incoming, response, async () => {
      seen.most = Math.max(seen.most, ++seen.now);
      response.once('close', () => seen.now--);
      let body = '';
      for await (const chunk of incoming.setEncoding('latin1')) body += chunk;
      await nextTurn();
      response.end(`[${incoming.url}|${body}]${fill}`);
    }),
  );
  placeTurnstiles(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, seen };
}

async function sent(port: number, packets: readonly Buffer[]): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  for (const packet of packets) {
    socket.write(packet);
    await nextTurn();
  }
  return socket;
}

/** What the answers say, until there are as many or the connection ends. */
async function answers(socket: Socket, count: number): Promise<string[]> {
  let text = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    text += chunk;
    const found = text.match(/\[[^\]]*\]/g) ?? [];
    if (found.length >= count) return found;
  }
  return text.match(/\[[^\]]*\]/g) ?? [];
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`;
const put = (path: string, body: string) =>
  `PUT ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string, body: string) =>
  `PUT ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n` +
  `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`;

test('of a thousand requests in one packet one is answered at a time, and all in order', async t => {
  const { port, seen } = await start(t);
  const paths = Array.from({ length: 1489 }, (_, i) => `/${i}`);
  const socket = await sent(port, [Buffer.from(paths.map(get).join(''))]);
  assert.deepEqual(
    await answers(socket, paths.length),
    paths.map(path => `[${path}|]`),
  );
  assert.equal(seen.most, 1);
});

test('requests are answered in order whatever they carry and wherever packets end', async t => {
  const { port, seen } = await start(t);
  const body = fc
    .array(fc.constantFrom('\r\n\r\n', '\n\n', '\r', '\n', 'a', 'GET / HTTP/1.1\r\n\r\n'))
    .map(p => p.join(''));
  const request = fc.oneof(fc.constant([get, ''] as const), fc.tuple(fc.constantFrom(put, chunked), body));
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }),
      async (requests, cuts) => {
        const bytes = Buffer.from(requests.map(([make, text], i) => make(`/${i}`, text)).join(''), 'latin1');
        const packets: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          if (at < bytes.length) packets.push(bytes.subarray(at, at + cut));
          at += cut;
        }
        const socket = await sent(port, packets);
        assert.deepEqual(
          await answers(socket, requests.length),
          requests.map(([, text], i) => `[/${i}|${text}]`),
        );
        socket.destroy();
      },
    ),
    { numRuns: 150 },
  );
  assert.equal(seen.most, 1);
});

test('a body that waits behind a head which was found early reaches its request', async t => {
  const { port, seen } = await start(t);
  const all = chunked('/0', 'a') + put('/1', 'the body');
  const cut = all.indexOf('\r\nPUT /1');
  const socket = await sent(port, [Buffer.from(all.slice(0, cut))]);
  await until(() => seen.now > 0);
  socket.write(all.slice(cut));
  assert.deepEqual(await answers(socket, 2), ['[/0|a]', '[/1|the body]']);
  socket.destroy();
});

test('a client that reads no answers is asked for no more requests', async t => {
  const { port, seen } = await start(t, 'x'.repeat(1_000_000));
  const socket = await sent(port, [Buffer.from(get('/').repeat(1000))]);
  socket.pause();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 200; i++) await nextTurn();
  assert.equal(seen.most, 1);
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
  socket.destroy();
});

test('a connection that is closed frees the request that was being answered', async t => {
  const { port, seen } = await start(t, 'x'.repeat(10_000_000));
  const socket = await sent(port, [Buffer.from(get('/').repeat(100))]);
  await until(() => seen.now > 0);
  socket.destroy();
  await until(() => seen.now === 0);
  assert.equal(seen.most, 1);
});
