import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKey } from '../../../objects/index.js';
import { openDamageableKv } from '../../../store/damage.test.support.js';
import { ValueDamaged } from '../../../store/kv.js';
import { bodyOf, openTestS3 } from '../testing.test.support.js';

test('a key that cannot be deleted is told beside the others, and what went wrong to the log', async () => {
  const kv = openDamageableKv();
  const heard: [error: unknown, requestId: string][] = [];
  const { send, objects } = await openTestS3({
    kv,
    failed: (error, { requestId }) => heard.push([error, requestId]),
  });
  const Bucket = 'bucket';
  await send('CreateBucket', { Bucket });
  await send('PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Enabled' } });
  for (const Key of ['a', 'b', 'c']) await send('PutObject', { Bucket, Key, Body: bodyOf('x') });
  const { id } = await objects.buckets.get(Bucket);
  await kv.damage(objectKey(id, 'b'));
  const input = { Bucket, Delete: { Objects: [{ Key: 'a' }, { Key: 'b' }, { Key: 'c' }] } };
  const answer = await send('DeleteObjects', input, { headers: { 'content-md5': 'x' } });
  const { Deleted, Errors } = answer as Record<string, { Key: string; Code?: string }[]>;
  assert.deepEqual(
    Deleted!.map(({ Key }) => Key),
    ['a', 'c'],
  );
  assert.deepEqual(
    Errors!.map(({ Key, Code }) => [Key, Code]),
    [['b', 'InternalError']],
  );
  assert.equal(heard.length, 1);
  assert.ok(heard[0]![0] instanceof ValueDamaged);
  assert.equal(heard[0]![1], 'TEST');
});
