import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { BlobDamaged } from '../store/blobs.js';
import { openMemoryKv } from '../store/memory.js';
import { OwnKeys } from './own-keys.js';

const [first, second] = [randomBytes(32), randomBytes(32)];

test('a data key opens for its owner, in every process, and after the root key was replaced', async () => {
  const kv = openMemoryKv();
  const processes = [new OwnKeys(kv, first), new OwnKeys(kv, first)] as const;
  const [one, two] = await Promise.all(processes.map(keys => keys.create('owner')));
  assert.ok((await processes[1].open('owner', one!.wrapped)).equals(one!.dataKey));
  assert.ok((await processes[0].open('owner', two!.wrapped)).equals(two!.dataKey));
  await assert.rejects(processes[0].open('another', one!.wrapped), BlobDamaged);
  const rotated = new OwnKeys(kv, second, [first]);
  assert.ok((await rotated.open('owner', one!.wrapped)).equals(one!.dataKey));
  assert.equal(await rotated.reseal(), 1);
  assert.equal(await rotated.reseal(), 0);
  assert.ok((await new OwnKeys(kv, second).open('owner', one!.wrapped)).equals(one!.dataKey));
  await assert.rejects(new OwnKeys(kv, first).open('owner', one!.wrapped), BlobDamaged);
  assert.equal(await new OwnKeys(openMemoryKv(), first).reseal(), 0);
});
