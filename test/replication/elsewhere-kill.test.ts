/** Nothing that was acknowledged here is missing there, though both servers are killed in the midst of copying. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { startServerProcess } from '../faults/server-process.js';
import { until } from '../support/until.js';
import { declared, keysHome, makerOf, THERE } from './elsewhere.js';
import { ACCOUNT, OBJECT_ACTIONS, Place, ruleTo, SOURCE_ACTIONS, TARGET_ACTIONS } from './place.js';

const FROM = 'near';
const TO = 'far';
const WRITERS = 4;

test('two servers killed and started again: every version has its copy', async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-elsewhere-'));
  const keys = await keysHome();
  t.after(() => Promise.all([keys.remove(), rm(home, { recursive: true, force: true })]));
  const startThere = (...more: string[]) =>
    startServerProcess(join(home, 'there'), ['--account', THERE, '--console-port', 'off', ...more]);
  let other = await startThere();
  t.after(() => other.kill());
  const { port } = new URL(other.endpoint);
  const there = new Place(other.endpoint, other.credentials);
  t.after(() => there.destroy());
  await there.buckets([TO]);
  await keys.write(await makerOf(there));
  const flags = [
    '--account',
    ACCOUNT,
    '--replication-endpoints',
    `${TO}=${declared(other.endpoint, ACCOUNT)}`,
  ];
  const start = () => startServerProcess(join(home, 'here'), flags, keys.environment);
  let server = await start();
  t.after(() => server.kill());
  let here = new Place(server.endpoint, server.credentials);
  t.after(() => here.destroy());
  await here.buckets([FROM]);
  const role = await here.role('copier', [...SOURCE_ACTIONS, ...OBJECT_ACTIONS, ...TARGET_ACTIONS]);
  await here.replicate(FROM, role, [ruleTo(TO, { DeleteMarkerReplication: { Status: 'Enabled' } })]);

  const acknowledged = new Map<string, number>();
  let written = 0;
  const body = 'x'.repeat(40_000);
  const writer = async (name: number) => {
    for (let n = 0; ; n++) {
      // Of every fifth key there is a second version, of every seventh a delete marker.
      const Key = `${name}/${n - (n % 5 === 4 ? 1 : 0)}`;
      if (n % 7 === 6) await here.s3.send(new DeleteObjectCommand({ Bucket: FROM, Key }));
      else {
        const Body = n % 3 === 0 ? body : 'x';
        await here.s3.send(new PutObjectCommand({ Bucket: FROM, Key, Body }));
      }
      acknowledged.set(Key, (acknowledged.get(Key) ?? 0) + 1);
      written++;
    }
  };
  const writers = Promise.allSettled(Array.from({ length: WRITERS }, (_, name) => writer(name)));
  await until(async () => written >= 40 && (await there.versions(TO, '0/0')).length > 0);
  await other.kill();
  const before = written;
  // Copies wait while the other server is away; writing does not.
  await until(() => written >= before + 40);
  assert.equal((await here.head(FROM, `0/${await lastOf(0)}`)).ReplicationStatus, 'PENDING');
  other = await startThere('--port', port);
  await until(() => written >= before + 80);
  await server.kill();
  await writers;
  here.destroy();

  server = await start();
  here = new Place(server.endpoint, server.credentials);
  for (const [key, times] of acknowledged) {
    const versions = await here.versions(FROM, key);
    assert.ok(versions.length >= times, key);
    await until(async () => (await there.versions(TO, key)).length === versions.length);
    assert.deepEqual(await there.versions(TO, key), versions);
    for (const version of versions.filter(one => one.includes('object'))) {
      const VersionId = version.split(' ')[0]!;
      assert.equal(await here.settled(FROM, key, VersionId), 'COMPLETED');
      assert.equal(await there.text(TO, key, { VersionId }), await here.text(FROM, key, { VersionId }));
    }
  }

  /** The number of a writer's last key that is an object. */
  async function lastOf(name: number): Promise<number> {
    const numbers = [...acknowledged.keys()]
      .filter(key => key.startsWith(`${name}/`))
      .map(key => Number(key.split('/')[1]))
      .sort((a, b) => b - a);
    for (const number of numbers) {
      const [newest = ''] = await here.versions(FROM, `${name}/${number}`);
      if (newest.includes('object')) return number;
    }
    throw new Error('the writer has put nothing');
  }
});
