import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Explanation } from '../policy/index.js';
import { under } from '../store/kv.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { Denials } from './denials.js';

const explanation = (summary: string, requestContext = {}) =>
  ({ summary, requestContext, policies: [], nearMisses: [] }) as unknown as Explanation;

test('a denial is found by its request id, at once and after a restart', async () => {
  const kv = openMemoryKv();
  const denials = new Denials(kv);
  denials.record({
    requestId: 'A',
    time: 1000,
    accounts: ['1'],
    explanations: [explanation('first'), explanation('second')],
  });
  assert.equal((await denials.find('A'))?.explanations?.length, 2);
  await denials.close();
  const found = await new Denials(kv).find('A');
  assert.deepEqual(found, {
    requestId: 'A',
    time: 1000,
    accounts: ['1'],
    explanations: [explanation('first'), explanation('second')],
  });
  assert.equal(await denials.find('B'), undefined);
});

test('what is too old or too many is forgotten, oldest first', async () => {
  const kv = openMemoryKv();
  const denials = new Denials(kv, { count: 3, bytes: 1e6, age: 1000 });
  for (const time of [1, 5000, 5001, 5002, 5003]) {
    denials.record({ requestId: `R${time}`, time, accounts: [], explanations: [explanation('no')] });
  }
  await denials.close();
  // A new server trims with its first denials.
  const restarted = new Denials(kv, { count: 3, bytes: 1e6, age: 1000 });
  restarted.record({ requestId: 'R5004', time: 5004, accounts: [], explanations: [explanation('no')] });
  await restarted.close();
  const kept = (await kv.list(under(['denial']))).map(({ key }) => key[1]);
  assert.deepEqual(kept, ['R5002', 'R5003', 'R5004']);
});

test('a store that refuses the trace does not fail the request', async () => {
  const kv = openMemoryKv();
  kv.commit = () => Promise.reject(new Error('disk full'));
  const denials = new Denials(kv);
  denials.record({ requestId: 'A', time: 1, accounts: [], explanations: [explanation('no')] });
  await denials.close();
  assert.equal(await denials.find('A'), undefined);
});

test('explanations of former records are read with what they know alike', async () => {
  const kv = openMemoryKv();
  const record = {
    requestId: 'A',
    time: 1,
    accounts: ['1'],
    context: { 'aws:UserAgent': 'x' },
    explanations: [explanation('no', { 's3:prefix': 'a' })],
  };
  await kv.commit([], [{ key: ['denial', 'A'], value: new TextEncoder().encode(JSON.stringify(record)) }]);
  const found = await new Denials(kv).find('A');
  assert.deepEqual(found?.explanations?.[0]?.requestContext, { 'aws:UserAgent': 'x', 's3:prefix': 'a' });
});

test('denials are bounded in bytes', async () => {
  const kv = openMemoryKv();
  const denials = new Denials(kv, { count: 1000, bytes: 100_000, age: 1e9 });
  for (let i = 0; i < 200; i++) {
    denials.record({
      requestId: `R${i}`,
      time: i,
      accounts: [],
      explanations: [explanation('x'.repeat(2000))],
    });
    if (i % 10 === 9) await denials.close();
  }
  await denials.close();
  const kept = await kv.list(under(['denial']));
  const size = kept.reduce((sum, { value }) => sum + value.length, 0);
  assert.ok(size < 120_000 && size > 50_000, `${size} bytes`);
  assert.equal(
    kept.some(({ key }) => key[1] === 'R199'),
    true,
  );
});
