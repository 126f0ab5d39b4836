import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from '../core/errors.js';
import { type HttpReply, type HttpRequest, headerText } from '../core/http-message.js';
import { silentLogger } from '../core/log.js';
import { defaultHttpLimits, type HttpLimits } from './budgets.js';
import { Counters } from './counters.js';
import { collect } from './receive.js';
import { type HttpServer, listen } from './server.js';

const tooLarge = () => new ApiError('EntityTooLarge', 400, 'too large');

async function start(
  t: TestContext,
  answer: (request: HttpRequest) => HttpReply | Promise<HttpReply>,
  limits: Partial<HttpLimits> = {},
): Promise<HttpServer> {
  const server = await listen({
    host: '127.0.0.1',
    port: 0,
    log: silentLogger,
    counters: new Counters(),
    limits: { ...defaultHttpLimits, ...limits },
    pipeline: async received => {
      try {
        return { reply: await answer(received), finish: () => {}, gone: () => {} };
      } catch (error) {
        const { status, code } = error as ApiError;
        return { reply: { status, headers: {}, body: code }, finish: () => {}, gone: () => {} };
      }
    },
  });
  t.after(() => server.close(0));
  return server;
}

/** Sends raw bytes and resolves with everything that comes back until the server closes the connection. */
function raw(server: HttpServer, bytes: string | Uint8Array, halfClose = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, server.host, () =>
      halfClose ? socket.end(bytes) : socket.write(bytes),
    );
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', text => (answer += text));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const echo = async (received: HttpRequest): Promise<HttpReply> => ({
  status: 200,
  headers: {
    'x-path': received.path,
    'x-query': received.query,
    'x-agent': received.headers.get('user-agent') ?? '',
  },
  body: await collect(received.body, 1000, tooLarge),
});

test('a request arrives as it was sent and its body comes back', async t => {
  const server = await start(t, echo);
  const answer = await raw(
    server,
    'POST /b/a%20b//c?x=%7E&y HTTP/1.1\r\nhost: h\r\nuser-agent: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello',
  );
  assert.match(answer, /^HTTP\/1.1 200/);
  assert.match(answer, /x-path: \/b\/a%20b\/\/c\r\n/);
  assert.match(answer, /x-query: x=%7E&y\r\n/);
  assert.match(answer, /\r\n\r\nhello$/);
});

const BODY = 'hello, there';
const HEAD = `PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: ${BODY.length}\r\n\r\n`;

for (const [name, packets] of [
  ['with its headers', [HEAD + BODY]],
  ['after its headers', [HEAD, BODY]],
  ['in two pieces', [HEAD, 'hello,', ' there']],
] as const) {
  test(`a body that comes ${name} is read whole, and the connection goes on`, async t => {
    const server = await start(t, echo);
    const socket = connect(server.port, server.host).setNoDelay();
    t.after(() => socket.destroy());
    let answers = '';
    socket.on('data', chunk => (answers += chunk));
    for (let number = 1; number <= 2; number++) {
      for (const packet of packets) {
        socket.write(packet);
        await nextTurn();
      }
      while (answers.split(BODY).length <= number) await once(socket, 'data');
    }
    assert.equal(answers.match(/HTTP\/1.1 200/g)?.length, 2);
  });
}

test('headers keep their bytes, which are text in UTF-8 where they are that, else in Latin-1', async t => {
  const server = await start(t, received => {
    const value = received.headers.get('x-amz-meta-name')!;
    return { status: 200, headers: {}, body: `${value.length} ${headerText(value)}` };
  });
  const answerTo = async (value: string) => {
    const head = `GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-amz-meta-name: ${value}\r\n\r\n`;
    const answer = await raw(server, Buffer.from(head, 'latin1'));
    return Buffer.from(answer, 'latin1').toString().split('\r\n\r\n')[1];
  };
  assert.equal(await answerTo(Buffer.from('仮鍵').toString('latin1')), '6 仮鍵');
  assert.equal(await answerTo('\xe9'), '1 é');
});

test('a body that stalls is answered with RequestTimeout', async t => {
  const server = await start(t, echo, { stall: 50 });
  const answer = await raw(
    server,
    'PUT / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhel',
  );
  assert.match(answer, /^HTTP\/1.1 400/);
  assert.match(answer, /RequestTimeout/);
});

test('a body shorter than its length is IncompleteBody for the one who reads it', async t => {
  let seen: unknown;
  const server = await start(t, async received => {
    try {
      return await echo(received);
    } catch (error) {
      seen = error;
      throw error;
    }
  });
  await raw(server, 'PUT / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhel', true);
  assert.equal((seen as ApiError).code, 'IncompleteBody');
});

