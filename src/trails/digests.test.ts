import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { DigestKeys } from './digest-keys.js';
import type { OpenTrails } from './index.js';
import { tables } from './records.js';
import { newTrail, openTrailWorld, SIGNAL, type TrailWorld } from './trails.test.support.js';

const HOUR = 3600;

/** The digests in the order of their names, each as it is verified: by the key that it names and the one before it. */
async function verified({ logs, clock }: TrailWorld, { keys }: OpenTrails) {
  const names = [...logs.objects.keys()].filter(name => name.includes('/CloudTrail-Digest/')).sort();
  const known = await keys.between('us-east-1', 0, clock.now());
  return names.map(name => {
    const { body, metadata } = logs.objects.get(name)!;
    const text = gunzipSync(body);
    const digest = JSON.parse(text.toString());
    const hash = createHash('sha256').update(text).digest('hex');
    // "Custom implementations of CloudTrail log file integrity validation", CloudTrail User Guide.
    const { digestEndTime, digestS3Bucket, previousDigestSignature } = digest;
    const signed = `${digestEndTime}\n${digestS3Bucket}/${name}\n${hash}\n${previousDigestSignature ?? 'null'}`;
    const used = known.find(({ fingerprint }) => fingerprint === digest.digestPublicKeyFingerprint);
    const key = createPublicKey({ key: Buffer.from(used!.key.publicKey), format: 'der', type: 'pkcs1' });
    assert.ok(verify('sha256', Buffer.from(signed), key, Buffer.from(metadata!['signature']!, 'hex')));
    assert.equal(metadata!['signature-algorithm'], 'SHA256withRSA');
    assert.equal(digest.digestS3Object, name);
    return { name, hash, signature: metadata!['signature'], ...digest };
  });
}

async function start(world: TrailWorld) {
  const opened = await world.open();
  const trail = await opened.trails.create(newTrail());
  assert.ok(typeof trail === 'object');
  await opened.trails.startLogging(trail);
  const deliver = async () => {
    opened.audit.record(world.event());
    await opened.delivery.run(SIGNAL);
    world.clock.advance(60);
  };
  return { ...opened, trail, deliver };
}

test('each log file is in one digest, and each digest names the one before', async t => {
  const world = await openTrailWorld(t);
  const now = await start(world);
  await now.deliver();
  await now.deliver();
  await now.digests.run(SIGNAL);
  assert.deepEqual(await verified(world, now), [], 'none before an hour is over');
  world.clock.advance(HOUR);
  await now.digests.run(SIGNAL);
  await now.digests.run(SIGNAL);
  await now.deliver();
  world.clock.advance(HOUR);
  world.logs.fails = 'after';
  world.logs.good = 0;
  await now.digests.run(SIGNAL);
  assert.equal((await now.trails.status(now.trail)).digestError, 'InternalError');
  world.logs.fails = undefined;
  // What comes meanwhile is not in the digest that is written again.
  await now.deliver();
  await now.digests.run(SIGNAL);
  world.clock.advance(HOUR);
  await now.digests.run(SIGNAL);
  world.clock.advance(HOUR);
  await now.digests.run(SIGNAL);
  const digests = await verified(world, now);
  assert.deepEqual(
    digests.map(({ logFiles }) => logFiles.length),
    [2, 1, 1, 0],
  );
  for (const [index, digest] of digests.entries()) {
    const before = digests[index - 1];
    assert.equal(digest.previousDigestS3Object, before?.name ?? null);
    assert.equal(digest.previousDigestHashValue, before?.hash ?? null);
    assert.equal(digest.previousDigestSignature, before?.signature ?? null);
    if (before) assert.equal(digest.digestStartTime, before.digestEndTime);
  }
  const named = digests.flatMap(({ logFiles }) =>
    logFiles.map((file: { s3Object: string }) => file.s3Object),
  );
  const files = [...world.logs.objects.keys()].filter(name => name.includes('/CloudTrail/'));
  assert.deepEqual(named.sort(), files.sort());
  for (const { logFiles } of digests) {
    for (const { s3Object, hashValue } of logFiles) {
      const text = gunzipSync(world.logs.objects.get(s3Object)!.body);
      assert.equal(createHash('sha256').update(text).digest('hex'), hashValue);
    }
  }
  assert.equal((await now.trails.status(now.trail)).digestError, undefined);
  await now.audit.close();
});

test('a chain ends an hour after the end of logging, and the next has none before it', async t => {
  const world = await openTrailWorld(t);
  const now = await start(world);
  await now.deliver();
  world.clock.advance(HOUR);
  await now.digests.run(SIGNAL);
  await now.deliver();
  await now.trails.stopLogging(now.trail);
  for (let hours = 0; hours < 3; hours++) {
    world.clock.advance(HOUR);
    await now.digests.run(SIGNAL);
  }
  assert.equal((await verified(world, now)).length, 2, 'the last has what was delivered by then');
  assert.deepEqual(await now.trails.store.list(tables.chains, [now.trail.id]), []);
  await now.trails.startLogging(now.trail);
  world.clock.advance(HOUR);
  await now.digests.run(SIGNAL);
  const digests = await verified(world, now);
  assert.deepEqual(
    digests.map(({ previousDigestS3Object }) => previousDigestS3Object),
    [null, digests[0]!.name, null],
  );
  await now.audit.close();
});

test('a key signs for a year; its public half stays, and the private one is sealed under the root key', async t => {
  const world = await openTrailWorld(t);
  const now = await start(world);
  const first = await now.keys.current('us-east-1');
  assert.equal(await now.keys.current('us-east-1'), first);
  assert.notEqual(await now.keys.current('eu-west-1'), first, 'each region has its own');
  const other = new Uint8Array(32).fill(2);
  const former = new Uint8Array(32).fill(1);
  const both = new DigestKeys(now.trails.store, world.clock, [other, former]);
  const signature = await now.keys.sign('us-east-1', first, 'text');
  assert.equal(await both.reseal(SIGNAL), 2);
  assert.equal(await both.reseal(SIGNAL), 0);
  const alone = new DigestKeys(now.trails.store, world.clock, [other]);
  assert.equal(await alone.sign('us-east-1', first, 'text'), signature);
  world.clock.advance(366 * 24 * HOUR);
  const second = await alone.current('us-east-1');
  assert.notEqual(second, first);
  await assert.rejects(alone.sign('us-east-1', first, 'text'), /signs no more/);
  const between = await alone.between('us-east-1', 0, world.clock.now());
  assert.deepEqual(between.map(({ fingerprint }) => fingerprint).sort(), [first, second].sort());
  const latest = await alone.between('us-east-1', world.clock.now(), world.clock.now());
  assert.deepEqual(
    latest.map(({ fingerprint }) => fingerprint),
    [second],
  );
  await now.audit.close();
});
