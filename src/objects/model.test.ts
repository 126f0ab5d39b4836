/** Random operations against the engine and against a plain model of S3's versions. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../core/clock.js';
import type { Blobs } from '../store/blobs.js';
import { openFileBlobs } from '../store/files/files.js';
import type { Kv } from '../store/kv.js';
import { openLmdb } from '../store/lmdb/lmdb.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { openMemoryBlobs } from '../store/memory/memory-blobs.js';
import { type Bucket, type Objects, openObjects } from './index.js';
import { bodyOf, code, wholeOf } from './testing.test.support.js';

const INLINE_LIMIT = 4;
const KEYS = ['a', 'a/b', 'c'] as const;

interface ModelVersion {
  readonly id: string;
  readonly isNull: boolean;
  /** Absent for a delete marker. */
  readonly body: string | undefined;
}

/** The versions of each key, the newest first. */
class Model {
  versioning: 'Enabled' | 'Suspended' | undefined;
  readonly keys = new Map<string, ModelVersion[]>(KEYS.map(key => [key, []]));

  of(key: string): ModelVersion[] {
    return this.keys.get(key)!;
  }

  add(key: string, id: string, body: string | undefined): void {
    const isNull = this.versioning !== 'Enabled';
    const kept = this.of(key).filter(version => !(isNull && version.isNull));
    this.keys.set(key, [{ id, isNull, body }, ...kept]);
  }

  remove(key: string, id: string): void {
    this.keys.set(
      key,
      this.of(key).filter(version => version.id !== id),
    );
  }
}

interface World {
  readonly objects: Objects;
  readonly clock: ManualClock;
  readonly model: Model;
  readonly blobCount: () => Promise<number>;
  bucket(): Promise<Bucket>;
  close(): Promise<void>;
}

interface Stores {
  readonly kv: Kv;
  readonly blobs: Blobs;
  close(): Promise<void>;
}

/** Where the worlds are kept, and in how many of them a property is tried. */
const PLACES: Readonly<Record<string, { open(now: () => number): Promise<Stores>; readonly runs: number }>> =
  {
    memory: {
      runs: 150,
      open: async now => ({ kv: openMemoryKv(), blobs: openMemoryBlobs(now), close: async () => undefined }),
    },
    disk: {
      runs: 8,
      async open(now) {
        const directory = await mkdtemp(join(tmpdir(), 'karikagi-objects-'));
        const kv = await openLmdb(join(directory, 'kv'));
        const blobs = await openFileBlobs(join(directory, 'blobs'), now);
        const close = async () => {
          await kv.close();
          await blobs.close();
          await rm(directory, { recursive: true });
        };
        return { kv, blobs, close };
      },
    },
  };

type Place = (typeof PLACES)[string];

async function newWorld(place: Place = PLACES.memory!): Promise<World> {
  const clock = new ManualClock(1_700_000_000_000);
  const { kv, blobs, close } = await place.open(() => clock.now());
  const objects = await openObjects({ kv, blobs, clock, inlineLimit: INLINE_LIMIT });
  await objects.buckets.create({
    name: 'bucket',
    owner: '111122223333',
    partition: 'aws',
    region: 'us-east-1',
  });
  const blobCount = async () => {
    await objects.settle();
    let count = 0;
    for await (const _ of blobs.list()) count++;
    return count;
  };
  return {
    objects,
    clock,
    model: new Model(),
    blobCount,
    bucket: () => objects.buckets.get('bucket'),
    close,
  };
}

type Step = (world: World) => Promise<void>;

const attributes = { headers: {}, metadata: [] };

async function put({ objects, model, bucket }: World, key: string, body: string): Promise<void> {
  const received = await objects.contents.receive(bodyOf(body), body.length, {});
  const record = await objects.versions.put(await bucket(), key, attributes, received);
  model.add(key, record.id, body);
}

