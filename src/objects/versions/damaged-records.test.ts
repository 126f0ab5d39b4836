/** What can still be done with keys under which a record is damaged, and what is done to no version that is whole. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { openDamageableKv } from '../../store/damage.test.support.js';
import { ValueDamaged } from '../../store/kv.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import {
  type Bucket,
  type BucketSettings,
  contentKey,
  everyEntry,
  keyStateKey,
  type ListOptions,
  type ObjectRecord,
  objectKey,
  openObjects,
  partKey,
  uploadKey,
  versionKey,
} from '../index.js';
import { bodyOf, code, wholeOf } from '../testing.test.support.js';

const START = 1_700_000_000_000;
const attributes = { headers: {}, metadata: [] };

async function opened(settings: BucketSettings = {}) {
  const clock = new ManualClock(START);
  const kv = openDamageableKv();
  const objects = await openObjects({
    kv,
    blobs: openMemoryBlobs(() => clock.now()),
    clock,
    inlineLimit: 4,
  });
  const owner = { owner: '111122223333', partition: 'aws', region: 'us-east-1' };
  await objects.buckets.create({ name: 'bucket', ...owner, ...settings });
  let bucket = await objects.buckets.get('bucket');
  return {
    clock,
    kv,
    objects,
    versions: objects.versions,
    bucket: (): Bucket => bucket,
    async set(change: Partial<BucketSettings>) {
      await objects.buckets.update(bucket, change);
      bucket = await objects.buckets.get('bucket');
    },
    async put(key: string, body: string, conditions = {}): Promise<ObjectRecord> {
      const received = await objects.contents.receive(bodyOf(body), body.length, {});
      return objects.versions.put(bucket, key, attributes, received, conditions);
    },
    async get(key: string, id?: string): Promise<string | undefined> {
      const version = await objects.versions.find(bucket, key, id);
      if (!version || version.marker) return undefined;
      return String(await wholeOf(await objects.contents.read(bucket.id, version)));
    },
    /** The ids of a key's versions, or `marker`, the newest first. */
    async history(key: string): Promise<string[]> {
      const { entries } = await objects.listVersions(bucket, { prefix: key, limit: 100 });
      return entries.map(entry => {
        assert.ok('item' in entry);
        const { version } = entry.item;
        return version.marker ? 'marker' : version.isNull ? 'null' : version.id;
      });
    },
  };
}

const damagedAt = (name: RegExp) => (error: unknown) =>
  error instanceof ValueDamaged && name.test(error.message);

suite('without versioning', () => {
  test('a damaged object is put again', async () => {
    const { kv, bucket, put, get } = await opened();
    await put('k', 'the body before');
    await kv.damage(objectKey(bucket().id, 'k'));
    await assert.rejects(get('k'), ValueDamaged);
    await put('k', 'the body now');
    assert.equal(await get('k'), 'the body now');
  });

  test('a damaged object is deleted, by its key or as the null version', async () => {
    const { kv, versions, bucket, put, get } = await opened();
    for (const id of [undefined, 'null']) {
      await put('k', 'body');
      await kv.damage(objectKey(bucket().id, 'k'));
      if (id) await versions.deleteVersion(bucket(), 'k', id);
      else await versions.delete(bucket(), 'k');
      assert.equal(await get('k'), undefined);
    }
  });

  test('conditions are not met by what cannot be read', async () => {
    const { kv, versions, bucket, put, get } = await opened();
    const { etag } = await put('k', 'body');
    await kv.damage(objectKey(bucket().id, 'k'));
    await assert.rejects(put('k', 'new', { ifMatch: etag }), ValueDamaged);
    await assert.rejects(put('k', 'new', { ifNoneMatch: '*' }), ValueDamaged);
    await assert.rejects(versions.delete(bucket(), 'k', { ifMatch: etag }), ValueDamaged);
    await assert.rejects(versions.deleteVersion(bucket(), 'k', 'null', { ifMatch: etag }), ValueDamaged);
    await assert.rejects(
      versions.update(bucket(), 'k', undefined, now => now),
      ValueDamaged,
    );
    await assert.rejects(get('k'), ValueDamaged);
  });

  test('whoever is told of events hears of it', async () => {
    const { kv, objects, versions, bucket, set, put } = await opened();
    await set({
      notifications: {
        rules: [
          { id: 'r', destination: 'arn:aws:sqs:us-east-1:111122223333:q', events: ['s3:ObjectRemoved:*'] },
        ],
        bridge: false,
      },
    });
    await put('k', 'body');
    await kv.damage(objectKey(bucket().id, 'k'));
    const origin = { requestId: 'r', principalId: 'p', requester: 'p', sourceIp: '::1' };
    await versions.delete(bucket(), 'k', { cause: { event: 'ObjectRemoved', origin } });
    const [destination] = await objects.outbox.destinations();
    const waiting = await objects.outbox.waiting(destination!, undefined, 10, () => assert.fail());
    assert.deepEqual(
      waiting.map(({ event }) => [event.event, event.key, event.versionId]),
      [['ObjectRemoved:Delete', 'k', undefined]],
    );
  });

  test('an object whose list of parts is damaged is put again', async () => {
    const { kv, objects, bucket, put, get } = await opened();
    const { id } = await objects.uploads.create(bucket(), 'k', { ...attributes, initiator: 'i' });
    const { etag } = await objects.uploads.putPart(bucket(), 'k', id, 1, bodyOf('part'), 4, {});
    const parts = [{ number: 1, etag }];
    const made = await objects.uploads.complete(bucket(), 'k', id, { parts }, {});
    await kv.damage(contentKey(bucket().id, made.id));
    await assert.rejects(get('k'), ValueDamaged);
    await put('k', 'now');
    assert.equal(await get('k'), 'now');
  });

  test('a bucket that holds a damaged object is not empty, and is once that is deleted', async () => {
    const { kv, objects, versions, bucket, put } = await opened();
    await put('k', 'body');
    await kv.damage(objectKey(bucket().id, 'k'));
    await assert.rejects(objects.buckets.delete(bucket()), code('BucketNotEmpty'));
    await versions.delete(bucket(), 'k');
    await objects.buckets.delete(bucket());
  });
});

