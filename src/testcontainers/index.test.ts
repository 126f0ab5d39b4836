/** What the module makes of a container. A real server answers; only its start by Docker is another's here. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import type { StartedTestContainer } from 'testcontainers';
import { startServer } from '../index.js';
import { KarikagiContainer, StartedKarikagiContainer } from './index.js';

/** Lets see what Docker would be asked for. */
class Seen extends KarikagiContainer {
  get asked() {
    const { createOpts, hostConfig, exposedPorts } = this;
    return { environment: createOpts.Env, tmpfs: hostConfig.Tmpfs, ports: exposedPorts };
  }
}

test('a container has its ports, its data in memory, and settings as the environment has them', async () => {
  const container = new Seen().withAccount('111122223333').withRegion('eu-west-1');
  container.withSettings({ newBuckets: 'open', eventDays: 1 });
  assert.deepEqual(container.asked, {
    environment: [
      'KARIKAGI_ACCOUNT=111122223333',
      'KARIKAGI_REGION=eu-west-1',
      'KARIKAGI_NEW_BUCKETS=open',
      'KARIKAGI_EVENT_DAYS=1',
    ],
    tmpfs: { '/var/lib/karikagi': 'rw,uid=10001,gid=10001,mode=0700' },
    ports: [9000, 9001],
  });
  // The image that packaging/image makes has that user, those ports, that directory.
  const steps = await readFile('packaging/image/install.sh', 'utf8');
  assert.match(steps, /--uid 10001 .*--home-dir \/var\/lib\/karikagi/);
  const image = await readFile('packaging/image/Dockerfile', 'utf8');
  assert.match(image, /^EXPOSE 9000 9001$/m);
  assert.match(image, /^HEALTHCHECK /m);
});

test('a started one is a configuration of clients', async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-container-'));
  const server = await startServer({ data: home, port: 0, consolePort: 0, log: 'none', region: 'eu-west-1' });
  t.after(async () => {
    await server.close();
    await rm(home, { recursive: true });
  });
  const portOf = (url: string) => Number(new URL(url).port);
  const ports = new Map([
    [9000, portOf(server.endpoint)],
    [9001, portOf(server.consoleUrl!)],
  ]);
  const started = {
    getHost: () => '127.0.0.1',
    getMappedPort: (port: number) => ports.get(port),
    async exec([command, path = '']: string[]) {
      assert.equal(command, 'cat');
      const file = path.replace('/var/lib/karikagi', home);
      const output = await readFile(file, 'utf8').catch(() => undefined);
      return { output: output ?? 'cat: no such file', exitCode: output === undefined ? 1 : 0 };
    },
  } as unknown as StartedTestContainer;
  const container = await StartedKarikagiContainer.of(started, 'eu-west-1');
  assert.deepEqual(container.credentials, server.root);
  const s3 = new S3Client(container.clientConfig());
  t.after(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: 'tested' }));
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets!.map(({ Name }) => Name),
    ['tested'],
  );
  assert.equal((await fetch(container.consoleUrl)).status, 200);
  await rm(join(home, 'credentials'));
  await assert.rejects(StartedKarikagiContainer.of(started), /no keys of a root user/);
});
