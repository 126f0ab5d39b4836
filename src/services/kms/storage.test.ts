import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CreateKeyResponse, DecryptResponse, EncryptResponse } from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { until } from '../../../test/support/until.js';
import { Chores } from '../../core/chores.js';
import { Unsealable } from '../../crypto/sealing.js';
import { canonicalContext, open, readHeader, seal } from '../../kms/ciphertext.js';
import { KmsKeyring, materialId } from '../../kms/keyring.js';
import { bytes, describe, newKey, openKmsWorld, ROOT_KEY } from '../../kms/kms.test.support.js';
import { under } from '../../store/kv.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { refusal, run } from '../harness.test.support.js';
import { kmsService, openKms, startSweeping } from './index.js';

const MATERIAL = Buffer.alloc(32, 7);
const KEY = '1234abcd-12ab-34cd-56ef-1234567890ab';
const HEADER = { account: '000011112222', keyId: KEY, material: 'ab'.repeat(16) };

test('a ciphertext of format 1, as it was made once, still opens', () => {
  const blob = Buffer.from(
    'AQAAAKmPHhI0q80SqzTNVu8SNFZ4kKsAq6urq6urq6urq6urq6urqxkPKJET1R3OA7AEO2INUgDInJBrZcJAbfQ7SdcTZa0ACr1B1N6/jHdxfjtHw/0Z+ycgfiIR',
    'base64',
  );
  assert.deepEqual(readHeader(blob), HEADER);
  const context = canonicalContext([['purpose', 'test']]);
  assert.equal(open(blob, MATERIAL, context)?.toString(), 'made once');
});

test('a ciphertext names its key; other bytes are none', () => {
  const multiRegion = { ...HEADER, keyId: `mrk-${'0f'.repeat(16)}`, account: '999999999999' };
  for (const header of [HEADER, multiRegion]) {
    const blob = seal(header, MATERIAL, Buffer.alloc(0), bytes('x'));
    assert.deepEqual(readHeader(blob), header);
    assert.equal(blob.length, 84 + 1);
    assert.equal(open(blob, Buffer.alloc(32, 8), Buffer.alloc(0)), undefined);
    assert.equal(readHeader(blob.subarray(0, 83)), undefined);
    assert.equal(readHeader(Buffer.concat([Buffer.of(2), blob.subarray(1)])), undefined);
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), noise => void readHeader(noise)));
});

test('two encryption contexts read the same only if they are the same, whatever their order', () => {
  const pairs = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 })), {
    maxLength: 3,
  });
  const normal = (context: readonly (readonly [string, string])[]) =>
    JSON.stringify([...new Map(context)].sort(([a], [b]) => Buffer.from(a).compare(Buffer.from(b))));
  fc.assert(
    fc.property(pairs, pairs, (one, other) => {
      const [a, b] = [[...new Map(one)], [...new Map(other)]];
      const same = canonicalContext(a).equals(canonicalContext(b));
      assert.equal(same, normal(a) === normal(b));
      assert.deepEqual(canonicalContext([...a].reverse()), canonicalContext(a));
    }),
  );
});

test('key material is wrapped in the store, under the root key and for its key only', async () => {
  const kv = openMemoryKv();
  const kms = await openKmsWorld('aws', kv);
  const { KeyId, CurrentKeyMaterialId } = await newKey(kms);
  const record = (await kms.kms.keys.find('111122223333', 'us-east-1', KeyId))!;
  const [material] = record.materials;
  const secret = await kms.kms.keys.withSecret(record, material!, bytesOf => Buffer.from(bytesOf));
  assert.equal(secret.length, 32);
  assert.equal(materialId(KeyId, secret), CurrentKeyMaterialId);
  for (const { value } of await kv.list(under(['kms'])))
    assert.equal(Buffer.from(value).includes(secret), false);
  const elsewhere = { ...record, id: KEY };
  await assert.rejects(
    kms.kms.keys.withSecret(elsewhere, material!, () => 0),
    Unsealable,
  );
});

test('a lent secret is wiped when the work is done, also where it fails', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  const record = (await kms.kms.keys.find('111122223333', 'us-east-1', KeyId))!;
  let lent: Buffer | undefined;
  await assert.rejects(
    kms.kms.keys.withSecret(record, record.materials[0]!, async secret => {
      lent = secret;
      throw new Error('failed');
    }),
    /failed/,
  );
  assert.deepEqual(lent, Buffer.alloc(32));
});

test('those who work with a secret at once share it, and the last of them has it wiped', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  const record = (await kms.kms.keys.find('111122223333', 'us-east-1', KeyId))!;
  const lent: Buffer[] = [];
  const ends: (() => void)[] = [];
  const borrow = () =>
    kms.kms.keys.withSecret(record, record.materials[0]!, secret => {
      lent.push(secret);
      return new Promise<void>(resolve => ends.push(resolve));
    });
  const works = [borrow(), borrow()];
  assert.equal(lent[0], lent[1]);
  ends[0]!();
  await works[0];
  assert.notDeepEqual(lent[1], Buffer.alloc(32));
  ends[1]!();
  await works[1];
  assert.deepEqual(lent[1], Buffer.alloc(32));
  const later = borrow();
  assert.notEqual(lent[2], lent[0]);
  ends[2]!();
  await later;
});