suite('a listing', () => {
  async function damagedBucket() {
    const world = await opened();
    for (const key of ['a', 'b', 'c/1', 'c/2', 'd', 'e']) await world.put(key, key);
    for (const key of ['b', 'c/1', 'd']) await world.kv.damage(objectKey(world.bucket().id, key));
    const list = (options: Partial<ListOptions>) =>
      world.objects.list(world.bucket(), { limit: 10, ...options });
    const shown = async (options: Partial<ListOptions>) =>
      (await list(options)).entries.map(entry => ('prefix' in entry ? entry.prefix : entry.key));
    return { ...world, list, shown };
  }

  test('fails where it would leave a key out, and names every one of the page', async () => {
    const { list, objects, bucket } = await damagedBucket();
    await assert.rejects(list({}), damagedAt(/bucket bucket .*"b", "c\/1", "d"$/));
    await assert.rejects(list({ limit: 2 }), damagedAt(/"b"$/));
    await assert.rejects(objects.listVersions(bucket(), { limit: 10 }), damagedAt(/"b", "c\/1", "d"$/));
  });

  test('goes on before and behind it, and where it is folded into a prefix', async () => {
    const { shown } = await damagedBucket();
    assert.deepEqual(await shown({ limit: 1 }), ['a']);
    assert.deepEqual(await shown({ after: 'd' }), ['e']);
    assert.deepEqual(await shown({ after: 'b', delimiter: '/', limit: 1 }), ['c/']);
    assert.deepEqual(await shown({ prefix: 'c/', after: 'c/1' }), ['c/2']);
  });

  test('leaves it out for those who hear of it', async () => {
    const { list } = await damagedBucket();
    const damaged: string[] = [];
    const found: string[] = [];
    const pages = (options: ListOptions) => list({ ...options, limit: 2, damaged: key => damaged.push(key) });
    for await (const { key } of everyEntry(pages)) found.push(key);
    assert.deepEqual(found, ['a', 'c/2', 'e']);
    assert.deepEqual(new Set(damaged), new Set(['b', 'c/1', 'd']));
  });

  test('is whole again once they are put or deleted', async () => {
    const { versions, bucket, put, shown } = await damagedBucket();
    await put('b', 'anew');
    for (const key of ['c/1', 'd']) await versions.delete(bucket(), key);
    assert.deepEqual(await shown({}), ['a', 'b', 'c/2', 'e']);
  });
});

