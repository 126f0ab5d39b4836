/** Several servers over one PostgreSQL and one directory of bodies, as on several machines. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import {
  DirectoryInUse,
  migrate,
  type RunningServer,
  SettingsError,
  scrub,
  startServer,
  systemClock,
} from '../src/index.js';
import { without } from './clients/run.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';

suite('servers on several machines', { skip: without('postgresql') }, () => {
  let postgres: PostgresServer;
  let directory: string;
  let shared: { kv: string; blobs: string };
  const servers: RunningServer[] = [];

  const start = (name: string): Promise<RunningServer> =>
    startServer({ data: join(directory, name), port: 0, log: 'none', ...shared });
  const of = (server: RunningServer, credentials = server.root!) => ({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });
  const s3Of = (server: RunningServer, credentials = server.root!) =>
    new S3Client({ ...of(server, credentials), forcePathStyle: true });

  before(async () => {
    postgres = await startPostgres();
    directory = mkdtempSync(join(tmpdir(), 'karikagi-cluster-'));
    await mkdir(join(directory, 'bodies'));
    shared = {
      kv: postgres.createDatabase('cluster'),
      blobs: pathToFileURL(join(directory, 'bodies')).href,
    };
    servers.push(await start('one'));
    await mkdir(join(directory, 'two'), { mode: 0o700 });
    await copyFile(join(directory, 'one', 'root.key'), join(directory, 'two', 'root.key'));
    servers.push(await start('two'));
  });
  after(async () => {
    await Promise.all(servers.map(server => server.close(0)));
    postgres.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  test('are one: the same account, and what one writes the other reads next', async () => {
    const [one, two] = servers as [RunningServer, RunningServer];
    assert.equal(one.accountId, two.accountId);
    assert.deepEqual(one.root, two.root);
    const [s3one, s3two] = [s3Of(one), s3Of(two)];
    await s3one.send(new CreateBucketCommand({ Bucket: 'shared' }));
    const large = Buffer.alloc(3_000_000, 'k');
    for (const [key, body] of [
      ['small', Buffer.from('body')],
      ['large', large],
    ] as const) {
      await s3one.send(new PutObjectCommand({ Bucket: 'shared', Key: key, Body: body }));
      const { Body } = await s3two.send(new GetObjectCommand({ Bucket: 'shared', Key: key }));
      assert.ok(body.equals(await Body!.transformToByteArray()));
    }
    const { Contents } = await s3two.send(new ListObjectsV2Command({ Bucket: 'shared' }));
    assert.deepEqual(
      Contents?.map(({ Key }) => Key),
      ['large', 'small'],
    );
  });

  test('let one of many win a conditional write', async () => {
    const clients = servers.map(server => s3Of(server));
    for (let round = 0; round < 10; round++) {
      const outcomes = await Promise.allSettled(
        [0, 1, 2, 3].map(index =>
          clients[index % 2]!.send(
            new PutObjectCommand({
              Bucket: 'shared',
              Key: `once/${round}`,
              Body: `${index}`,
              IfNoneMatch: '*',
            }),
          ),
        ),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    }
  });

  test('decide by what was changed on the other, on the next request', async () => {
    const [one, two] = servers as [RunningServer, RunningServer];
    const iam = new IAMClient(of(one));
    await iam.send(new CreateUserCommand({ UserName: 'reader' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'reader' }));
    const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const reader = s3Of(two, keys);
    const policy = { UserName: 'reader', PolicyArn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' };
    const read = () => reader.send(new GetObjectCommand({ Bucket: 'shared', Key: 'small' }));
    for (let round = 0; round < 5; round++) {
      await assert.rejects(read(), { name: 'AccessDenied' });
      await iam.send(new AttachUserPolicyCommand(policy));
      await read();
      await iam.send(new DetachUserPolicyCommand(policy));
    }
  });

  test('refuse what the other has withdrawn, on the next request, however often it was let through', async () => {
    const [one, two] = servers as [RunningServer, RunningServer];
    const region = 'eu-west-1';
    const iam = new IAMClient(of(one));
    const RoleArn = `arn:aws:iam::${one.accountId}:role/worker`;
    const statement = (rest: object) => JSON.stringify({ Version: '2012-10-17', Statement: [rest] });
    const trust = { Effect: 'Allow', Principal: { AWS: one.accountId }, Action: 'sts:AssumeRole' };
    await iam.send(new CreateRoleCommand({ RoleName: 'worker', AssumeRolePolicyDocument: statement(trust) }));
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonS3FullAccess';
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'worker', PolicyArn }));
    await iam.send(new CreateUserCommand({ UserName: 'person' }));
    const assume = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: RoleArn };
    const person = { UserName: 'person', PolicyName: 'assume', PolicyDocument: statement(assume) };
    await iam.send(new PutUserPolicyCommand(person));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'person' }));
    const keys = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    const sts = new STSClient({ ...of(two, keys), region });
    const ask = (operation: string, input: object) =>
      callKarikagi({ endpoint: one.endpoint, credentials: one.root! }, operation, input);
    const issue = async () =>
      (await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'job' }))).Credentials!;
    const Bucket = 'shared';
    const deny = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::shared/*',
    };
    for (let round = 0; round < 3; round++) {
      // From the third of a kind on, a server reads ahead what the earlier ones looked at.
      const sessions = [await issue(), await issue(), await issue(), await issue()];
      await ask('DeactivateSTS', { RegionName: region });
      await assert.rejects(issue(), { name: 'RegionDisabledException' });
      await ask('ActivateSTS', { RegionName: region });
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = sessions[round]!;
      const credentials = {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      };
      const s3 = s3Of(two, credentials);
      const read = async () => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'small' }));
        return Body!.transformToString();
      };
      const write = (Body: string) => s3Of(one).send(new PutObjectCommand({ Bucket, Key: 'small', Body }));
      for (let count = 0; count < 4; count++) {
        await write(`${round}/${count}`);
        assert.equal(await read(), `${round}/${count}`);
      }
      await s3Of(one).send(new PutBucketPolicyCommand({ Bucket, Policy: statement(deny) }));
      await assert.rejects(read(), { name: 'AccessDenied' });
      await s3Of(one).send(new DeleteBucketPolicyCommand({ Bucket }));
      await read();
      await iam.send(new DetachRolePolicyCommand({ RoleName: 'worker', PolicyArn }));
      await assert.rejects(read(), { name: 'AccessDenied' });
      await iam.send(new AttachRolePolicyCommand({ RoleName: 'worker', PolicyArn }));
      await read();
      await ask('RevokeSession', { AccessKeyId });
      await assert.rejects(read(), { name: 'ExpiredToken' });
    }
  });

  test('answer SlowDown while PostgreSQL is away, and go on by themselves', async () => {
    const [one, two] = servers as [RunningServer, RunningServer];
    postgres.stop('immediate');
    const read = (server: RunningServer) =>
      s3Of(server).send(new GetObjectCommand({ Bucket: 'shared', Key: 'small' }));
    for (const server of [one, two]) await assert.rejects(read(server), { name: 'SlowDown' });
    postgres.start();
    for (const server of [one, two]) await read(server);
  });

  test('are scrubbed as a directory is', async () => {
    const settings = { data: join(directory, 'one'), rootKeyFile: undefined, ...shared };
    const { damaged, versions, unread } = await scrub(settings, systemClock);
    assert.deepEqual([damaged, unread], [[], undefined]);
    assert.ok(versions > 10);
    const bodies = join(directory, 'bodies');
    const files = readdirSync(bodies, { recursive: true, encoding: 'utf8' }).map(name => join(bodies, name));
    writeFileSync(files.find(file => statSync(file).size > 1_000_000)!, 'damaged');
    const after = await scrub(settings, systemClock);
    assert.deepEqual(
      after.damaged.map(({ bucket, key }) => [bucket, key]),
      [['shared', 'large']],
    );
  });

  test('do not start with a root key of their own', async () => {
    await assert.rejects(
      start('three'),
      (error: Error) => error instanceof SettingsError && /--root-key-file/.test(error.message),
    );
  });

  test('take over the data of a directory, go on after a cut, and give it back', async () => {
    const data = join(directory, 'moved');
    const bodies = pathToFileURL(join(directory, 'moved-bodies')).href;
    await mkdir(join(directory, 'moved-bodies'));
    const there = { data: '', kv: postgres.createDatabase('moved'), blobs: bodies };
    const large = Buffer.alloc(2_000_000, 'm');
    const before = await startServer({ data, port: 0, log: 'none' });
    const s3 = s3Of(before);
    await s3.send(new CreateBucketCommand({ Bucket: 'moved' }));
    await s3.send(new PutObjectCommand({ Bucket: 'moved', Key: 'large', Body: large }));
    for (let index = 0; index < 300; index++)
      await s3.send(new PutObjectCommand({ Bucket: 'moved', Key: `small/${index}`, Body: `${index}` }));
    await assert.rejects(migrate({ from: { data }, to: there }, systemClock), DirectoryInUse);
    await before.close();

    // A run that ends after its first batch of records.
    let isCut = false;
    const cut = migrate({ from: { data }, to: there }, systemClock, ({ rows }) => {
      if (rows === 0 || isCut) return;
      isCut = true;
      throw new Error('cut short');
    });
    await assert.rejects(cut, /cut short/);
    const options = { data, port: 0, log: 'none', kv: there.kv, blobs: bodies } as const;
    await assert.rejects(startServer(options), /a migration or a restore into these stores has not ended/);
    const report = await migrate({ from: { data }, to: there }, systemClock);
    assert.ok(report.found.rows > 0 && report.found.bodies === 1 && report.rows > 0);
    await assert.rejects(migrate({ from: { data }, to: there }, systemClock), /give empty ones/);

    const after = await startServer(options);
    const moved = s3Of(after);
    const { Body } = await moved.send(new GetObjectCommand({ Bucket: 'moved', Key: 'large' }));
    assert.ok(large.equals(await Body!.transformToByteArray()));
    const { KeyCount } = await moved.send(new ListObjectsV2Command({ Bucket: 'moved' }));
    assert.equal(KeyCount, 301);
    await moved.send(new PutObjectCommand({ Bucket: 'moved', Key: 'new', Body: 'new' }));
    await after.close();

    const back = join(directory, 'back');
    await migrate({ from: there, to: { data: back } }, systemClock);
    await copyFile(join(data, 'root.key'), join(back, 'root.key'));
    const again = await startServer({ data: back, port: 0, log: 'none' });
    const found = await s3Of(again).send(new GetObjectCommand({ Bucket: 'moved', Key: 'new' }));
    assert.equal(await found.Body!.transformToString(), 'new');
    await again.close();
  });
});
