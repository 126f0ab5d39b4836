/** What the server itself cannot do for now is tried again, and fails after a day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import type { Role } from '../../../identity/index.js';
import { openObjects, type Pending, replicationStatus } from '../../../objects/index.js';
import { compilePolicy } from '../../../policy/index.js';
import type { Blobs } from '../../../store/blobs.js';
import { openMemoryKv } from '../../../store/memory/memory.js';
import { openMemoryBlobs } from '../../../store/memory/memory-blobs.js';
import type { S3Ports } from '../ports.js';
import { bodyOf, START, testAccount } from '../testing.test.support.js';
import { Replicator } from './replicator.js';
import type { RolePorts } from './role-session.js';

const account = testAccount('111122223333');
const ROLE = 'arn:aws:iam::111122223333:role/copier';
const anything = { Effect: 'Allow', Action: '*', Resource: '*' };
const role = {
  id: 'AROACOPIER',
  name: 'copier',
  path: '/',
  tags: [],
  trust: JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sts:AssumeRole' },
  }),
} as unknown as Role;

/** Two buckets, a rule from one to the other, and bodies that can be made to fail. */
async function open() {
  const clock = new ManualClock(START);
  const memory = openMemoryBlobs(() => clock.now());
  const disk = { full: false };
  const blobs: Blobs = {
    write: body => (disk.full ? Promise.reject(new Error('no space left on device')) : memory.write(body)),
    read: (...of) => memory.read(...of),
    delete: id => memory.delete(id),
    list: () => memory.list(),
    close: () => memory.close(),
  };
  const objects = await openObjects({ kv: openMemoryKv(), blobs, clock, inlineLimit: 8 });
  const bucket = (name: string) =>
    objects.buckets.create({
      name,
      owner: account.id,
      partition: 'aws',
      region: 'us-east-1',
      ownership: 'BucketOwnerEnforced',
      versioning: 'Enabled',
    });
  const source = await bucket('source');
  const target = await bucket('target');
  const rule = { id: 'r', status: 'Enabled', priority: 1, destination: { bucket: 'target' } } as const;
  await objects.buckets.update(source, { replication: { role: ROLE, rules: [rule] } });
  const policy = compilePolicy(JSON.stringify({ Version: '2012-10-17', Statement: anything }), 'identity');
  const ports = {
    objects,
    ownerOf: async () => ({ account }),
    roles: {
      find: async () => ({ account, role }),
      policiesOf: async () => ({ identity: [{ name: 'all', policy }] }),
      record: () => undefined,
    },
    region: 'us-east-1',
  } as unknown as S3Ports & RolePorts;
  return {
    objects,
    disk,
    target,
    replicator: new Replicator(ports, silentLogger),
    async put(key: string, text: string) {
      const now = (await objects.buckets.find('source'))!;
      const received = await objects.contents.receive(bodyOf(text), text.length, {});
      return objects.versions.put(now, key, { headers: {}, metadata: [] }, received);
    },
    async waiting(): Promise<{ pending: Pending }[]> {
      const found = await objects.replications.waiting('target', undefined, 100, () => undefined);
      return found.map(pending => ({ pending }));
    },
    async status(key: string) {
      const now = (await objects.buckets.find('source'))!;
      const found = await objects.versions.find(now, key);
      return found?.marker ? undefined : replicationStatus(found?.replication);
    },
  };
}

const never = new AbortController().signal;

test('a copy that fails for now waits, its key’s later versions behind it, and others go on', async () => {
  const { objects, disk, target, replicator, put, waiting, status } = await open();
  await put('large', 'does not fit inline');
  await put('large', 'small');
  await put('other', 'small');
  disk.full = true;
  const first = await waiting();
  assert.equal(first.length, 3);
  const round = await replicator.deliver(first, never);
  assert.match(String(round.failure), /no space left/);
  assert.deepEqual(
    round.taken.map(({ pending }) => pending.event.key),
    ['other'],
  );
  assert.equal(await status('large'), 'PENDING');
  assert.equal(await status('other'), 'COMPLETED');
  assert.equal(await objects.versions.find(target, 'large'), undefined);
  disk.full = false;
  // As after a crash between a copy and the note of it: all of them once more.
  const again = await replicator.deliver(first, never);
  assert.equal(again.taken.length, 3);
  assert.equal(again.failure, undefined);
  assert.equal(await status('large'), 'COMPLETED');
  const versions = await objects.listVersions(target, { limit: 10 });
  assert.equal(versions.entries.length, 3);
});

test('a copy that was tried for a day has failed', async () => {
  const { replicator, put, waiting, status } = await open();
  await put('k', 'small');
  await replicator.giveUp((await waiting()).map(({ pending }) => pending));
  assert.equal(await status('k'), 'FAILED');
  assert.equal(replicator.outcomes.get('failed'), 1);
});

test('a version that is gone has no copy, and one that is ended leaves the rest', async () => {
  const { objects, replicator, put, waiting } = await open();
  const { id } = await put('k', 'small');
  const source = (await objects.buckets.find('source'))!;
  await objects.versions.deleteVersion(source, 'k', id);
  const messages = await waiting();
  const ended = new AbortController();
  ended.abort();
  assert.deepEqual((await replicator.deliver(messages, ended.signal)).taken, []);
  assert.equal((await replicator.deliver(messages, never)).taken.length, 1);
  assert.equal(replicator.outcomes.get('gone'), 1);
});
