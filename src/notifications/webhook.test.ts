import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, suite, test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import { messageOf } from './message.js';
import { HOOKS, openOutbox, START } from './testing.test.support.js';
import { DELIVERY_HEADER, SIGNATURE_HEADER, signatureOf, TIME_HEADER, webhook } from './webhook.js';

const secret = 'a secret of the test';

suite('a webhook', () => {
  const seen: { headers: IncomingMessage['headers']; body: string; url: string | undefined }[] = [];
  let answer: (response: ServerResponse, body: string) => void;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ headers: request.headers, body, url: request.url });
    answer(response, body);
  });
  let url: URL;
  before(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?x=1`);
  });
  after(() => server.close());
  beforeEach(() => {
    seen.length = 0;
    answer = response => response.end();
  });

  const clock = new ManualClock(START);
  async function messages(...keys: string[]) {
    const stage = await openOutbox();
    for (const key of keys) await stage.happen(key);
    return (await stage.objects.outbox.waiting(HOOKS, undefined, 10_000, () => {})).map(messageOf);
  }
  const deliver = (of: Awaited<ReturnType<typeof messages>>, to = url) =>
    webhook({ url: to, secret, clock }).deliver(of, new AbortController().signal);
  const keys = ({ taken }: Awaited<ReturnType<typeof deliver>>) =>
    taken.map(({ pending }) => pending.event.key).sort();

  test('gets each event in a request that its receiver can verify', async () => {
    const [message] = await messages('k');
    assert.deepEqual(keys(await deliver([message!])), ['k']);
    const [{ headers, body, url: path } = assert.fail()] = seen;
    assert.equal(path, '/hook?x=1');
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers[DELIVERY_HEADER], message!.id);
    const time = String(headers[TIME_HEADER]);
    assert.equal(time, String(Math.floor(START / 1000)));
    assert.equal(headers[SIGNATURE_HEADER], `v1=${signatureOf(secret, time, body)}`);
    assert.notEqual(signatureOf(secret, time, body), signatureOf('another secret here', time, body));
    assert.notEqual(signatureOf(secret, time, body), signatureOf(secret, `${time}0`, body));
    assert.equal(JSON.parse(body).Records[0].s3.object.key, 'k');
  });

  test('takes what it answers with 2xx, and gets no later event of a key before the earlier', async () => {
    answer = (response, body) => {
      response.statusCode = body.includes('"key":"bad"') ? 400 : 204;
      response.end();
    };
    const delivery = await deliver(await messages('bad', 'good', 'bad', 'good', 'other'));
    assert.deepEqual(keys(delivery), ['good', 'good', 'other']);
    assert.match(String(delivery.failure), /status 400/);
    assert.equal(delivery.down, false);
    assert.equal(seen.filter(({ body }) => body.includes('"key":"bad"')).length, 1);
  });

  test('that answers to nothing is given up soon', async () => {
    answer = response => {
      response.statusCode = 503;
      response.end();
    };
    const delivery = await deliver(await messages(...Array.from({ length: 100 }, (_, n) => `k${n}`)));
    assert.deepEqual(delivery.taken, []);
    assert.equal(delivery.down, true);
    assert.ok(seen.length < 30, `${seen.length} requests`);
  });

  test('is not followed where it redirects', async () => {
    let others = 0;
    const other = createServer((_, response) => {
      others++;
      response.end();
    });
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    answer = response => {
      response.writeHead(307, { location: `http://127.0.0.1:${(other.address() as AddressInfo).port}/` });
      response.end();
    };
    const delivery = await deliver(await messages('k'));
    other.close();
    assert.deepEqual(delivery.taken, []);
    assert.equal(others, 0);
  });

  test('that nobody answers at is no error of the server', async () => {
    // Of tcpmux, which no machine runs; a port that was free a moment ago may be taken.
    const delivery = await deliver(await messages('k'), new URL('http://127.0.0.1:1/'));
    assert.deepEqual(delivery.taken, []);
    assert.match(String(delivery.failure), /ECONNREFUSED/);
  });

  test('is let go of when the server stops', async () => {
    const stop = new AbortController();
    answer = () => stop.abort();
    const delivery = await webhook({ url, secret, clock }).deliver(await messages('a', 'b'), stop.signal);
    assert.deepEqual(delivery.taken, []);
    server.closeAllConnections();
  });
});
