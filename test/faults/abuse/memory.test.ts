/** What floods of strangers take of memory, of files and of the time of others. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { until } from '../../support/until.js';
import { MIB, most, Victim } from './victim.js';

/**
 * Above what it takes where one connection after the other sends the same: 16 MiB of bodies, or of answers, that one
 * address of strangers may have in memory, and the buffers of 200 connections.
 */
const ROOM = 64 * MIB;
/** Connections one after the other, until V8 keeps as much room for what is new as it ever does. */
const ALONE = 40;
/** Units of work in one turn of the event loop (see `Victim.longestTurn`): what others wait for while a flood goes on. */
const LONGEST = 75;

let victim: Victim;

before(async () => {
  victim = await Victim.start();
  const long = 'k'.repeat(900);
  await victim.openBucket(
    'pub',
    Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${long}${i}`, ''])),
  );
  await victim.s3.send(new PutObjectCommand({ Bucket: 'pub', Key: 'big', Body: Buffer.alloc(8 * MIB) }));
  await victim.probe(20);
});
after(() => victim.stop());

const head = (line: string, length: number, more = '') =>
  `${line} HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n${more}\r\n`;
const FORM = 'content-type: application/x-www-form-urlencoded\r\n';
const listing = 'GET /pub?list-type=2 HTTP/1.1\r\nhost: a\r\n\r\n';

/** Each flood: what one of 200 connections, unless there are fewer, sends and leaves unfinished. */
const floods: readonly (readonly [
  name: string,
  bytes: () => readonly (string | Uint8Array)[],
  connections?: number,
])[] = [
  ['documents to no bucket', () => [head('POST /nb?delete', 8 * MIB), Buffer.alloc(8 * MIB - 30, 32)]],
  ['documents to a bucket', () => [head('POST /pub?delete', 2 * MIB), Buffer.alloc(2 * MIB - 30, 32)]],
  ['settings of a bucket', () => [head('PUT /pub?policy', 8 * MIB), Buffer.alloc(8 * MIB - 30, 32)]],
  [
    'settings in chunks',
    () => [
      'PUT /pub?tagging HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n',
      `100000\r\n${' '.repeat(MIB - 30)}`,
    ],
  ],
  ['forms', () => [head('POST /', 256 * 1024, FORM), Buffer.alloc(256 * 1024 - 30, 65)]],
  [
    'forms that claim a signature',
    () => [
      head(
        'POST /',
        MIB,
        `${FORM}authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/sts/aws4_request\r\n`,
      ),
      Buffer.alloc(MIB - 30, 65),
    ],
  ],
  [
    'forms in chunks',
    () => [
      `POST / HTTP/1.1\r\nhost: x\r\n${FORM}transfer-encoding: chunked\r\n\r\n`,
      `40000\r\n${'a'.repeat(250_000)}`,
    ],
  ],
  [
    'JSON',
    () => [head('POST /', MIB, 'x-amz-target: TrentService.ListKeys\r\n'), Buffer.alloc(MIB - 30, 32)],
  ],
  [
    'uploads of browsers',
    () => [
      head('POST /pub', MIB, 'content-type: multipart/form-data; boundary=x\r\n'),
      `--x\r\ncontent-disposition: form-data; name="key"\r\n\r\n${'k'.repeat(15_000)}`,
    ],
  ],
  [
    'questions beforehand',
    () => [
      'OPTIONS /pub HTTP/1.1\r\nhost: x\r\norigin: http://o\r\naccess-control-request-method: GET\r\n\r\n'.repeat(
        500,
      ),
    ],
  ],
  ['requests in one packet', () => [listing.repeat(1489)]],
  ['requests in one packet on few connections', () => [listing.repeat(1489)], 20],
];

for (const [name, bytes, connections = 200] of floods) {
  test(`a flood of ${name} takes bounded memory, and others have their turn`, {
    timeout: 240_000,
  }, async t => {
    const packets = bytes();
    for (let i = 0; i < ALONE; i++) {
      const socket = await victim.send(...packets);
      await victim.probe(1);
      socket.destroy();
    }
    const before = victim.memory();
    let peak = 0;
    const flood = async () => {
      await Promise.all(Array.from({ length: connections }, () => victim.send(...packets)));
      for (let i = 0; i < 10; i++) {
        await victim.probe(1);
        await wait(100);
      }
    };
    const longest = await victim.leastLongestTurn(LONGEST, async () => {
      peak = Math.max(peak, await most(() => victim.memory(), flood));
      victim.hangUp();
      await until(() => victim.files() < 100);
    });
    t.diagnostic(`${Math.round((peak - before) / MIB)} MiB, ${longest} units`);
    assert.ok(peak - before < ROOM, `${(peak - before) / MIB} MiB more`);
    assert.ok(longest <= LONGEST, `${longest} units of work in one turn`);
  });
}

test('readers that leave are ended at once: no file stays open, and a deleted body goes', {
  timeout: 240_000,
}, async () => {
  const idle = victim.files();
  const pipelined = 'GET /pub/big HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(50);
  for (let i = 0; i < 20; i++) await victim.send(pipelined);
  // Connections, and files of bodies.
  await until(() => victim.files() > idle + 20);
  victim.hangUp();
  await until(() => victim.files() <= idle + 5);
  const bodies = () =>
    readdirSync(join(victim.data, 'blobs'), { recursive: true, withFileTypes: true }).filter(one =>
      one.isFile(),
    ).length;
  assert.equal(bodies(), 1);
  await victim.s3.send(new DeleteObjectCommand({ Bucket: 'pub', Key: 'big' }));
  await until(() => bodies() === 0);
});
