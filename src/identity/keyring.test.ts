import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Unsealable } from '../crypto/sealing.js';
import { Keyring, newSecretAccessKey } from './keyring.js';

const one = new Uint8Array(32).fill(1);
const two = new Uint8Array(32).fill(2);
const KEY = 'ASIAY34FZKBOKMUTVV7A';

test('a root key has 32 bytes', () => {
  assert.throws(() => new Keyring(new Uint8Array(31)), RangeError);
});

test('a new secret has 40 characters', () => {
  assert.match(newSecretAccessKey(), /^[A-Za-z0-9+/]{40}$/);
  assert.notEqual(newSecretAccessKey(), newSecretAccessKey());
});

test('a sealed secret opens for its own key id alone', () => {
  const ring = new Keyring(one);
  const sealed = ring.sealSecret('wJalrXUtnFEMI', 'AKIA1');
  assert.equal(ring.openSecret(sealed, 'AKIA1'), 'wJalrXUtnFEMI');
  assert.throws(() => ring.openSecret(sealed, 'AKIA2'), Unsealable);
  assert.throws(() => new Keyring(two).openSecret(sealed, 'AKIA1'), Unsealable);
  assert.ok(!sealed.includes('wJalrXUtnFEMI'));
});

test('sealing the same secret twice looks different', () => {
  const ring = new Keyring(one);
  assert.notDeepEqual(ring.sealSecret('secret', 'AKIA1'), ring.sealSecret('secret', 'AKIA1'));
});

test('a session opens to its claims and its secret', () => {
  const ring = new Keyring(one);
  const claims = Buffer.from('who and until when');
  const { token, secretAccessKey } = ring.sealSession(claims, KEY);
  assert.deepEqual(ring.openSession(token, KEY), { claims, secretAccessKey });
  assert.match(secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
  assert.ok(!token.includes('who and until when'));
});

test('a token is refused with another access key and under another root key', () => {
  const { token } = new Keyring(one).sealSession(Buffer.from('claims'), KEY);
  assert.throws(() => new Keyring(one).openSession(token, 'ASIAQNZGKIQY56JQ7WML'), Unsealable);
  assert.throws(() => new Keyring(two).openSession(token, KEY), Unsealable);
});

test('what a former root key sealed still opens', () => {
  const before = new Keyring(one);
  const { token, secretAccessKey } = before.sealSession(Buffer.from('claims'), KEY);
  const secret = before.sealSecret('secret', 'AKIA1');
  const after = new Keyring(two, [one]);
  assert.equal(after.openSession(token, KEY).secretAccessKey, secretAccessKey);
  assert.equal(after.openSecret(secret, 'AKIA1'), 'secret');
});

test('a token with any byte changed, cut or added is refused', () => {
  const ring = new Keyring(one);
  const { token } = ring.sealSession(Buffer.from('claims of a session'), KEY);
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const forged = Buffer.from(token);
      forged[at]! ^= change;
      assert.throws(() => ring.openSession(forged, KEY), Unsealable);
    }),
  );
  for (let length = 0; length < token.length; length++) {
    assert.throws(() => ring.openSession(token.subarray(0, length), KEY), Unsealable);
  }
  assert.throws(() => ring.openSession(Buffer.concat([token, Buffer.of(0)]), KEY), Unsealable);
});

test('random bytes are no token', () => {
  const ring = new Keyring(one);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      assert.throws(() => ring.openSession(bytes, KEY), Unsealable);
    }),
  );
});
