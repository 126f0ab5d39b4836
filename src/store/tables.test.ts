import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kv } from './kv.js';
import { openMemoryKv } from './memory/memory.js';
import { Database, type Owner, type Transaction, table } from './tables.js';

const owner: Owner = { space: 'identity', contended: () => new Error('too many writers') };

const counters = table<{ n: number }>('counter');
const others = table<string>('other');

async function increment(transaction: Transaction): Promise<number> {
  const { n } = (await transaction.get(counters, 'a')) ?? { n: 0 };
  transaction.put(counters, ['a'], { n: n + 1 });
  return n + 1;
}

test('a record is decoded once as long as it is unchanged', async () => {
  const db = new Database(openMemoryKv(), owner);
  await db.put(counters, ['a'], { n: 1 });
  const first = await db.get(counters, 'a');
  assert.equal(await db.get(counters, 'a'), first);
  await db.put(counters, ['a'], { n: 2 });
  assert.deepEqual(await db.get(counters, 'a'), { n: 2 });
  await db.put(counters, ['a'], undefined);
  assert.equal(await db.get(counters, 'a'), undefined);
});

test('rows are listed in order, from behind a row, up to a limit, of their prefix alone', async () => {
  const db = new Database(openMemoryKv(), owner);
  for (const parts of [
    ['x', 'b'],
    ['x', 'a'],
    ['x', 'a', 'deep'],
    ['x', 'c'],
    ['y', 'a'],
  ]) {
    await db.put(others, parts, parts.join('/'));
  }
  const values = async (...list: Parameters<Database['list']>) =>
    (await db.list(...list)).map(row => row.value as string);
  assert.deepEqual(await values(others, ['x']), ['x/a', 'x/a/deep', 'x/b', 'x/c']);
  assert.deepEqual(await values(others, ['x'], { after: ['x', 'a'] }), ['x/b', 'x/c']);
  assert.deepEqual(await values(others, ['x'], { after: ['x', 'a'], limit: 1 }), ['x/b']);
  assert.deepEqual((await db.list(others, ['y']))[0], { parts: ['y', 'a'], value: 'y/a' });
});

test('concurrent transactions of several processes lose nothing', async () => {
  const kv = openMemoryKv();
  const processes = [new Database(kv, owner), new Database(kv, owner), new Database(kv, owner)];
  const runs = Array.from({ length: 30 }, (_, index) => processes[index % 3]!.transact('line', increment));
  const results = await Promise.all(runs);
  assert.deepEqual(
    results.sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  assert.deepEqual(await processes[0]!.get(counters, 'a'), { n: 30 });
});

test('a transaction sees its own writes', async () => {
  const db = new Database(openMemoryKv(), owner);
  await db.transact('line', async transaction => {
    transaction.put(counters, ['a'], { n: 5 });
    assert.deepEqual(await transaction.get(counters, 'a'), { n: 5 });
    transaction.delete(counters, 'a');
    assert.equal(await transaction.get(counters, 'a'), undefined);
  });
  assert.equal(await db.get(counters, 'a'), undefined);
});

test('a transaction that throws writes nothing and lets the next one run', async () => {
  const db = new Database(openMemoryKv(), owner);
  const failing = db.transact('line', async transaction => {
    transaction.put(counters, ['a'], { n: 9 });
    throw new Error('refused');
  });
  const next = db.transact('line', increment);
  await assert.rejects(failing, /refused/);
  assert.equal(await next, 1);
});

test('a transaction that others always overtake is told so', async () => {
  const memory = openMemoryKv();
  const kv: Kv = {
    get: key => memory.get(key),
    getMany: keys => memory.getMany(keys),
    list: range => memory.list(range),
    commit: async () => false,
    close: () => memory.close(),
  };
  await assert.rejects(new Database(kv, owner).transact('line', increment), /too many writers/);
});