test('headers beyond the limit are refused with 400', async t => {
  const server = await start(t, echo, { headerBytes: 8192 });
  const answer = await raw(server, `GET / HTTP/1.1\r\nhost: h\r\nx-long: ${'x'.repeat(9000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1.1 400[\s\S]*RequestHeaderSectionTooLarge/);
});

test('what is not HTTP is refused with 400', async t => {
  const server = await start(t, echo);
  assert.match(await raw(server, 'NONSENSE\r\n\r\n'), /^HTTP\/1.1 400[\s\S]*BadRequest/);
});

test('a client whose upload is refused unread gets to see the refusal', async t => {
  const server = await start(t, () => ({ status: 403, headers: {}, body: 'AccessDenied' }));
  const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const upload = request(
      { host: server.host, port: server.port, method: 'PUT', path: '/b/k' },
      response => {
        let body = '';
        response.on('data', chunk => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode, body }));
      },
    );
    upload.on('error', reject);
    upload.end(Buffer.alloc(8 * 1024 * 1024));
  });
  assert.deepEqual(answer, { status: 403, body: 'AccessDenied' });
});

test('100 Continue is sent when the body is wanted, and not before a refusal', async t => {
  const server = await start(t, async received => {
    if (received.path === '/no') return { status: 403, headers: {}, body: 'no' };
    return echo(received);
  });
  const ask = (path: string) =>
    new Promise<{ continued: boolean; status: number | undefined }>((resolve, reject) => {
      let continued = false;
      const upload = request(
        {
          host: server.host,
          port: server.port,
          method: 'PUT',
          path,
          headers: { expect: '100-continue', 'content-length': 5 },
        },
        response => {
          response.resume();
          resolve({ continued, status: response.statusCode });
          upload.destroy();
        },
      );
      upload.on('continue', () => {
        continued = true;
        upload.end('hello');
      });
      upload.on('error', reject);
      upload.flushHeaders();
    });
  assert.deepEqual(await ask('/yes'), { continued: true, status: 200 });
  assert.deepEqual(await ask('/no'), { continued: false, status: 403 });
  // The body may come nevertheless, and must not be taken for the next request.
  const head = 'PUT /no HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n';
  assert.match(await raw(server, head), /^HTTP\/1.1 403[\s\S]*\r\nconnection: close\r\n/i);
});

test('a reply whose body fails midway is cut off, never ended as if whole', async t => {
  const server = await start(t, () => ({
    status: 200,
    headers: { 'content-length': '10' },
    body: (async function* () {
      yield Buffer.from('half');
      throw new Error('the disk is gone');
    })(),
  }));
  const answer = await raw(server, 'GET / HTTP/1.1\r\nhost: h\r\n\r\n').catch(() => '');
  assert.ok(!answer.includes('0\r\n\r\n') && !/\r\n\r\n.{10}/s.test(answer));
});

test('a body that trickles in is given up when its time is over, however often a byte comes', async t => {
  const server = await start(t, async received => {
    received.body.expire?.(300);
    return echo(received);
  });
  const socket = connect(server.port, server.host);
  socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 900\r\n\r\n');
  const trickle = setInterval(() => socket.write('x'), 20);
  t.after(() => clearInterval(trickle));
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1.1 400.*RequestTimeout/s);
  socket.destroy();
});

test('a target in absolute form is read as a proxy reads it: its host stands above the header', async t => {
  const server = await start(t, async received => ({
    status: 200,
    headers: {
      'x-path': received.path,
      'x-query': received.query,
      'x-host': received.headers.get('host') ?? '',
    },
  }));
  for (const [target, path, query, host] of [
    ['http://bucket.s3.test/key', '/key', '', 'bucket.s3.test'],
    ['HTTP://s3.test:9000/b/a%20b//c?x=%7E&y', '/b/a%20b//c', 'x=%7E&y', 's3.test:9000'],
    ['http://s3.test', '/', '', 's3.test'],
    ['https://s3.test?x=1', '/', 'x=1', 's3.test'],
    ['/http://s3.test/', '/http://s3.test/', '', 'other'],
  ] as const) {
    const answer = await raw(server, `GET ${target} HTTP/1.1\r\nhost: other\r\nconnection: close\r\n\r\n`);
    const said = ['x-path', 'x-query', 'x-host'].map(
      name => new RegExp(`${name}: (.*)\r\n`).exec(answer)?.[1],
    );
    assert.deepEqual(said, [path, query, host], target);
  }
});
