/** What floods of strangers take of memory, of files and of the time of others. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { until } from '../../support/until.js';
import { FLOODS, openFloodedBucket } from './floods.js';
import { MIB, most, Victim } from './victim.js';

/**
 * Above what it takes where one connection after the other sends the same: 16 MiB of bodies, or of answers, that one
 * address of strangers may have in memory, and the buffers of 200 connections. A machine that does nothing else shows
 * less than half of it (`npm run bench -- floods`); when V8 collects depends on what else runs.
 */
const ROOM = 128 * MIB;
/** Connections one after the other, until V8 keeps as much room for what is new as it ever does. */
const ALONE = 40;
/** Units of work in one turn of the event loop (see `Victim.longestTurn`): what others wait for while a flood goes on. */
const LONGEST = 75;

let victim: Victim;

before(async () => {
  victim = await Victim.start();
  await openFloodedBucket(victim);
  await victim.s3.send(new PutObjectCommand({ Bucket: 'pub', Key: 'big', Body: Buffer.alloc(8 * MIB) }));
  await victim.probe(20);
});
after(() => victim.stop());

for (const [name, bytes, connections = 200] of FLOODS) {
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
