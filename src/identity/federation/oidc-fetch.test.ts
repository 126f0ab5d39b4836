import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fetchJson } from './oidc-fetch.js';
import { AUTHORITY, FORGED, KEY, SERVER } from './oidc-fetch.test.data.js';
import { Reachable, Unreachable } from './reachable.js';

const local = new Reachable(['127.0.0.0/8', 'localhost']);
const fetchLocal = (url: URL, thumbprints: readonly string[] = []) => fetchJson(url, thumbprints, local);

const thumbprint = (certificate: string) =>
  new X509Certificate(certificate).fingerprint.replaceAll(':', '').toLowerCase();

const hello: RequestListener = (_request, response) => response.end('{"hello":1}');

async function serve(t: TestContext, cert: string): Promise<URL> {
  const server = createServer({ key: KEY, cert }, hello);
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle));
  t.after(() => server.close());
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

test('a server whose authority is listed by its thumbprint is trusted', async t => {
  const url = await serve(t, SERVER + AUTHORITY);
  assert.deepEqual(await fetchLocal(url, [thumbprint(AUTHORITY)]), { hello: 1 });
  assert.deepEqual(await fetchLocal(url, ['0'.repeat(40), thumbprint(SERVER)]), { hello: 1 });
});

test('a server that nobody vouches for is not', async t => {
  const url = await serve(t, SERVER + AUTHORITY);
  await assert.rejects(fetchLocal(url), Unreachable);
  await assert.rejects(fetchLocal(url, ['0'.repeat(40)]), Unreachable);
});

test('showing the listed certificate beside a forged one does not help', async t => {
  const url = await serve(t, FORGED + AUTHORITY);
  await assert.rejects(fetchLocal(url, [thumbprint(AUTHORITY)]), Unreachable);
});

test('a certificate counts for its own names', async t => {
  const { port } = await serve(t, SERVER + AUTHORITY);
  const url = new URL(`https://127.0.0.2:${port}/`);
  await assert.rejects(fetchLocal(url, [thumbprint(AUTHORITY)]), Unreachable);
});

test('redirects are not followed, and what is no JSON is refused', async t => {
  const server = createHttpServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
    else response.end('<html>');
  });
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await assert.rejects(fetchLocal(new URL(`${base}/moved`)), /answered 302/);
  await assert.rejects(fetchLocal(new URL(base)), Unreachable);
});

test('what may not be asked is not: by address, by name, and where a name leads there', async t => {
  let asked = 0;
  const server = createHttpServer((_request, response) => {
    asked++;
    response.end('{}');
  });
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const closed = new Reachable();
  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'localhost',
    'localhost.',
  ]) {
    for (const scheme of ['http', 'https']) {
      await assert.rejects(fetchJson(new URL(`${scheme}://${host}:${port}/`), [], closed), Unreachable, host);
      await assert.rejects(
        fetchJson(new URL(`${scheme}://${host}:${port}/`), ['0'.repeat(40)], closed),
        Unreachable,
        host,
      );
    }
  }
  assert.equal(asked, 0);
  await fetchLocal(new URL(`http://127.0.0.1:${port}/`));
  await fetchLocal(new URL(`http://localhost:${port}/`));
  assert.equal(asked, 2);
});