suite('with versioning', () => {
  /** Three versions: the first a null version, the last damaged. */
  async function damagedCurrent(versioning: 'Enabled' | 'Suspended' = 'Enabled') {
    const world = await opened();
    await world.put('k', 'null');
    await world.set({ versioning: 'Enabled' });
    const middle = await world.put('k', 'the middle one');
    const last = await world.put('k', 'the last one');
    await world.set({ versioning });
    await world.kv.damage(objectKey(world.bucket().id, 'k'));
    return { ...world, middle: middle.id, last: last.id };
  }

  for (const versioning of ['Enabled', 'Suspended'] as const) {
    test(`${versioning}: a version that would have to be kept is not replaced`, async () => {
      const { versions, bucket, put, get, middle } = await damagedCurrent(versioning);
      await assert.rejects(put('k', 'new'), ValueDamaged);
      await assert.rejects(versions.delete(bucket(), 'k'), ValueDamaged);
      await assert.rejects(get('k'), ValueDamaged);
      await assert.rejects(
        versions.update(bucket(), 'k', undefined, now => now),
        ValueDamaged,
      );
      assert.equal(await get('k', middle), 'the middle one');
      assert.equal(await get('k', 'null'), 'null');
      await versions.update(bucket(), 'k', middle, now => ({ ...now, tags: [['a', 'b']] }));
    });

    test(`${versioning}: by its id it is deleted, and the one before is current`, async () => {
      const { versions, bucket, put, get, history, middle, last } = await damagedCurrent(versioning);
      await versions.deleteVersion(bucket(), 'k', last);
      assert.deepEqual(await history('k'), [middle, 'null']);
      assert.equal(await get('k'), 'the middle one');
      assert.equal(await get('k', 'null'), 'null');
      await put('k', 'new');
      assert.equal(await get('k'), 'new');
    });
  }

  test('others of the key are deleted beside it', async () => {
    const { versions, bucket, history, middle, last } = await damagedCurrent();
    await versions.deleteVersion(bucket(), 'k', 'null');
    await versions.deleteVersion(bucket(), 'k', '0'.repeat(32));
    await versions.deleteVersion(bucket(), 'k', last);
    assert.deepEqual(await history('k'), [middle]);
  });

  test('a null version that is replaced need not be whole', async () => {
    const { kv, versions, bucket, set, put, get, history } = await opened({ versioning: 'Enabled' });
    const { id } = await put('k', 'with an id');
    await set({ versioning: 'Suspended' });
    await put('k', 'null');
    await kv.damage(objectKey(bucket().id, 'k'));
    await put('k', 'null again');
    assert.deepEqual(await history('k'), ['null', id]);
    assert.equal(await get('k'), 'null again');
    await kv.damage(objectKey(bucket().id, 'k'));
    await versions.delete(bucket(), 'k');
    assert.deepEqual(await history('k'), ['marker', id]);
  });

  test('a null version among the others that is replaced need not be whole', async () => {
    const { kv, bucket, set, put, history } = await opened();
    const { id } = await put('k', 'null');
    await set({ versioning: 'Enabled' });
    const kept = await put('k', 'with an id');
    await set({ versioning: 'Suspended' });
    await kv.damage(versionKey(bucket().id, 'k', id));
    await put('k', 'null again');
    assert.deepEqual(await history('k'), ['null', kept.id]);
  });

  test('one among the others is deleted by its id, and nothing else', async () => {
    const { kv, versions, bucket, put, get, history } = await opened({ versioning: 'Enabled' });
    const [first, second, third] = [await put('k', '1'), await put('k', '2'), await put('k', '3')];
    await kv.damage(versionKey(bucket().id, 'k', second.id));
    await assert.rejects(history('k'), damagedAt(/"k"$/));
    await assert.rejects(get('k', second.id), ValueDamaged);
    // It would become current.
    await assert.rejects(versions.deleteVersion(bucket(), 'k', third.id), ValueDamaged);
    assert.equal(await get('k'), '3');
    await versions.deleteVersion(bucket(), 'k', second.id);
    assert.deepEqual(await history('k'), [third.id, first.id]);
  });

  test('a damaged delete marker is deleted by its id, and the object is back', async () => {
    const { kv, versions, bucket, put, get, history } = await opened({ versioning: 'Enabled' });
    const { id } = await put('k', 'body');
    const { version } = await versions.delete(bucket(), 'k');
    await kv.damage(versionKey(bucket().id, 'k', version!.id));
    await versions.deleteVersion(bucket(), 'k', version!.id);
    assert.equal(await get('k'), 'body');
    assert.deepEqual(await history('k'), [id]);
  });

  test('what may be locked is not deleted', async () => {
    const { kv, versions, bucket, put } = await opened({ versioning: 'Enabled', objectLock: {} });
    const [first, second] = [await put('k', '1'), await put('k', '2')];
    await kv.damage(objectKey(bucket().id, 'k'));
    await kv.damage(versionKey(bucket().id, 'k', first.id));
    for (const { id } of [first, second])
      await assert.rejects(
        versions.deleteVersion(bucket(), 'k', id, { bypassGovernance: true }),
        ValueDamaged,
      );
  });

  test('the state of a key follows from its versions', async () => {
    for (const change of ['put', 'delete', 'delete version'] as const) {
      const { kv, versions, bucket, set, put, get, history } = await opened();
      await put('k', 'null');
      await set({ versioning: 'Enabled' });
      const { id } = await put('k', 'with an id');
      await versions.delete(bucket(), 'k');
      await kv.damage(keyStateKey(bucket().id, 'k'));
      assert.equal(await get('k'), undefined);
      assert.equal(await get('k', 'null'), 'null');
      if (change === 'put') {
        const now = await put('k', 'now');
        assert.deepEqual(await history('k'), [now.id, 'marker', id, 'null']);
      } else if (change === 'delete') {
        await versions.delete(bucket(), 'k');
        assert.deepEqual(await history('k'), ['marker', 'marker', id, 'null']);
      } else {
        await versions.deleteVersion(bucket(), 'k', 'null');
        assert.deepEqual(await history('k'), ['marker', id]);
      }
      await set({ versioning: 'Suspended' });
      await put('k', 'another null');
      assert.equal(await get('k', 'null'), 'another null');
      assert.equal((await history('k')).filter(name => name === 'null').length, 1);
    }
  });
});

