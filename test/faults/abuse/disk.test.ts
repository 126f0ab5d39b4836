/** What strangers leave on disk. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { until } from '../../support/until.js';
import { MIB, Victim } from './victim.js';

let victim: Victim;

before(async () => {
  victim = await Victim.start();
  await victim.s3.send(new CreateBucketCommand({ Bucket: 'priv' }));
});
after(() => victim.stop());

/** Bytes of the files under a directory, as they lie on disk. */
function onDisk(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).blocks * 512, 0);
}

/** Requests in their log, whose other lines have what many of them have alike. */
function eventsIn(data: string): number {
  const directory = join(data, 'events');
  return readdirSync(directory).reduce(
    (sum, name) => sum + (readFileSync(join(directory, name), 'utf8').match(/^\[\d/gm) ?? []).length,
    0,
  );
}

const agent = `user-agent: ${'U'.repeat(15_000)}\r\nreferer: ${'R'.repeat(14_000)}\r\n`;

async function grownBy(requests: readonly string[], times: number): Promise<number> {
  const before = onDisk(victim.data);
  const events = eventsIn(victim.data);
  for (let i = 0; i < times; i++) {
    await Promise.all(
      requests.map(async request => assert.match(await victim.ask(request), /^HTTP\/1.1 [2345]/)),
    );
  }
  // The log of requests is written last.
  await until(() => eventsIn(victim.data) >= events + times * requests.length);
  return onDisk(victim.data) - before;
}

test('refused keys of anonymous deletions leave a few KiB for each request', {
  timeout: 240_000,
}, async () => {
  const document = `<Delete>${Array.from({ length: 20 }, (_, k) => `<Object><Key>${k}</Key></Object>`).join('')}</Delete>`;
  const md5 = createHash('md5').update(document).digest('base64');
  const request =
    `POST /priv?delete HTTP/1.1\r\nhost: a\r\ncontent-md5: ${md5}\r\n${agent}` +
    `content-length: ${document.length}\r\n\r\n${document}`;
  const grown = await grownBy(
    Array.from({ length: 20 }, () => request),
    15,
  );
  assert.ok(grown < 20 * MIB, `${grown / MIB} MiB for 300 requests of 30 KiB`);
});

test('unknown names and long agents leave a few KiB of the request log', { timeout: 240_000 }, async () => {
  const request = `GET /nb/k HTTP/1.1\r\nhost: a\r\n${agent}\r\n`;
  const grown = await grownBy(
    Array.from({ length: 50 }, () => request),
    20,
  );
  assert.ok(grown < 8 * MIB, `${grown / MIB} MiB for 1,000 requests of 30 KiB`);
});
