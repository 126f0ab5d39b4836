/** `karikagi export` and `import`: a bucket goes from one server to another, with all that was set and put. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type ServerProcess, startServerProcess } from './faults/server-process.js';
import { AllKinds, s3Of } from './support/all-kinds.js';
import { runCli } from './support/run-cli.js';

const Bucket = 'kinds';
let home: string;
let source: ServerProcess;
let target: ServerProcess;
let from: S3Client;
let to: S3Client;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'karikagi-archive-'));
  source = await startServerProcess(join(home, 'source'));
  target = await startServerProcess(join(home, 'target'));
  [from, to] = [s3Of(source), s3Of(target)];
  await new AllKinds(Bucket).fill(source);
  await furnish();
});

after(async () => {
  for (const client of [from, to]) client.destroy();
  await Promise.all([source.stop(), target.stop()]);
  await rm(home, { recursive: true });
});

/** Settings, tags and headers, null versions between others, markers, odd names. */
async function furnish(): Promise<void> {
  const put = (Key: string, more = {}) =>
    from.send(new PutObjectCommand({ Bucket, Key, Body: randomBytes(500), ...more }));
  await put('larger than what is held in memory', { Body: randomBytes(9 * 1024 * 1024) });
  await put('ö/ä & ü + 漢字 %20', { Tagging: 'a%20tag=a%20value&b=%2B', Metadata: { one: 'two' } });
  await put('headers', { ContentType: 'text/x-own', CacheControl: 'no-store', ContentLanguage: 'de' });
  await put('history');
  await from.send(new DeleteObjectCommand({ Bucket, Key: 'history' }));
  for (const Status of ['Suspended', 'Enabled'] as const) {
    await from.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
    await put('history');
  }
  const TagSet = [{ Key: 'stage', Value: 'test' }];
  await from.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
  const Rules = [
    {
      ID: 'old',
      Status: 'Enabled',
      Filter: { Prefix: 'tmp/' },
      Expiration: { Date: new Date('2031-01-01') },
    },
  ] as const;
  await from.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...Rules] } }),
  );
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${Bucket}/never`,
      },
    ],
  });
  await from.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

const karikagi = (server: ServerProcess, ...args: string[]) => runCli(server, home, ...args);

/** Everything of a bucket that another store can have too. Versions under a customer's key are left out. */
async function contentOf(s3: S3Client, bucket: string): Promise<unknown[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
  );
  const markers = DeleteMarkers.map(({ Key, VersionId, IsLatest }) => [Key, VersionId === 'null', IsLatest]);
  const versions: unknown[] = [];
  for (const { Key, VersionId, IsLatest } of Versions) {
    if (Key === 'SSE-C') continue;
    const of = { Bucket: bucket, Key, VersionId };
    const object = await s3.send(new GetObjectCommand({ ...of, ChecksumMode: 'ENABLED' }));
    const body = createHash('sha256').update(await object.Body!.transformToByteArray());
    const { ContentType, CacheControl, ContentLanguage, Metadata, ServerSideEncryption } = object;
    const { ChecksumCRC32, ChecksumCRC64NVME, ChecksumType } = object;
    versions.push([
      ...[Key, VersionId === 'null', IsLatest, body.digest('hex')],
      { ContentType, CacheControl, ContentLanguage, Metadata, ServerSideEncryption },
      { ChecksumCRC32, ChecksumCRC64NVME, ChecksumType, parts: /-\d+/.exec(object.ETag!)?.[0] },
      (await s3.send(new GetObjectTaggingCommand(of))).TagSet,
    ]);
  }
  return [versions, markers];
}

async function settingsOf(s3: S3Client, bucket: string): Promise<unknown[]> {
  const of = { Bucket: bucket };
  const answers = [
    await s3.send(new GetBucketVersioningCommand(of)),
    await s3.send(new GetBucketTaggingCommand(of)),
    await s3.send(new GetBucketPolicyCommand(of)),
    await s3.send(new GetPublicAccessBlockCommand(of)),
    await s3.send(new GetBucketLifecycleConfigurationCommand(of)),
  ];
  return answers.map(({ $metadata: _, ...answer }) => answer);
}

for (const form of ['directory', 'file.tar']) {
  test(`a bucket goes to another server as a ${form}`, async () => {
    const archive = join(home, form);
    const exported = await karikagi(source, 'export', Bucket, archive);
    assert.equal(exported.status, 2, exported.stderr);
    assert.deepEqual(
      exported.report.failed.map(({ key }: { key: string }) => key),
      ['SSE-C'],
    );
    if (form.endsWith('.tar')) assert.match(String(execFileSync('tar', ['tf', archive])), /end\.json\n$/);
    const imported = await karikagi(target, 'import', archive);
    assert.equal(imported.status, 0, imported.stderr);
    assert.deepEqual(await contentOf(to, Bucket), await contentOf(from, Bucket));
    assert.deepEqual(await settingsOf(to, Bucket), await settingsOf(from, Bucket));

    const again = await karikagi(target, 'import', archive);
    assert.equal(again.status, 0, again.stderr);
    assert.equal(again.report.earlier, again.report.versions);
    assert.deepEqual(await contentOf(to, Bucket), await contentOf(from, Bucket));
    await emptyTarget();
  });
}

async function emptyTarget(): Promise<void> {
  await target.stop();
  await rm(join(home, 'target'), { recursive: true });
  target = await startServerProcess(join(home, 'target'));
  to.destroy();
  to = s3Of(target);
}

test('an export and an import that were cut short are gone on with', async () => {
  const archive = join(home, 'cut short');
  const whole = await karikagi(source, 'export', Bucket, archive);
  const files = (await readdir(join(archive, '000000'))).filter(name => name.endsWith('.json')).sort();
  await rm(join(archive, 'end.json'));
  for (const name of files.slice(5)) await rm(join(archive, '000000', name));
  const incomplete = await karikagi(target, 'import', archive);
  assert.equal(incomplete.status, 1);
  assert.match(incomplete.stderr, /incomplete/);
  const { report } = await karikagi(source, 'export', Bucket, archive);
  assert.equal(report.earlier, 5);
  assert.equal(report.versions, whole.report.versions);
  const imported = await karikagi(target, 'import', archive);
  assert.equal(imported.status, 0, imported.stderr);
  assert.equal(imported.report.earlier, 5);
  assert.deepEqual(await contentOf(to, Bucket), await contentOf(from, Bucket));
});

test('a body that was changed in the archive is refused', async () => {
  const bucket = 'changed';
  await from.send(new CreateBucketCommand({ Bucket: bucket }));
  await from.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'the body' }));
  const archive = join(home, 'changed');
  assert.equal((await karikagi(source, 'export', bucket, archive)).status, 0);
  const body = join(archive, '000000', '000000001.body');
  assert.equal(await readFile(body, 'utf8'), 'the body');
  await writeFile(body, 'tHe body');
  const { status, stderr } = await karikagi(target, 'import', archive, '--bucket', 'other-name');
  assert.equal(status, 1);
  assert.match(stderr, /checksum|CRC|did not match|BadDigest/i);
  const { Versions } = await to.send(new ListObjectVersionsCommand({ Bucket: 'other-name' }));
  assert.equal(Versions, undefined);
});
