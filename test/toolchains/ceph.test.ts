/** Ceph's object gateway as the store of bodies. */
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { openS3Blobs } from '../../src/store/s3/s3-blobs.js';
import { testBlobs } from '../../src/store/suite/suite-blobs.js';
import { without } from '../clients/run.js';
import { type ServerProcess, startServerProcess } from '../faults/server-process.js';
import { AllKinds, s3Of } from '../support/all-kinds.js';
import { type Ceph, noCeph, startCeph } from '../support/ceph.js';
import { startPostgres } from '../support/postgres-server.js';
import { asked } from './asked.js';

suite('the object gateway of Ceph', { skip: asked || noCeph }, () => {
  let ceph: Ceph;
  let client: S3Client;
  let made = 0;

  before(async () => {
    ceph = await startCeph();
    client = s3Of(ceph);
  });
  after(async () => {
    client?.destroy();
    await ceph?.close();
  });

  testBlobs(
    'Ceph',
    async () => {
      const bucket = `bodies-${++made}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const { endpoint, credentials } = ceph;
      const config = { endpoint, credentials, region: 'us-east-1', forcePathStyle: true };
      const store = await openS3Blobs({ bucket, prefix: 'some/prefix/', client: config });
      return { store, release: () => store.close() };
    },
    undefined,
    6,
  );

  test('has the bodies of several servers', { skip: without('postgresql') }, async t => {
    t.diagnostic(ceph.version);
    const directory = await mkdtemp(join(tmpdir(), 'karikagi-on-ceph-'));
    const postgres = await startPostgres();
    const servers: ServerProcess[] = [];
    t.after(async () => {
      for (const server of servers) await server.kill();
      postgres.remove();
      await rm(directory, { recursive: true });
    });
    const kv = postgres.createDatabase('ceph');
    await client.send(new CreateBucketCommand({ Bucket: 'of-servers' }));
    const blobs = `s3://of-servers/prod?endpoint=${ceph.endpoint}&region=us-east-1`;
    const { accessKeyId, secretAccessKey } = ceph.credentials;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    for (const name of ['one', 'two']) {
      const data = join(directory, name);
      await mkdir(data, { mode: 0o700 });
      if (servers.length > 0) await copyFile(join(directory, 'one', 'root.key'), join(data, 'root.key'));
      servers.push(await startServerProcess(data, ['--kv', kv, '--blobs', blobs], keys));
    }
    const kinds = new AllKinds('kinds');
    await kinds.fill(servers[0]!);
    await kinds.check(servers[1]!);
  });
});
