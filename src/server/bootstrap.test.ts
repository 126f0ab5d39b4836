import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import { SettingsError } from '../core/settings-error.js';
import { acceptsCredentials } from '../identity/accounts/regions.js';
import { openIdentity } from '../identity/index.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { firstAccount } from './bootstrap.js';
import { readSettings } from './settings.js';

async function open() {
  const kv = openMemoryKv();
  const clock = new ManualClock(Date.UTC(2026, 10, 22));
  const identity = await openIdentity({ kv, rootKey: new Uint8Array(32), clock });
  const start = (flags: object) => firstAccount(kv, identity, readSettings({ data: 'memory', ...flags }));
  return { identity, start };
}

test('the first account is made once, with a root user that has an access key', async () => {
  const { identity, start } = await open();
  const first = await start({ account: '111122223333' });
  assert.equal(first.accountId, '111122223333');
  assert.deepEqual(await start({ account: '999999999999' }), first);
  assert.equal((await identity.accounts.list()).length, 1);
  const found = await identity.lookup(first.root!.accessKeyId, undefined, Date.UTC(2026, 10, 22));
  assert.equal(found.found, 'valid');
});

test('its credentials are accepted in the region of the server, an opt-in region too', async () => {
  const { identity, start } = await open();
  const { accountId } = await start({ region: 'me-south-1' });
  const accepts = async (region: string) => acceptsCredentials((await identity.account(accountId))!, region);
  assert.equal(await accepts('me-south-1'), true);
  assert.equal(await accepts('af-south-1'), false);
  await start({ region: 'af-south-1' });
  assert.equal(await accepts('af-south-1'), true);
});

test('a region of another partition is no region for the server', async () => {
  const { identity, start } = await open();
  await assert.rejects(start({ partition: 'aws-cn', region: 'us-east-1' }), SettingsError);
  assert.deepEqual(await identity.accounts.list(), []);
  await start({ partition: 'aws-cn' });
  await assert.rejects(start({}), /us-east-1 is not in partition aws-cn/);
  await start({ region: 'cn-northwest-1' });
  await start({ region: 'my-garage-1' });
});
