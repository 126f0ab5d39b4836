import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fetchJson, Unreachable } from './oidc-fetch.js';
import { AUTHORITY, FORGED, KEY, SERVER } from './oidc-fetch.test.data.js';

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
  assert.deepEqual(await fetchJson(url, [thumbprint(AUTHORITY)]), { hello: 1 });
  assert.deepEqual(await fetchJson(url, ['0'.repeat(40), thumbprint(SERVER)]), { hello: 1 });
});

test('a server that nobody vouches for is not', async t => {
  const url = await serve(t, SERVER + AUTHORITY);
  await assert.rejects(fetchJson(url), Unreachable);
  await assert.rejects(fetchJson(url, ['0'.repeat(40)]), Unreachable);
});

test('showing the listed certificate beside a forged one does not help', async t => {
  const url = await serve(t, FORGED + AUTHORITY);
  await assert.rejects(fetchJson(url, [thumbprint(AUTHORITY)]), Unreachable);
});

test('a certificate counts for its own names', async t => {
  const { port } = await serve(t, SERVER + AUTHORITY);
  const url = new URL(`https://127.0.0.2:${port}/`);
  await assert.rejects(fetchJson(url, [thumbprint(AUTHORITY)]), Unreachable);
});

test('redirects are not followed, and what is no JSON is refused', async t => {
  const server = createHttpServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
    else response.end('<html>');
  });
  await new Promise<void>(settle => server.listen(0, '127.0.0.1', settle));
  t.after(() => server.close());
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await assert.rejects(fetchJson(new URL(`${base}/moved`)), /answered 302/);
  await assert.rejects(fetchJson(new URL(base)), Unreachable);
});
