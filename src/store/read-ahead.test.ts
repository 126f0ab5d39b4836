import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { openDamageableKv } from './damage.test.support.js';
import { type Key, type Kv, StoreUnavailable, ValueDamaged } from './kv.js';
import { openMemoryKv } from './memory/memory.js';
import { ReadAhead } from './read-ahead.js';

const KEYS: readonly Key[] = [
  ['identity', 'account'],
  ['bucket', 'b'],
  ['object', 'b', 'k'],
  ['content', 1],
];
const expected = () => ({ kinds: ['s3 GetObject'] });
const put = (kv: Kv, key: Key, value: string) => kv.commit([], [{ key, value: Buffer.from(value) }]);
const read = async (kv: Kv, key: Key) => (await kv.get(key))?.value.toString();

/** The store, and how many keys each of its reads asked for. */
function counted(store: Kv = openMemoryKv()) {
  const trips: number[] = [];
  const kv: Kv = {
    get: key => kv.getMany([key]).then(([entry]) => entry),
    getMany: keys => {
      trips.push(keys.length);
      return store.getMany(keys);
    },
    list: range => store.list(range),
    commit: (checks, writes) => store.commit(checks, writes),
    close: () => store.close(),
  };
  return { store: kv, trips };
}

let { store, trips } = counted();
let reads = new ReadAhead(store);
/** A request that looks at all of the keys, one after the other. */
const visit = (kv = reads.kv) =>
  reads.run(expected, async () => {
    const values: (string | undefined)[] = [];
    for (const key of KEYS) values.push(await read(kv, key));
    return values;
  });

beforeEach(async () => {
  ({ store, trips } = counted());
  reads = new ReadAhead(store, { isSteady: ([space]) => space === 'identity' });
  for (const key of KEYS) await put(store, key, 'first');
});

test('what two requests of a kind looked at, the third reads in one round trip', async () => {
  await visit();
  await visit();
  assert.deepEqual(trips.splice(0), [1, 1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(await visit(), ['first', 'first', 'first', 'first']);
  assert.deepEqual(trips.splice(0), [4]);
  await reads.run(
    () => ({ kinds: ['kms Decrypt'] }),
    () => read(reads.kv, KEYS[1]!),
  );
  assert.deepEqual(trips, [1], 'a request of another kind');
});

test('what is expected is read along from the first request on', async () => {
  const values = await reads.run(
    () => ({ kinds: ['new'], keys: KEYS }),
    async () => [await read(reads.kv, ['absent']), await read(reads.kv, KEYS[2]!)],
  );
  assert.deepEqual([values, trips], [[undefined, 'first'], [5]]);
});

test('many keys at once come from what was read ahead and from the store, in their order', async () => {
  await visit();
  await visit();
  trips.length = 0;
  const entries = await reads.run(expected, async () => {
    await reads.kv.get(KEYS[0]!);
    return await reads.kv.getMany([['absent'], KEYS[3]!, ['identity', 'other'], KEYS[1]!]);
  });
  assert.deepEqual(
    entries.map(entry => entry?.value.toString()),
    [undefined, 'first', undefined, 'first'],
  );
  assert.deepEqual(trips, [4, 2]);
});

test('each request sees what was written before it', async () => {
  for (let round = 0; round < 5; round++) {
    for (const key of KEYS) await put(store, key, `${round}`);
    assert.deepEqual(
      await visit(),
      KEYS.map(() => `${round}`),
    );
  }
});

test('who looks again sees how it is by then, but for what is the same for a whole request', async () => {
  await visit();
  await visit();
  await reads.run(expected, async () => {
    assert.equal(await read(reads.kv, KEYS[0]!), 'first');
    assert.equal(await read(reads.kv, KEYS[1]!), 'first');
    for (const key of KEYS) await put(store, key, 'second');
    const again = await Promise.all(KEYS.map(key => read(reads.kv, key)));
    assert.deepEqual(again, ['first', 'second', 'first', 'first']);
    assert.equal(await read(reads.kv, KEYS[2]!), 'second');
  });
});

test('from its first commit on, a request reads the store', async () => {
  await visit();
  await visit();
  await reads.run(expected, async () => {
    await read(reads.kv, KEYS[0]!);
    for (const key of KEYS.slice(1)) await put(store, key, 'second');
    await put(reads.kv, KEYS[0]!, 'second');
    for (const key of KEYS) assert.equal(await read(reads.kv, key), 'second');
  });
});

test('what was read ahead grows old', async () => {
  reads = new ReadAhead(store, { fresh: 0 });
  await visit();
  await visit();
  await reads.run(expected, async () => {
    await read(reads.kv, KEYS[0]!);
    await put(store, KEYS[1]!, 'second');
    assert.equal(await read(reads.kv, KEYS[1]!), 'second');
  });
});

test('what a request leaves behind reads the store once the request has ended', async () => {
  await visit();
  await visit();
  let later: Promise<string | undefined> | undefined;
  let end: () => void = () => undefined;
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  await reads.run(expected, async () => {
    await read(reads.kv, KEYS[0]!);
    later = ended.then(() => read(reads.kv, KEYS[0]!));
  });
  await put(store, KEYS[0]!, 'second');
  end();
  assert.equal(await later, 'second');
});

test('a damaged row fails only who looks at it', async () => {
  const damageable = openDamageableKv();
  for (const key of KEYS) await put(damageable, key, 'first');
  reads = new ReadAhead(damageable);
  await visit();
  await visit();
  await damageable.damage(KEYS[3]!);
  await reads.run(expected, async () => {
    assert.equal(await read(reads.kv, KEYS[0]!), 'first');
    assert.equal(await read(reads.kv, KEYS[2]!), 'first');
    await assert.rejects(read(reads.kv, KEYS[3]!), ValueDamaged);
  });
});

test('an expected key that cannot be stored does no harm', async () => {
  const keys: Key[] = [['x'.repeat(3000)]];
  const value = await reads.run(
    () => ({ kinds: ['long'], keys }),
    () => read(reads.kv, KEYS[0]!),
  );
  assert.equal(value, 'first');
});

test('a store that is away is asked once', async () => {
  const { store: away, trips: asked } = counted({
    ...openMemoryKv(),
    getMany: async () => {
      throw new StoreUnavailable('away');
    },
  });
  reads = new ReadAhead(away);
  await assert.rejects(visit(), StoreUnavailable);
  assert.deepEqual(asked, [1]);
});

test('whatever goes on meanwhile, a request reads nothing older than its beginning', async () => {
  const anyLooks = fc.array(fc.nat(KEYS.length - 1), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(anyLooks, { minLength: 3, maxLength: 12 }), async requests => {
      const memory = openMemoryKv();
      const ahead = new ReadAhead(memory, { isSteady: ([space]) => space === 'identity' });
      const versionOf = async (kv: Kv, index: number) => (await kv.get(KEYS[index]!))?.version ?? 0;
      const request = async (looks: readonly number[]) => {
        const before = await Promise.all(KEYS.map((_, index) => versionOf(memory, index)));
        await ahead.run(expected, async () => {
          for (const index of looks) {
            assert.ok((await versionOf(ahead.kv, index)) >= before[index]!);
            await put(index % 2 === 0 ? memory : ahead.kv, KEYS[(index + 1) % KEYS.length]!, 'x');
          }
        });
      };
      for (let start = 0; start < requests.length; start += 3)
        await Promise.all(requests.slice(start, start + 3).map(request));
    }),
    { numRuns: 50 },
  );
});
