import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../core/clock.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { code } from '../testing.test.support.js';
import { Buckets } from './buckets.js';

// "General purpose bucket quotas", S3 User Guide.
test('an account has its buckets and no more; another account has its own', async () => {
  const nothing = { isEmpty: async () => true, clear: async () => undefined };
  const buckets = new Buckets(openMemoryKv(), new ManualClock(0), nothing, 200);
  const made = (name: string, owner: string) =>
    buckets.create({ name, owner, partition: 'aws', region: 'us-east-1' });
  for (let i = 0; i < 200; i++) await made(`b${i}`, '111122223333');
  await assert.rejects(made('one-more', '111122223333'), code('TooManyBuckets', 400));
  await made('other', '444455556666');
  await buckets.delete(await buckets.get('b100'));
  await made('one-more', '111122223333');
  await assert.rejects(made('two-more', '111122223333'), code('TooManyBuckets', 400));
});
