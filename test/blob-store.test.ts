/** Another Karikagi as the store of bodies of two servers: reached by a role with the rights that the docs name. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, type Credentials, STSClient } from '@aws-sdk/client-sts';
import { callKarikagi } from '../src/clients/karikagi-api.js';
import { ManualClock, systemClock } from '../src/core/clock.js';
import { type RunningServer, startServer } from '../src/index.js';
import { Garbage } from '../src/objects/upkeep/garbage.js';
import { openPostgres } from '../src/store/postgres/postgres.js';
import { openS3Blobs } from '../src/store/s3/s3-blobs.js';
import { without } from './clients/run.js';
import { assumableRole } from './faults/assumable-role.js';
import { type ServerProcess, startServerProcess } from './faults/server-process.js';
import { AllKinds, s3Of } from './support/all-kinds.js';
import { type PostgresServer, startPostgres } from './support/postgres-server.js';

const TOKEN = 'secret of the container';
const LARGE = randomBytes(12_000_000);

suite('another Karikagi as the store of bodies', { skip: without('postgresql') }, () => {
  let directory: string;
  let postgres: PostgresServer;
  let kv: string;
  let store: RunningServer;
  let keeper: S3Client;
  let vending: HttpServer;
  /** Access keys that were handed out to the second server. */
  const vended: string[] = [];
  const servers: ServerProcess[] = [];
  const clients: S3Client[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'karikagi-bodies-'));
    postgres = await startPostgres();
    kv = postgres.createDatabase('bodies');
    store = await startServer({ data: 'memory', port: 0, log: 'none' });
    keeper = s3Of({ endpoint: store.endpoint, credentials: store.root! });
    await keeper.send(new CreateBucketCommand({ Bucket: 'bodies' }));
    const { user, roleName, roleArn } = await assumableRole({
      endpoint: store.endpoint,
      credentials: store.root!,
    });
    const iam = new IAMClient({ ...configOf(store), credentials: store.root! });
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: RIGHTS });
    await iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: 'bodies', PolicyDocument }));
    const sts = new STSClient({ ...configOf(store), credentials: user });
    const assume = async () => {
      const input = { RoleArn: roleArn, RoleSessionName: 'server' };
      return (await sts.send(new AssumeRoleCommand(input))).Credentials!;
    };
    vending = await vend(assume, vended);
    const config = join(directory, 'config');
    await writeFile(config, profiles(store.endpoint, user, roleArn));
    const address = vending.address() as { port: number };
    const environments = [
      { AWS_CONFIG_FILE: config, AWS_PROFILE: 'bodies' },
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${address.port}/`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: TOKEN,
      },
    ];
    const blobs = `s3://bodies/prod?endpoint=${store.endpoint}&region=us-east-1`;
    for (const [index, environment] of environments.entries()) {
      const data = join(directory, String(index));
      await mkdir(data, { mode: 0o700 });
      if (index > 0) await copyFile(join(directory, '0', 'root.key'), join(data, 'root.key'));
      const server = await startServerProcess(data, ['--kv', kv, '--blobs', blobs], environment);
      servers.push(server);
      clients.push(s3Of(server));
    }
  });
  after(async () => {
    for (const client of [...clients, keeper]) client?.destroy();
    for (const server of servers) await server.kill();
    vending?.close();
    await store?.close();
    postgres?.remove();
    await rm(directory, { recursive: true });
  });

  async function keys(): Promise<string[]> {
    const { Contents = [] } = await keeper.send(new ListObjectsV2Command({ Bucket: 'bodies' }));
    return Contents.map(({ Key }) => Key!);
  }

  test('has every kind of object, which the other server reads', async () => {
    const kinds = new AllKinds('kinds');
    await kinds.fill(servers[0]!);
    await kinds.check(servers[1]!);
    for (const key of await keys()) assert.match(key, /^prod\/[0-9a-f]{2}\/[0-9a-f]{32}$/);
  });

  test('is reached by new keys before the old ones end', async () => {
    const [one, two] = clients as [S3Client, S3Client];
    const Bucket = 'renewed';
    await one.send(new CreateBucketCommand({ Bucket }));
    for (let round = 0; round < 3; round++) {
      await two.send(new PutObjectCommand({ Bucket, Key: `${round}`, Body: LARGE }));
      const { Body } = await one.send(new GetObjectCommand({ Bucket, Key: `${round}` }));
      assert.ok(LARGE.equals(await Body!.transformToByteArray()));
      // They are said to end within minutes. All but those that it asked for last are of no use any more.
      assert.ok(vended.length > round);
      for (const AccessKeyId of vended.slice(0, -2))
        await callKarikagi({ endpoint: store.endpoint, credentials: store.root! }, 'RevokeSession', {
          AccessKeyId,
        });
    }
  });

  test('loses no bytes of a reader while another server deletes', async () => {
    const [one, two] = clients as [S3Client, S3Client];
    const object = { Bucket: 'read', Key: 'large' };
    await one.send(new CreateBucketCommand({ Bucket: 'read' }));
    for (const isGone of [false, true]) {
      const before = new Set(await keys());
      await one.send(new PutObjectCommand({ ...object, Body: LARGE }));
      const [body] = (await keys()).filter(key => !before.has(key));
      const answer = await one.send(new GetObjectCommand(object));
      const pieces: Buffer[] = [];
      const reading = (async () => {
        for await (const piece of answer.Body as AsyncIterable<Buffer>) {
          if (pieces.push(piece) > 1) continue;
          await two.send(new DeleteObjectCommand(object));
          // As after the quarter of an hour for which it stays.
          if (isGone) await keeper.send(new DeleteObjectCommand({ Bucket: 'bodies', Key: body! }));
        }
      })();
      const end = await reading.then(
        () => 'whole',
        () => 'cut off',
      );
      if (!isGone || end === 'whole') assert.ok(LARGE.equals(Buffer.concat(pieces)));
      await assert.rejects(one.send(new GetObjectCommand(object)), { name: 'NoSuchKey' });
    }
  });

  test('is swept of what nothing refers to, and of nothing else', async () => {
    const kinds = new AllKinds('swept');
    await kinds.fill(servers[0]!);
    const client = { ...configOf(store), forcePathStyle: true, credentials: store.root! };
    const blobs = await openS3Blobs({ bucket: 'bodies', prefix: 'prod/', client });
    const records = await openPostgres(kv);
    const later = new ManualClock(systemClock.now() + 2 * 24 * 3_600_000);
    const garbage = new Garbage(records, blobs, later);
    await garbage.sweep();
    const before = await keys();
    await blobs.write(
      (async function* () {
        yield LARGE;
      })(),
    );
    assert.equal((await keys()).length, before.length + 1);
    assert.equal(await garbage.sweep(), 1);
    assert.deepEqual(await keys(), before);
    await kinds.check(servers[1]!);
    await records.close();
    await blobs.close();
  });
});