async function remove({ objects, model, bucket }: World, key: string): Promise<void> {
  const { version, madeMarker } = await objects.versions.delete(await bucket(), key);
  assert.equal(madeMarker, model.versioning !== undefined);
  if (madeMarker) model.add(key, version!.id, undefined);
  else model.keys.set(key, []);
}

async function removeVersion({ objects, model, bucket }: World, key: string, choice: number): Promise<void> {
  const versions = model.of(key);
  const version = versions[choice % (versions.length + 1)];
  const { versions: engine } = objects;
  if (!version) {
    const id = versions.some(({ isNull }) => isNull) ? '0'.repeat(32) : 'null';
    assert.deepEqual(await engine.deleteVersion(await bucket(), key, id), { madeMarker: false });
    return;
  }
  const deleted = await engine.deleteVersion(await bucket(), key, version.isNull ? 'null' : version.id);
  assert.equal(deleted.version?.id, version.id);
  model.remove(key, version.id);
}

async function copy(
  { objects, model, bucket }: World,
  from: string,
  to: string,
  choice: number,
): Promise<void> {
  const bodies = model.of(from).filter(({ body }) => body !== undefined);
  const version = bodies[choice % Math.max(bodies.length, 1)];
  if (!version) return;
  const record = await objects.versions.find(await bucket(), from, version.isNull ? 'null' : version.id);
  assert.ok(record && !record.marker);
  const source = { bucket: await bucket(), key: from, record };
  const copied = await objects.copy(source, { bucket: await bucket(), key: to, attributes });
  model.add(to, copied.id, version.body);
}

async function upload({ objects, model, bucket }: World, key: string, body: string): Promise<void> {
  const { id } = await objects.uploads.create(await bucket(), key, { ...attributes, initiator: 'x' });
  const part = await objects.uploads.putPart(await bucket(), key, id, 3, bodyOf(body), body.length, {});
  await objects.uploads.putPart(await bucket(), key, id, 4, bodyOf('unused'), 6, {});
  const parts = [{ number: 3, etag: part.etag }];
  const record = await objects.uploads.complete(await bucket(), key, id, { parts }, {});
  model.add(key, record.id, body);
}

async function setVersioning(
  { objects, model, bucket }: World,
  state: 'Enabled' | 'Suspended',
): Promise<void> {
  await objects.buckets.update(await bucket(), { versioning: state });
  model.versioning = state;
}

/** Everything that can be seen is as the model has it. */
async function compare({ objects, model, bucket, blobCount }: World): Promise<void> {
  const now = await bucket();
  const expected = [...KEYS].flatMap(key =>
    model.of(key).map((version, index) => [key, version.id, index === 0, version.body === undefined]),
  );
  const listed = await objects.listVersions(now, { limit: 1000 });
  assert.deepEqual(
    listed.entries.map(
      entry =>
        'item' in entry && [
          entry.key,
          entry.item.version.id,
          entry.item.isLatest,
          entry.item.version.marker ?? false,
        ],
    ),
    expected,
  );
  const current = [...KEYS].filter(key => model.of(key)[0]?.body !== undefined);
  const page = await objects.list(now, { limit: 1000 });
  assert.deepEqual(
    page.entries.map(entry => 'key' in entry && entry.key),
    current,
  );
  const contents = new Set<string>();
  for (const key of KEYS) {
    assert.equal((await objects.versions.find(now, key))?.id, model.of(key)[0]?.id);
    for (const { id, isNull, body } of model.of(key)) {
      const record = await objects.versions.find(now, key, isNull ? 'null' : id);
      assert.equal(record?.id, id);
      if (isNull)
        assert.equal(
          await objects.versions.find(now, key, id),
          undefined,
          'its own id names no null version',
        );
      if (!record || record.marker) continue;
      assert.equal((await wholeOf(await objects.contents.read(now.id, record))).toString(), body);
      const blobs =
        record.content.kind === 'parts' ? await objects.contents.parts(now.id, record.id) : [record.content];
      for (const content of blobs) if ('blob' in content) contents.add(content.blob);
    }
  }
  assert.equal(await blobCount(), contents.size, 'what nothing refers to is gone');
}

