import assert from 'node:assert/strict';
import { hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { seal } from '../../crypto/sealing.js';
import { BlobDamaged } from '../../store/blobs.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { unwrapKey } from './encryption.js';
import { OwnKeys } from './own-keys.js';

const [first, second] = [randomBytes(32), randomBytes(32)];

test('a data key opens in every process, and after the root key was replaced', async () => {
  const kv = openMemoryKv();
  const processes = [new OwnKeys(kv, first), new OwnKeys(kv, first)] as const;
  const [one, two] = await Promise.all(processes.map(keys => keys.create()));
  assert.ok((await processes[1].open('', one!.encryption)).equals(one!.dataKey));
  assert.ok((await processes[0].open('', two!.encryption)).equals(two!.dataKey));
  assert.equal(one!.dataKey.equals(two!.dataKey), false);
  const rotated = new OwnKeys(kv, second, [first]);
  assert.ok((await rotated.open('', one!.encryption)).equals(one!.dataKey));
  assert.equal(await rotated.reseal(), 1);
  assert.equal(await rotated.reseal(), 0);
  assert.ok((await new OwnKeys(kv, second).open('', one!.encryption)).equals(one!.dataKey));
  await assert.rejects(new OwnKeys(kv, first).open('', one!.encryption), BlobDamaged);
  assert.equal(await new OwnKeys(openMemoryKv(), first).reseal(), 0);
});

test('a data key that was wrapped for its object still opens, for that object alone', async () => {
  const kv = openMemoryKv();
  // The engine's own key as it is stored, to wrap as earlier versions did.
  await new OwnKeys(kv, first).create();
  const wrapping = Buffer.from(hkdfSync('sha256', first, '', 'karikagi object encryption', 32));
  const stored = await kv.get(['object-encryption-key']);
  const own = unwrapKey(wrapping, stored!.value, 'object-encryption-key');
  const dataKey = randomBytes(32);
  const wrapped = seal(own, dataKey, 'bucket/key');
  const keys = new OwnKeys(kv, first);
  await assert.rejects(keys.open('bucket/other', { kind: 'AES256', wrapped }), BlobDamaged);
  assert.ok((await keys.open('bucket/key', { kind: 'AES256', wrapped })).equals(dataKey));
});