const configOf = ({ endpoint }: RunningServer) => ({ endpoint, region: 'us-east-1' });

/** What docs/cluster.md says that a server needs. */
const RIGHTS = [
  {
    Effect: 'Allow',
    Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
    Resource: 'arn:aws:s3:::bodies/prod/*',
  },
  { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::bodies' },
];

/** A profile that assumes the role by the keys of another. */
function profiles(endpoint: string, user: ServerProcess['credentials'], roleArn: string): string {
  return [
    '[profile user]',
    `aws_access_key_id = ${user.accessKeyId}`,
    `aws_secret_access_key = ${user.secretAccessKey}`,
    '[profile bodies]',
    'source_profile = user',
    `role_arn = ${roleArn}`,
    'region = us-east-1',
    `endpoint_url = ${endpoint}`,
    '',
  ].join('\n');
}

/** Hands out keys of the role as a container's endpoint does, which are said to end in a minute. */
async function vend(assume: () => Promise<Credentials>, vended: string[]): Promise<HttpServer> {
  const server = createServer(async (request, answer) => {
    assert.equal(request.headers.authorization, TOKEN);
    const { AccessKeyId = '', SecretAccessKey, SessionToken: Token } = await assume();
    vended.push(AccessKeyId);
    const Expiration = new Date(systemClock.now() + 60_000).toISOString();
    answer.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token, Expiration }));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}
