import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateAliasCommand, CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { rotateRootKey } from '../admin/root-key-rotation.js';
import { SettingsError } from '../core/settings-error.js';
import { startServer, systemClock } from '../index.js';
import { holdsRecords } from '../store/data-directory.js';
import { loadRootKeys, type RootKeySettings } from './root-key.js';

const REGION = 'us-east-1';
const load = (settings: RootKeySettings) => loadRootKeys(settings, holdsRecords);

test('a root key sealed by another Karikagi: from the first start, from an open one on, through a rotation', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-root-key-kms-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const external = await startServer({ data: 'memory', port: 0, region: REGION, log: 'none' });
  t.after(() => external.close());
  const { accessKeyId, secretAccessKey } = external.root!;
  // As a user would tell the SDK.
  process.env['AWS_ENDPOINT_URL_KMS'] = external.endpoint;
  process.env['AWS_REGION'] = REGION;
  process.env['AWS_ACCESS_KEY_ID'] = accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = secretAccessKey;
  const kms = new KMSClient({});
  t.after(() => kms.destroy());
  const newKey = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata!.KeyId!;
  const keyId = await newKey();
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/root', TargetKeyId: keyId }));

  const settings = (data: string, rootKeyKms?: string) => ({
    data: join(directory, data),
    rootKeyFile: undefined,
    ...(rootKeyKms !== undefined && { rootKeyKms }),
  });
  const file = (data: string) => join(directory, data, 'root.key');
  const made = await load(settings('sealed', 'alias/root'));
  assert.equal(made.current.length, 32);
  assert.match(await readFile(file('sealed'), 'utf8'), /^kms:[A-Za-z0-9+/=]+\n$/);
  const again = await load(settings('sealed', keyId));
  assert.deepEqual(Buffer.from(again.current), Buffer.from(made.current));

  const open = await load(settings('open'));
  assert.doesNotMatch(await readFile(file('open'), 'utf8'), /kms:/);
  const sealed = await load(settings('open', keyId));
  assert.deepEqual(Buffer.from(sealed.current), Buffer.from(open.current));
  assert.match(await readFile(file('open'), 'utf8'), /^kms:\S+\n$/);
  await rotateRootKey(settings('open', keyId), systemClock);
  assert.match(await readFile(file('open'), 'utf8'), /^kms:\S+\nkms:\S+ \d{4}-\S+\n$/);
  const rotated = await load(settings('open', keyId));
  assert.deepEqual(Buffer.from(rotated.former[0]!.key), Buffer.from(open.current));

  const refused = (attempt: Promise<unknown>, words: RegExp) =>
    assert.rejects(attempt, (error: Error) => error instanceof SettingsError && words.test(error.message));
  const text = await readFile(file('open'), 'utf8');
  const environment = {
    data: join(directory, 'none'),
    rootKeyFile: undefined,
    rootKey: text,
    rootKeyKms: keyId,
  };
  const given = await load(environment);
  assert.deepEqual(Buffer.from(given.current), Buffer.from(rotated.current));
  assert.equal(given.former.length, 1);
  await refused(rotateRootKey(environment, systemClock), /only a root key in a file can be replaced/);
  await refused(load({ ...environment, rootKey: 'short' }), /the setting rootKey does not hold/);
  await refused(load(settings('sealed')), /is sealed: rootKeyKms must name the KMS key/);
  await refused(load(settings('sealed', await newKey())), /IncorrectKeyException/);
  await refused(load(settings('new', 'alias/none')), /NotFoundException: Alias .* is not found/);
  await writeFile(file('sealed'), 'kms:AAAA\n');
  await refused(load(settings('sealed', keyId)), /InvalidCiphertextException/);
  await kms.send(new DisableKeyCommand({ KeyId: keyId }));
  await refused(startServer({ ...settings('open', keyId), port: 0, log: 'none' }), /DisabledException/);
});