/** Pages of one version each make up the whole listing. */
async function comparePages({ objects, bucket }: World): Promise<void> {
  const now = await bucket();
  const whole = await objects.listVersions(now, { limit: 1000 });
  const seen: unknown[] = [];
  let after: { after?: string; afterId?: string } = {};
  for (let more = true; more; ) {
    const page = await objects.listVersions(now, { ...after, limit: 1 });
    seen.push(...page.entries);
    const last = page.entries.at(-1);
    if (last && 'item' in last) after = { after: last.key, afterId: last.item.version.id };
    more = page.more;
  }
  assert.deepEqual(seen, whole.entries);
}

const key = fc.constantFrom(...KEYS);
const body = fc.constantFrom('', 'in', 'line', 'a blob', 'another blob');
const choice = fc.nat(5);
const step: fc.Arbitrary<readonly [name: string, run: Step]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(key, body).map(([k, b]) => [`put ${k} ${b}`, (w: World) => put(w, k, b)] as const),
  },
  { weight: 2, arbitrary: key.map(k => [`delete ${k}`, (w: World) => remove(w, k)] as const) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(key, choice)
      .map(([k, n]) => [`delete ${k} #${n}`, (w: World) => removeVersion(w, k, n)] as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(key, key, choice)
      .map(([a, b, n]) => [`copy ${a} #${n} ${b}`, (w: World) => copy(w, a, b, n)] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(key, body)
      .map(([k, b]) => [`upload ${k} ${b}`, (w: World) => upload(w, k, b)] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('Enabled' as const, 'Suspended' as const)
      .map(s => [`versioning ${s}`, (w: World) => setVersioning(w, s)] as const),
  },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: -5, max: 5 })
      .map(n => [`clock ${n}`, async (w: World) => w.clock.advance(n)] as const),
  },
);

for (const [name, place] of Object.entries(PLACES)) {
  test(`any sequence of operations leaves what the model has: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        const world = await newWorld(place);
        for (const [, run] of steps) {
          await run(world);
          await compare(world);
        }
        await comparePages(world);
        await world.close();
      }),
      { numRuns: place.runs },
    );
  });

  test(`operations at the same time leave one of the possible worlds, and no garbage: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(undefined, 'Enabled' as const, 'Suspended' as const),
        fc.array(fc.constantFrom('put', 'delete', 'deleteVersion', 'setting'), {
          minLength: 2,
          maxLength: 12,
        }),
        async (versioning, kinds) => {
          const world = await newWorld(place);
          const { objects, bucket, blobCount } = world;
          if (versioning) await setVersioning(world, versioning);
          const now = await bucket();
          const made: string[] = [];
          const putOne = async (text: string) => {
            const received = await objects.contents.receive(bodyOf(text), text.length, {});
            made.push((await objects.versions.put(now, 'k', attributes, received)).id);
          };
          await putOne('the first body');
          await Promise.all(
            kinds.map(async (kind, index) => {
              if (kind === 'put') await putOne(`body number ${index}`);
              else if (kind === 'delete') await objects.versions.delete(now, 'k');
              else if (kind === 'deleteVersion')
                await objects.versions.deleteVersion(now, 'k', versioning === 'Enabled' ? made[0]! : 'null');
              else await objects.buckets.update(now, { tags: [['n', String(index)]] });
            }),
          );
          const listed = await objects.listVersions(now, { limit: 1000 });
          const ids = listed.entries.map(entry => ('item' in entry ? entry.item.version.id : ''));
          assert.deepEqual(ids, [...ids].sort(), 'the newest first');
          const kept = listed.entries.filter(entry => 'item' in entry && !entry.item.version.marker);
          assert.equal(await blobCount(), kept.length);
          const latest = listed.entries[0];
          const found = await objects.versions.find(now, 'k');
          assert.equal(found?.id, latest && 'item' in latest ? latest.item.version.id : undefined);
          if (versioning !== 'Enabled')
            assert.ok(listed.entries.length <= 1, 'there is one null version at most');
          else {
            const expected = 1 + kinds.filter(kind => kind === 'put' || kind === 'delete').length;
            assert.equal(listed.entries.length, expected - (kinds.includes('deleteVersion') ? 1 : 0));
          }
          await world.close();
        },
      ),
      { numRuns: place.runs },
    );
  });
}

