/** Backups while the server works, and servers that are started from them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import type { BackupReport, RestoreReport, ScrubReport } from '../src/index.js';
import { type ServerProcess, startServerProcess } from './faults/server-process.js';
import { AllKinds, s3Of } from './support/all-kinds.js';
import { churn } from './support/churn.js';

const cli = resolve(import.meta.dirname, '../src/bundle/karikagi.js');

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-backup-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function serve(t: TestContext, data: string): Promise<ServerProcess> {
  const server = await startServerProcess(data);
  t.after(() => server.kill());
  return server;
}

async function karikagi(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [cli, ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', chunk => (stdout += chunk));
  child.stderr.on('data', chunk => (stderr += chunk));
  const status = await new Promise<number>(done => child.once('close', done));
  return { status, stdout, stderr };
}

async function succeeding<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await karikagi(...args, '--json');
  assert.equal(status, 0, `${stderr}${stdout}`);
  return JSON.parse(stdout);
}

interface Verified extends RestoreReport {
  readonly verified: ScrubReport;
}

async function blobFiles(directory: string): Promise<string[]> {
  const files = await readdir(join(directory, 'blobs'), { recursive: true });
  return files.filter(file => /[0-9a-f]{32}$/.test(file)).sort();
}

test('a server that is restored has every object, key, user and session', async t => {
  const directory = await scratch(t);
  const [data, target, restored] = ['data', 'backup', 'restored'].map(name => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const server = await serve(t, data);
  const kinds = new AllKinds('kinds');
  await kinds.fill(server);
  const { endpoint, credentials } = server;
  const kms = new KMSClient({ endpoint, credentials, region: 'us-east-1' });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/kept', TargetKeyId: KeyMetadata!.KeyId }));
  const Plaintext = randomBytes(32);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: 'alias/kept', Plaintext }));
  const iam = new IAMClient({ endpoint, credentials, region: 'us-east-1' });
  await iam.send(new CreateUserCommand({ UserName: 'kept' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'kept' }));
  const own = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const sts = new STSClient({ endpoint, credentials: own, region: 'us-east-1' });
  const session = await sts.send(new GetSessionTokenCommand({}));
  for (const client of [kms, iam, sts]) client.destroy();

  const report = await succeeding<BackupReport>('backup', target, '--data', data);
  assert.equal(report.blobs, report.copied);
  assert.deepEqual(report.missing, []);
  assert.equal(report.hasRootKey, false);
  assert.ok(!(await readdir(target)).includes('root.key'));
  assert.deepEqual(await blobFiles(target), await blobFiles(data));
  assert.deepEqual((await succeeding<ScrubReport>('scrub', '--data', target)).damaged, []);
  await server.stop();

  assert.equal((await karikagi('restore', target, '--data', data)).status, 1, 'over data');
  const { hasRootKey, verified } = await succeeding<Verified>('restore', target, '--data', restored);
  assert.equal(hasRootKey, false);
  assert.deepEqual(verified.damaged, []);
  await assert.rejects(startServerProcess(restored), 'without the root key');
  await copyFile(join(data, 'root.key'), join(restored, 'root.key'));
  assert.deepEqual((await succeeding<ScrubReport>('scrub', '--data', restored)).damaged, []);

  const again = await serve(t, restored);
  assert.equal(again.credentials.secretAccessKey, credentials.secretAccessKey);
  await kinds.check(again);
  const kmsAgain = new KMSClient({ endpoint: again.endpoint, credentials, region: 'us-east-1' });
  const decrypted = await kmsAgain.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(decrypted.Plaintext!), Plaintext);
  const { AccessKeyId, SecretAccessKey, SessionToken } = session.Credentials!;
  const temporary = {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken!,
  };
  const stsAgain = new STSClient({ endpoint: again.endpoint, credentials: temporary, region: 'us-east-1' });
  const caller = await stsAgain.send(new GetCallerIdentityCommand({}));
  assert.match(caller.Arn!, /user\/kept$/);
  for (const client of [kmsAgain, stsAgain]) client.destroy();
});

test('a backup is whole while objects are replaced and deleted, and done again it copies what is new', async t => {
  const directory = await scratch(t);
  const data = join(directory, 'data');
  const target = join(directory, 'backup');
  const server = await serve(t, data);
  const s3 = s3Of(server);
  t.after(() => s3.destroy());
  const Bucket = 'busy';
  await s3.send(new CreateBucketCommand({ Bucket }));
  const steady = Array.from({ length: 40 }, (_, index) => `steady/${index}`);
  for (const Key of steady) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(300_000, Key) }));
  }
  let over = false;
  const churning = [0, 1, 2, 3].map(id => churn(server, Bucket, id, () => over));
  for (let round = 0; round < 3; round++) {
    const report = await succeeding<BackupReport>('backup', target, '--data', data, '--with-root-key');
    assert.deepEqual(report.missing, []);
    if (round > 0) assert.ok(report.copied <= report.blobs - steady.length, 'copied again');
    assert.equal((await blobFiles(target)).length, report.blobs);
    assert.deepEqual((await succeeding<ScrubReport>('scrub', '--data', target)).damaged, []);
  }
  over = true;
  assert.ok((await Promise.all(churning)).every(rounds => rounds > 3));

  const restored = join(directory, 'restored');
  const { hasRootKey, verified } = await succeeding<Verified>('restore', target, '--data', restored);
  assert.ok(hasRootKey);
  assert.deepEqual(verified.damaged, []);
  const again = await serve(t, restored);
  const s3Again = s3Of(again);
  const { Contents = [] } = await s3Again.send(new ListObjectsV2Command({ Bucket }));
  assert.ok(Contents.length >= steady.length);
  for (const { Key, Size } of Contents) {
    const { Body } = await s3Again.send(new GetObjectCommand({ Bucket, Key }));
    assert.equal((await Body!.transformToByteArray()).length, Size);
  }
  s3Again.destroy();
});

test('files that a backup held back are deleted after it', async t => {
  const directory = await scratch(t);
  const data = join(directory, 'data');
  const server = await serve(t, data);
  const s3 = s3Of(server);
  t.after(() => s3.destroy());
  const Bucket = 'busy';
  await s3.send(new CreateBucketCommand({ Bucket }));
  let over = false;
  const churning = [0, 1].map(id => churn(server, Bucket, id, () => over));
  for (let round = 0; round < 2; round++) {
    await succeeding<BackupReport>('backup', join(directory, `backup ${round}`), '--data', data);
  }
  over = true;
  await Promise.all(churning);
  const Body = Buffer.alloc(50_000);
  for (let round = 0; round < 2; round++) await s3.send(new PutObjectCommand({ Bucket, Key: 'last', Body }));
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket }));
  await server.stop();
  assert.equal((await blobFiles(data)).length, KeyCount);
});

test('links, records alone, and what is refused', async t => {
  const directory = await scratch(t);
  const at = (name: string) => join(directory, name);
  const data = at('data');
  const server = await serve(t, data);
  const kinds = new AllKinds('kinds');
  await kinds.fill(server);

  await succeeding<BackupReport>('backup', at('linked'), '--data', data, '--link');
  const [file] = await blobFiles(data);
  assert.equal(
    (await stat(join(at('linked'), 'blobs', file!))).ino,
    (await stat(join(data, 'blobs', file!))).ino,
  );

  const { blobs } = await succeeding<BackupReport>(
    'backup',
    at('records'),
    '--data',
    data,
    '--metadata-only',
  );
  assert.equal(blobs, 0);
  await server.stop();
  await rm(join(data, 'kv'), { recursive: true });
  const { verified } = await succeeding<Verified>('restore', at('records'), '--data', data);
  assert.deepEqual(verified.damaged, []);
  await kinds.check(await serve(t, data));

  await mkdir(at('other'));
  await writeFile(join(at('other'), 'a file'), 'of somebody');
  for (const [args, message] of [
    [['backup', at('other'), '--data', data], 'is no backup'],
    [['backup', at('new'), '--data', at('nowhere')], 'holds no data of a server'],
    [['restore', at('other'), '--data', at('new')], 'is no backup'],
  ] as const) {
    const { status, stderr } = await karikagi(...args);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(message));
  }
  await assert.rejects(access(at('new')));
});
