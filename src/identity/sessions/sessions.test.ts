import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Range } from '../../store/kv.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import type { Role } from '../model.js';
import { countingKv, open, sessionOf } from '../setup.test.support.js';

const role = { id: 'AROAEXAMPLE', name: 'App' } as Role;

test('what has expired is forgotten with its revocation, and no record of what lives is read for it', async () => {
  const kv = openMemoryKv();
  let rows = 0;
  const setup = await open({
    ...countingKv(kv, []),
    list: async (range: Range) => {
      const found = await kv.list(range);
      rows += found.length;
      return found;
    },
  });
  const { identity, account, clock } = setup;
  const { sessions } = identity;
  const first = await sessionOf(setup, role);
  await sessions.revoke(first.accessKeyId);
  clock.advance(300);
  const second = await sessionOf(setup, role);
  rows = 0;
  clock.advance(599);
  assert.equal(await sessions.sweep(account.id), 0);
  assert.equal(rows, 0);
  // The second in which it ends, to the millisecond.
  clock.advance(1);
  assert.equal(await sessions.sweep(account.id), 1);
  assert.equal(rows, 1);
  assert.equal(await sessions.isRevoked(first.accessKeyId), false);
  const left = await sessions.list(account.id, 10);
  assert.deepEqual(
    left.map(({ accessKeyId }) => accessKeyId),
    [second.accessKeyId],
  );
});
