import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountOfId, encodeId, type IdKind, isPrincipalId, newId, PREFIXES } from './unique-id.js';

const accounts = fc.stringMatching(/^\d{12}$/);
const kinds = fc.constantFrom(...(Object.keys(PREFIXES) as IdKind[]));

test('every id begins with its prefix, has its length and tells its account', () => {
  fc.assert(
    fc.property(kinds, accounts, (kind, account) => {
      const id = newId(kind, account);
      assert.match(id, /^[A-Z2-7]+$/);
      assert.equal(id.length, kind === 'access-key' || kind === 'session' ? 20 : 21);
      assert.ok(id.startsWith(PREFIXES[kind]));
      assert.equal(accountOfId(id), account);
    }),
  );
});

// The two worked examples of the public write-ups of the layout.
test('ids that AWS made tell their account', () => {
  assert.equal(accountOfId('ASIAY34FZKBOKMUTVV7A'), '609629065308');
  assert.equal(accountOfId('ASIAQNZGKIQY56JQ7WML'), '029608264753');
});

test('ids of one account differ', () => {
  const ids = Array.from({ length: 1000 }, () => newId('access-key', '111122223333'));
  assert.equal(new Set(ids).size, ids.length);
});

test('an id of given bytes is always the same', () => {
  assert.equal(encodeId('policy', new Uint8Array(32)), 'ANPAAAAAAAAAAAAAAAAAA');
  assert.equal(encodeId('access-key', new Uint8Array(11).fill(255)), 'AKIA7777777777777777');
});

test('what is no id has no account', () => {
  for (const text of ['', 'AKIA', 'AKIA0000000000000000', 'akiay34fzkbokmutvv7a', `AKIA${'7'.repeat(16)}`]) {
    assert.equal(accountOfId(text), undefined);
  }
});

test('ids of users and roles are told from ARNs and other ids', () => {
  assert.ok(isPrincipalId(newId('user', '111122223333')));
  assert.ok(isPrincipalId(newId('role', '111122223333')));
  assert.ok(!isPrincipalId(newId('group', '111122223333')));
  assert.ok(!isPrincipalId('arn:aws:iam::111122223333:user/AIDAAAAAAAAAAAAAAAAAA'));
});
