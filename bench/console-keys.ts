/**
 * `npm run test:keys`: the console over a bucket of a million keys. Fills a server, then goes through the
 * object browser as one does: the first page, on past what a table holds at a time, a prefix in the midst. Prints how
 * long each took and what the page held; exit status 1 where its heap grows with the keys gone past. `--keys=N`.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PutBucketPolicyCommand, PutPublicAccessBlockCommand } from '@aws-sdk/client-s3';
import type { CDPSession, Page } from 'playwright-core';
import { openTab, signIn } from '../test/console/browser.js';
import { openPlace, type Place } from '../test/console/place.js';

const { values } = parseArgs({ options: { keys: { type: 'string', default: '1000000' } } });
const KEYS = Number(values.keys);
const Bucket = 'page-bucket';
/** Requests at a time while the bucket is filled. */
const CLIENTS = 32;
/** How long filling may take. */
const FILL_MINUTES = 30;
/** How often one goes on, past 2000 keys each time. */
const ROUNDS = 10;
/** MiB that the page's heap may grow by over the rounds: less than the rows that it has gone past. */
const GROWTH = 15;

const keyOf = (number: number) => `k${String(number).padStart(7, '0')}`;

/** With unsigned requests, which a policy lets in while the bucket is filled: a signature costs more than the put. */
async function fill({ server, s3 }: Place): Promise<void> {
  const Statement = [
    { Effect: 'Allow', Principal: '*', Action: 's3:PutObject', Resource: `arn:aws:s3:::${Bucket}/*` },
  ];
  const open = { BlockPublicAcls: false, IgnorePublicAcls: false, BlockPublicPolicy: false };
  const PublicAccessBlockConfiguration = { ...open, RestrictPublicBuckets: false };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const { hostname, port } = new URL(server.endpoint);
  const put = (key: string) =>
    new Promise<void>((resolve, reject) => {
      const headers = { 'content-length': 1 };
      const sent = request({ agent, hostname, port, method: 'PUT', path: `/${Bucket}/${key}`, headers });
      sent.on('response', response => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`a put was answered ${response.statusCode}`));
        });
      });
      sent.on('error', reject).end('x');
    });
  const ends = performance.now() + FILL_MINUTES * 60_000;
  let next = 0;
  const work = async () => {
    while (next < KEYS) {
      if (performance.now() > ends) throw new Error(`only ${next} keys within ${FILL_MINUTES} minutes`);
      await put(keyOf(next++));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  agent.destroy();
}

/** MiB of the page's JavaScript after a collection. */
async function heap(devtools: CDPSession): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  return usedSize / 1024 / 1024;
}

/** To the end of what the table holds at a time. */
async function toTheEnd(page: Page): Promise<void> {
  const goOn = page.getByRole('button', { name: 'Go on', exact: true });
  const next = page.getByRole('button', { name: 'Next page' });
  // The list is open at its end: from the last page that is loaded, the next one loads more.
  while (!(await goOn.isVisible())) {
    await page
      .getByRole('button', { name: /^Page \d+ of/ })
      .last()
      .click();
    // Disabled once the list has come to where it is held.
    await next.click({ timeout: 2000 }).catch(() => undefined);
  }
  await page.getByText('(2000+)').waitFor();
}

async function timed(what: string, run: () => Promise<unknown>): Promise<void> {
  const from = performance.now();
  await run();
  console.log(`${what}: ${((performance.now() - from) / 1000).toFixed(1)} s`);
}

const data = mkdtempSync(join(tmpdir(), 'console-keys-'));
const place = await openPlace({ data });
try {
  await timed(`${KEYS} keys put`, () => fill(place));
  const { page, context } = await openTab(place.browser, 'en');
  await signIn(page, place.server, place.server.root!);
  const devtools = await context.newCDPSession(page);
  const link = (key: string) => page.getByRole('link', { name: key, exact: true }).waitFor();
  await timed('the first page', async () => {
    await page.goto(`${place.server.consoleUrl}/s3/buckets/${Bucket}`);
    await link(keyOf(0));
  });
  await timed('on to the 2000th key', () => toTheEnd(page));
  const first = await heap(devtools);
  console.log(`heap with 2000 rows: ${first.toFixed(0)} MiB`);
  for (let round = 1; round <= ROUNDS; round++) {
    await timed('2000 keys more', async () => {
      await page.getByRole('button', { name: 'Go on', exact: true }).click();
      await link(keyOf(round * 2000));
      await toTheEnd(page);
    });
  }
  const last = await heap(devtools);
  console.log(`heap after ${(ROUNDS + 1) * 2000} keys: ${last.toFixed(0)} MiB`);
  await timed('a prefix at the end', async () => {
    const prefix = keyOf(KEYS - 1).slice(0, -1);
    await page.getByPlaceholder(place.label('en')('s3.search')).fill(prefix);
    await page.keyboard.press('Enter');
    await link(keyOf(KEYS - 1));
  });
  assert.ok(last - first < GROWTH, `the heap grew by ${(last - first).toFixed(0)} MiB`);
} finally {
  await place.close();
  rmSync(data, { recursive: true });
}