test('keys survive a restart; with another root key they do not open, with the former one beside it they do', async () => {
  const kv = openMemoryKv();
  const kms = await openKmsWorld('aws', kv);
  const { KeyId } = await newKey(kms);
  const { CiphertextBlob } = await kms.call<EncryptResponse>(kms.root, 'Encrypt', {
    KeyId,
    Plaintext: bytes('kept'),
  });
  const decryptWith = async (rootKey: Uint8Array, formerRootKeys?: Uint8Array[]) => {
    const { principals } = kms.world.identity;
    const again = await openKms({
      kv,
      rootKey,
      ...(formerRootKeys && { formerRootKeys }),
      clock: kms.world.clock,
      principals,
    });
    return await run<DecryptResponse>(kms.world, kmsService({ kms: again }), kms.root, 'Decrypt', {
      CiphertextBlob,
    });
  };
  const other = new Uint8Array(32).fill(1);
  assert.equal(Buffer.from((await decryptWith(ROOT_KEY)).Plaintext!).toString(), 'kept');
  await assert.rejects(decryptWith(other), Unsealable);
  assert.equal(Buffer.from((await decryptWith(other, [ROOT_KEY])).Plaintext!).toString(), 'kept');
  assert.throws(() => new KmsKeyring(new Uint8Array(31)), RangeError);
});

test('sealed anew under another root key, keys open without the former one', async () => {
  const kv = openMemoryKv();
  const before = await openKmsWorld('aws', kv);
  const keys = await Promise.all(Array.from({ length: 3 }, () => newKey(before)));
  await before.call(before.root, 'RotateKeyOnDemand', { KeyId: keys[0]!.KeyId });
  const sealed = await Promise.all(
    keys.map(({ KeyId }) =>
      before.call<EncryptResponse>(before.root, 'Encrypt', { KeyId, Plaintext: bytes('kept') }),
    ),
  );
  const rootKey = new Uint8Array(32).fill(1);
  const { clock, identity } = before.world;
  const options = { kv, rootKey, clock, principals: identity.principals };
  const after = await openKms({ ...options, formerRootKeys: [ROOT_KEY] });
  const { signal } = new AbortController();
  assert.equal(await after.reseal(AbortSignal.abort()), 0);
  assert.equal(await after.reseal(signal), 3);
  assert.equal(await after.reseal(signal), 0);
  const alone = kmsService({ kms: await openKms(options) });
  for (const { CiphertextBlob } of sealed) {
    const input = { CiphertextBlob };
    const opened = await run<DecryptResponse>(before.world, alone, before.root, 'Decrypt', input);
    assert.equal(Buffer.from(opened.Plaintext!).toString(), 'kept');
  }
});

test('two servers on one store see each other, and lose nothing that both change', async () => {
  const kv = openMemoryKv();
  const one = await openKmsWorld('aws', kv);
  const { identity, clock } = one.world;
  const kms = await openKms({ kv, rootKey: ROOT_KEY, clock, principals: identity.principals });
  const other = kmsService({ kms });
  const { KeyId } = await newKey(one);
  await describe(one, KeyId);
  await run(one.world, other, one.root, 'DisableKey', { KeyId });
  await assert.rejects(
    one.call(one.root, 'Encrypt', { KeyId, Plaintext: bytes('x') }),
    refusal('DisabledException'),
  );
  const tags = Array.from({ length: 20 }, (_, at) => [{ TagKey: `t${at}`, TagValue: '' }]);
  await Promise.all(
    tags.map((Tags, at) =>
      run(one.world, at % 2 ? other : one.service, one.root, 'TagResource', { KeyId, Tags }),
    ),
  );
  const record = await kms.keys.find('111122223333', 'us-east-1', KeyId);
  assert.equal(record?.tags.length, 20);
});

test('an alias that many want at once goes to one of them', async () => {
  const kms = await openKmsWorld();
  const keys = await Promise.all(Array.from({ length: 8 }, () => newKey(kms)));
  const tries = await Promise.allSettled(
    keys.map(key => kms.call(kms.root, 'CreateAlias', { AliasName: 'alias/one', TargetKeyId: key.KeyId })),
  );
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
  const records = await Promise.all(
    keys.map(key => kms.kms.keys.find('111122223333', 'us-east-1', key.KeyId)),
  );
  assert.equal(records.flatMap(record => record!.aliases).length, 1);
});

test('a rotation that is due happens once, however many ask at the same time', async () => {
  const kms = await openKmsWorld();
  const { KeyId } = await newKey(kms);
  await kms.call(kms.root, 'EnableKeyRotation', { KeyId });
  kms.world.clock.advance(366 * 86_400);
  const found = await Promise.all(Array.from({ length: 8 }, () => describe(kms, KeyId)));
  assert.equal(new Set(found.map(one => one.CurrentKeyMaterialId)).size, 1);
});

test('sweeping runs until it is stopped, and outlives a sweep that fails', async () => {
  const kms = await openKmsWorld();
  const { clock } = kms.world;
  const { KeyMetadata } = await kms.call<CreateKeyResponse>(kms.root, 'CreateKey');
  await kms.call(kms.root, 'ScheduleKeyDeletion', { KeyId: KeyMetadata!.KeyId, PendingWindowInDays: 7 });
  clock.advance(7 * 86_400);
  const failures: unknown[] = [];
  let broken = true;
  const sweep = kms.kms.sweep.bind(kms.kms);
  kms.kms.sweep = async () => {
    if (broken) throw new Error('the disk is full');
    return await sweep();
  };
  const stop = startSweeping(kms.kms, error => failures.push(error), new Chores(clock), clock);
  clock.advance(60);
  await until(() => failures.length === 1);
  broken = false;
  clock.advance(60);
  await stop();
  const left = await kms.kms.keys.store.get(
    { name: 'key', type: { encode: () => Buffer.alloc(0), decode: value => value } },
    '111122223333',
    'us-east-1',
    KeyMetadata!.KeyId!,
  );
  assert.equal(left, undefined);
});
