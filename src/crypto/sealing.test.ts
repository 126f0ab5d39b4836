import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Keyring } from '../identity/keyring.js';
import { KmsKeyring, materialId } from '../kms/keyring.js';
import { derivedDataKey, OwnKeys } from '../objects/bodies/own-keys.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { Box, Unsealable } from './sealing.js';

/** What stood on disk and in tokens before: it must open as long as there is Karikagi. */
const vectors = JSON.parse(readFileSync('test/vectors/sealing.json', 'utf8')) as {
  readonly rootKey: string;
  readonly formerRootKey: string;
  readonly by: Readonly<Record<'current' | 'former', Readonly<Record<string, string>>>>;
  readonly dataKey: { readonly from: string; readonly seed: string; readonly key: string };
  readonly materialId: string;
};
const bytes = (hex: string) => Buffer.from(hex, 'hex');
const root = bytes(vectors.rootKey);
const former = bytes(vectors.formerRootKey);

for (const by of ['current', 'former'] as const) {
  test(`everything opens that was sealed under the ${by} root key`, async () => {
    const sealed = vectors.by[by];
    const identity = new Keyring(root, [former]);
    assert.equal(identity.openSecret(bytes(sealed.secret!), 'AKIA1'), 'a secret');
    const { claims, secretAccessKey } = identity.openSession(
      bytes(sealed.sessionToken!),
      'ASIAQNZGKIQY56JQ7WML',
    );
    assert.deepEqual([String(claims), secretAccessKey], ['claims of a session', sealed.sessionSecret]);
    const kms = new KmsKeyring(root, [former]);
    assert.equal(String(kms.material.open(bytes(sealed.material!), 'about')), 'key material');
    assert.equal(String(kms.tokens.open(bytes(sealed.token!), 'grant')), 'token');
    const kv = openMemoryKv();
    await kv.commit([], [{ key: ['object-encryption-key'], value: bytes(sealed.objectKey!) }]);
    const own = new OwnKeys(kv, root, [former]);
    const { from, seed, key } = vectors.dataKey;
    assert.equal(from, Buffer.alloc(32, 3).toString('hex'));
    assert.equal((await own.open('', { kind: 'AES256', seed: bytes(seed) })).toString('hex'), key);
    assert.equal(derivedDataKey(bytes(from), bytes(seed)).toString('hex'), key);
  });
}

test('the id of key material is the same for ever', () => {
  assert.equal(materialId('key-id', Buffer.alloc(32, 1)), vectors.materialId);
});

test('a box opens what it sealed, for the same purpose and the same thing alone', () => {
  const box = new Box([root, former], 'one purpose');
  const sealed = box.seal(Buffer.from('content'), 'a');
  assert.equal(String(box.open(sealed, 'a')), 'content');
  assert.equal(box.reseal(sealed, 'a'), undefined);
  const others = [
    () => box.open(sealed, 'b'),
    () => new Box([root], 'another purpose').open(sealed, 'a'),
    () => new Box([former], 'one purpose').open(sealed, 'a'),
    ...[0, 11, 12, 27, sealed.length - 1].map(length => () => box.open(sealed.subarray(0, length), 'a')),
  ];
  for (const other of others) assert.throws(other, Unsealable);
  const resealed = new Box([former, root], 'one purpose').reseal(sealed, 'a')!;
  assert.equal(String(new Box([former], 'one purpose').open(resealed, 'a')), 'content');
});

test('a mark narrows the search, and two keys may share one', () => {
  const marked = new Box([root, former], 'purpose', [7, 7]);
  const before = new Box([former], 'purpose', [7]).seal(Buffer.from('content'), 'a');
  assert.equal(before[0], 7);
  assert.equal(String(marked.open(before, 'a')), 'content');
  assert.throws(() => new Box([former], 'purpose', [8]).open(before, 'a'), Unsealable);
});