test('an upload that races the deletion of its bucket is refused or keeps it', async () => {
  for (let round = 0; round < 50; round++) {
    const { objects, bucket, blobCount } = await newWorld();
    const now = await bucket();
    const received = await objects.contents.receive(bodyOf('a body in a blob'), 16, {});
    const [deleted, stored] = await Promise.allSettled([
      objects.buckets.delete(now),
      (async () => {
        for (let wait = 0; wait < round; wait++) await Promise.resolve();
        return objects.versions.put(now, 'k', attributes, received);
      })(),
    ]);
    assert.notEqual(deleted.status, stored.status, 'exactly one of them succeeds');
    assert.equal(await blobCount(), stored.status === 'fulfilled' ? 1 : 0);
    const left = await objects.buckets.find('bucket');
    assert.deepEqual([left !== undefined, left?.deleting], [stored.status === 'fulfilled', undefined]);
  }
});

/** Two buckets on a store whose commits fail from the second on while `crashed`. */
async function crashing() {
  const clock = new ManualClock(1_700_000_000_000);
  const kv = openMemoryKv();
  let left = Number.POSITIVE_INFINITY;
  let reads = 0;
  const fragile: Kv = {
    ...kv,
    get: key => kv.get(key),
    getMany: keys => kv.getMany(keys),
    list: range => {
      if (range.start[0] === 'bucket') reads++;
      return kv.list(range);
    },
    commit: async (checks, writes) => {
      if (left-- <= 0) throw new Error('the process has ended');
      return await kv.commit(checks, writes);
    },
    close: () => kv.close(),
  };
  const stores = { kv: fragile, blobs: openMemoryBlobs(() => clock.now()), clock };
  const objects = await openObjects(stores);
  const account = { owner: '111122223333', partition: 'aws', region: 'us-east-1' };
  for (const name of ['empty', 'full']) await objects.buckets.create({ name, ...account });
  const received = await objects.contents.receive(bodyOf(''), 0, {});
  await objects.versions.put(await objects.buckets.get('full'), 'k', attributes, received);
  return {
    objects,
    received,
    /** A start, by as many lists of buckets as it takes. */
    async start() {
      left = Number.POSITIVE_INFINITY;
      reads = 0;
      const again = await openObjects(stores);
      return { again, reads };
    },
    endAfter: (commits: number) => (left = commits),
  };
}

test('a deletion that a crash cut short is ended at the next start, which looks at no other bucket', async () => {
  const { objects, received, start, endAfter } = await crashing();
  endAfter(1);
  await assert.rejects(objects.buckets.delete(await objects.buckets.get('empty')), /the process has ended/);
  const marked = await objects.buckets.get('empty');
  assert.equal(marked.deleting, true);
  await assert.rejects(objects.versions.put(marked, 'l', attributes, received), code('OperationAborted'));
  const { again, reads } = await start();
  assert.equal(await again.buckets.find('empty'), undefined);
  assert.equal(reads, 0);
  await again.versions.put(await again.buckets.get('full'), 'l', attributes, received);
});

// Versions before 0.2 left no note of the deletion.
test('a deletion that an earlier version began is ended with the lifecycle rules', async () => {
  const { objects, received } = await crashing();
  for (const name of ['empty', 'full']) {
    await objects.buckets.update(await objects.buckets.get(name), { deleting: true } as never);
  }
  await objects.applyLifecycle();
  assert.equal(await objects.buckets.find('empty'), undefined);
  await objects.versions.put(await objects.buckets.get('full'), 'l', attributes, received);
});