suite('what goes through a whole bucket', () => {
  test('lifecycle rules leave damaged keys, do the rest, and tell of it', async () => {
    const { clock, kv, objects, bucket, set, put, get } = await opened();
    const rule = { id: 'r', enabled: true, filter: {}, expiration: { days: 1 }, abortUploadsAfter: 1 };
    await set({ lifecycle: [rule] });
    for (const key of ['a', 'b', 'c']) await put(key, key);
    const begun = { ...attributes, initiator: 'i' };
    const whole = await objects.uploads.create(bucket(), 'u', begun);
    const broken = await objects.uploads.create(bucket(), 'u', begun);
    await kv.damage(objectKey(bucket().id, 'b'));
    await kv.damage(uploadKey(bucket().id, 'u', broken.id));
    clock.advance(3 * 24 * 3600);
    await assert.rejects(objects.applyLifecycle(), damagedAt(/"b", "u"$/));
    assert.deepEqual([await get('a'), await get('c')], [undefined, undefined]);
    await assert.rejects(get('b'), ValueDamaged);
    assert.equal(await objects.uploads.find(bucket(), 'u', whole.id), undefined);
    await objects.uploads.abort(bucket(), 'u', broken.id);
    await assert.rejects(objects.uploads.abort(bucket(), 'u', broken.id), code('NoSuchUpload'));
  });

  test('an upload with damaged parts takes them anew, is aborted, and goes with its bucket', async () => {
    const { kv, objects, bucket } = await opened();
    const begin = async () => {
      const { id } = await objects.uploads.create(bucket(), 'u', { ...attributes, initiator: 'i' });
      await objects.uploads.putPart(bucket(), 'u', id, 1, bodyOf('part'), 4, {});
      await kv.damage(partKey(id, 1));
      return id;
    };
    const retried = await begin();
    const { etag } = await objects.uploads.putPart(bucket(), 'u', retried, 1, bodyOf('anew'), 4, {});
    await objects.uploads.complete(bucket(), 'u', retried, { parts: [{ number: 1, etag }] }, {});
    const aborted = await begin();
    await objects.uploads.abort(bucket(), 'u', aborted);
    const left = await begin();
    await kv.damage(uploadKey(bucket().id, 'u', left));
    await objects.versions.delete(bucket(), 'u');
    await objects.buckets.delete(bucket());
    for (const table of ['upload', 'part'])
      assert.deepEqual(await kv.list({ start: [table], end: [table, 'z'] }), []);
  });
});
