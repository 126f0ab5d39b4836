import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { ManualClock, systemClock } from '../core/clock.js';
import { DirectoryInUse } from '../core/directories/directory-lock.js';
import { SettingsError } from '../core/settings-error.js';
import { loadRootKeys, readRootKeys, replaceRootKeys } from '../crypto/root-key.js';
import { type RunningServer, startServer } from '../index.js';
import { holdsRecords } from '../store/data-directory.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { forgetRootKeys, rootKeyStatus, rotateRootKey, startResealing } from './root-key-rotation.js';

async function directory(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'karikagi-root-key-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const start = (data: string) => startServer({ data, port: 0, log: 'none' });

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const clientOf = ({ endpoint }: RunningServer, credentials: Credentials) => ({
  endpoint,
  region: 'us-east-1',
  credentials,
  maxAttempts: 1,
});

const credentialsIn = (found: object | undefined): Credentials => {
  const { AccessKeyId, SecretAccessKey, SessionToken } = found as Record<string, string>;
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    ...(SessionToken && { sessionToken: SessionToken }),
  };
};

async function identityOf(server: RunningServer, credentials: Credentials) {
  return (await new STSClient(clientOf(server, credentials)).send(new GetCallerIdentityCommand({}))).Arn;
}

/** Runs the server until it has sealed everything anew. */
async function runUntilResealed(data: string): Promise<void> {
  let sealed: () => void = () => undefined;
  const resealed = new Promise<void>(settle => (sealed = settle));
  const info = (message: string) => message.startsWith('everything stored is sealed') && sealed();
  const logger = { info, warn: () => undefined, error: () => undefined };
  const server = await startServer({ data, port: 0, logger });
  await resealed;
  await server.close();
}

test('a rotated root key logs nobody out and loses nothing', async t => {
  const data = await directory(t);
  const settings = { data, rootKeyFile: undefined };
  let server = await start(data);
  const root = server.root!;
  const iam = new IAMClient(clientOf(server, root));
  await iam.send(new CreateUserCommand({ UserName: 'bob' }));
  const made = await iam.send(new CreateAccessKeyCommand({ UserName: 'bob' }));
  const bob = credentialsIn(made.AccessKey);
  const session = credentialsIn(
    (await new STSClient(clientOf(server, root)).send(new GetSessionTokenCommand({}))).Credentials,
  );
  const kms = new KMSClient(clientOf(server, root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const Plaintext = Buffer.from('what was said');
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: KeyMetadata!.KeyId, Plaintext }));
  await assert.rejects(rotateRootKey(settings, systemClock), DirectoryInUse);
  await server.close();

  const check = async (sessionLives: boolean) => {
    server = await start(data);
    assert.match((await identityOf(server, root))!, /:root$/);
    assert.match((await identityOf(server, bob))!, /user\/bob$/);
    if (sessionLives) assert.match((await identityOf(server, session))!, /:root$/);
    else await assert.rejects(identityOf(server, session), { name: 'InvalidClientTokenId' });
    const opened = await new KMSClient(clientOf(server, root)).send(new DecryptCommand({ CiphertextBlob }));
    assert.deepEqual(Buffer.from(opened.Plaintext!), Plaintext);
    await server.close();
  };

  const before = await readRootKeys(join(data, 'root.key'));
  const status = await rotateRootKey(settings, systemClock);
  assert.equal(status.former.length, 1);
  assert.equal(status.resealed, false);
  const after = await readRootKeys(join(data, 'root.key'));
  assert.notDeepEqual(after.current, before.current);
  assert.deepEqual(after.former[0]!.key, before.current);
  await assert.rejects(forgetRootKeys(settings, systemClock, true), /still sealed/);
  await runUntilResealed(data);
  assert.equal((await rootKeyStatus(settings)).resealed, true);
  await check(true);
  await assert.rejects(forgetRootKeys(settings, systemClock, false), /sessions that a former root key/);
  const later = new ManualClock(status.sessionsEnd!);
  assert.deepEqual((await forgetRootKeys(settings, later, false)).former, []);
  // The session would have run out by then.
  await check(false);
});

test('two rotations in a row keep both former keys', async t => {
  const data = await directory(t);
  const settings = { data, rootKeyFile: undefined };
  const server = await start(data);
  const root = server.root!;
  await server.close();
  const clock = new ManualClock(Date.UTC(2026, 10, 22));
  await rotateRootKey(settings, clock);
  clock.advance(60);
  const { former } = await rotateRootKey(settings, clock);
  assert.deepEqual(former, [Date.UTC(2026, 10, 22, 0, 1), Date.UTC(2026, 10, 22)]);
  await runUntilResealed(data);
  await forgetRootKeys(settings, clock, true);
  const again = await start(data);
  assert.match((await identityOf(again, root))!, /:root$/);
  await again.close();
});

test('the file of root keys', async t => {
  const data = await directory(t);
  const path = join(data, 'root.key');
  const made = await loadRootKeys({ data, rootKeyFile: undefined }, holdsRecords);
  assert.deepEqual(made.former, []);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const keys = { current: new Uint8Array(32).fill(1), former: [{ key: made.current, replaced: 86_400_000 }] };
  await replaceRootKeys(path, keys);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const read = await readRootKeys(path);
  assert.deepEqual(Buffer.from(read.current), Buffer.alloc(32, 1));
  assert.deepEqual(read.former, keys.former);
  const text = await readFile(path, 'utf8');
  for (const wrong of [
    '',
    'short\n',
    `${text}AAAA 1970-01-01T00:00:00.000Z\n`,
    `${text.split(' ')[0]} never`,
  ]) {
    await writeFile(path, wrong);
    await assert.rejects(readRootKeys(path), SettingsError);
  }
  const missing = { data, rootKeyFile: join(data, 'nowhere') };
  await assert.rejects(loadRootKeys(missing, holdsRecords), SettingsError);
});

test('a server in memory has no root key to rotate', async () => {
  const settings = { data: 'memory', rootKeyFile: undefined };
  await assert.rejects(rotateRootKey(settings, systemClock), SettingsError);
});

test('what could not be sealed anew is tried again at the next start', async () => {
  const kv = openMemoryKv();
  const keys = {
    current: new Uint8Array(32).fill(2),
    former: [{ key: new Uint8Array(32), replaced: 0 }],
  };
  const outcomes: (number | Error)[] = [];
  let calls = 0;
  const sealer = {
    async reseal() {
      if (++calls === 1) throw new Error('disk full');
      return 3;
    },
  };
  const run = async () => {
    let reported: () => void = () => undefined;
    const done = new Promise<void>(resolve => (reported = resolve));
    const stop = startResealing(kv, keys, [sealer], outcome => {
      outcomes.push(outcome);
      reported();
    });
    await done;
    await stop();
  };
  await run();
  await run();
  assert.equal(outcomes[1], 3);
  assert.match(String(outcomes[0]), /disk full/);
  await startResealing(kv, keys, [sealer], () => assert.fail('sealed twice'))();
  assert.equal(calls, 2);
});
