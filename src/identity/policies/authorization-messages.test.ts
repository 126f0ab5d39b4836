import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keyring } from '../keyring.js';
import { AuthorizationMessages } from './authorization-messages.js';

test('a message opens for its own account alone', () => {
  const messages = new AuthorizationMessages(new Keyring(new Uint8Array(32)));
  const encoded = messages.encode('111122223333', { allowed: false });
  assert.match(encoded, /^[\w-]+$/);
  assert.equal(messages.decode('111122223333', encoded), '{"allowed":false}');
  assert.equal(messages.decode('444455556666', encoded), undefined);
  const other = new AuthorizationMessages(new Keyring(new Uint8Array(32).fill(1)));
  assert.equal(other.decode('111122223333', encoded), undefined);
});
