/** Events of buckets, from a request of the AWS SDK to a webhook, a file and the sink of EventBridge. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { type RunningServer, startServer } from '../src/index.js';
import { startServerProcess } from './faults/server-process.js';
import { openReceiver, type Receiver } from './support/receiver.js';
import { until } from './support/until.js';

const SECRET = 'shared with the receiver';
const ACCOUNT = '111122223333';
const arn = (name: string) => `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}`;

const clientOf = (endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true, maxAttempts: 1 });

suite('events of buckets', () => {
  let home: string;
  let receiver: Receiver;
  let server: RunningServer;
  let s3: S3Client;
  const records = () =>
    receiver.received.flatMap(({ body }) => JSON.parse(body).Records ?? []) as {
      eventName: string;
      s3: { object: { key: string; size?: number; eTag?: string; sequencer: string } };
      responseElements: Record<string, string>;
    }[];
  const lines = async (path: string) =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-events-'));
    receiver = await openReceiver(SECRET);
    server = await startServer({
      data: join(home, 'data'),
      port: 0,
      account: ACCOUNT,
      log: 'none',
      notify: { hooks: receiver.url, lines: join(home, 'lines.jsonl') },
      notifySecret: SECRET,
    });
    s3 = clientOf(server.endpoint, server.root!);
    await s3.send(new CreateBucketCommand({ Bucket: 'told' }));
  });
  after(async () => {
    await server.close();
    await receiver.close();
    await rm(home, { recursive: true, force: true });
  });

  test('reach a webhook, a file and EventBridge', async () => {
    const NotificationConfiguration = {
      QueueConfigurations: [
        {
          Id: 'to-hooks',
          QueueArn: arn('hooks'),
          Events: ['s3:ObjectCreated:*' as const, 's3:ObjectRemoved:*' as const],
        },
        { Id: 'to-lines', QueueArn: arn('lines'), Events: ['s3:ObjectTagging:*' as const] },
      ],
      EventBridgeConfiguration: {},
    };
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: 'told', NotificationConfiguration }),
    );
    const stored = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'told' }));
    assert.deepEqual(stored.QueueConfigurations, NotificationConfiguration.QueueConfigurations);
    assert.deepEqual(stored.EventBridgeConfiguration, {});
    await until(() => receiver.received.length === 1);
    assert.equal(JSON.parse(receiver.received[0]!.body).Event, 's3:TestEvent');

    const Key = 'dir/ü b';
    const put = await s3.send(new PutObjectCommand({ Bucket: 'told', Key, Body: 'hello' }));
    const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] };
    await s3.send(new PutObjectTaggingCommand({ Bucket: 'told', Key, Tagging }));
    await s3.send(new DeleteObjectCommand({ Bucket: 'told', Key }));
    await until(() => records().length === 2);
    assert.ok(receiver.received.every(({ genuine }) => genuine));
    const [created, removed] = records();
    assert.equal(created!.eventName, 'ObjectCreated:Put');
    assert.equal(created!.s3.object.key, 'dir/%C3%BC+b');
    assert.equal(created!.s3.object.size, 5);
    assert.equal(`"${created!.s3.object.eTag}"`, put.ETag);
    assert.equal(created!.responseElements['x-amz-request-id'], put.$metadata.requestId);
    assert.equal(created!.responseElements['x-amz-id-2'], put.$metadata.extendedRequestId);
    assert.equal(removed!.eventName, 'ObjectRemoved:Delete');
    assert.ok(removed!.s3.object.sequencer > created!.s3.object.sequencer);

    const file = join(home, 'lines.jsonl');
    await until(async () => (await lines(file).catch(() => [])).length === 2);
    const [tested, tagged] = await lines(file);
    assert.equal(tested.Event, 's3:TestEvent');
    assert.equal(tagged.Records[0].eventName, 'ObjectTagging:Put');

    const sink = join(home, 'data', 'eventbridge');
    const bridged = async () =>
      (await Promise.all((await readdir(sink).catch(() => [])).map(name => lines(join(sink, name))))).flat();
    await until(async () => (await bridged()).length === 3);
    assert.deepEqual(
      (await bridged()).map(event => [event['detail-type'], event.detail.object.key]),
      [
        ['Object Created', Key],
        ['Object Tags Added', Key],
        ['Object Deleted', Key],
      ],
    );
  });

  test('tell an upload from a browser’s form from others', async () => {
    const { url, fields } = await createPresignedPost(s3, { Bucket: 'told', Key: 'posted' });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set('file', new Blob(['from a form']));
    assert.equal((await fetch(url, { method: 'POST', body: form })).status, 204);
    await until(() => records().some(({ s3: { object } }) => object.key === 'posted'));
    assert.equal(records().at(-1)!.eventName, 'ObjectCreated:Post');
  });

  test('go nowhere that the operator did not name', async () => {
    for (const name of ['nobody', 'http://127.0.0.1:80/', 'eventbridge']) {
      const NotificationConfiguration = {
        QueueConfigurations: [{ QueueArn: arn(name), Events: ['s3:ObjectCreated:*' as const] }],
      };
      await assert.rejects(
        s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'told', NotificationConfiguration })),
        { name: 'InvalidArgument' },
      );
    }
  });
});

test('no event of an acknowledged change is lost, though the server is killed before it delivers', async t => {
  const data = await mkdtemp(join(tmpdir(), 'karikagi-events-'));
  const receiver = await openReceiver(SECRET);
  t.after(async () => {
    await receiver.close();
    await rm(data, { recursive: true, force: true });
  });
  const start = (...more: string[]) =>
    startServerProcess(data, ['--account', ACCOUNT, '--notify', `hooks=${receiver.url}`, ...more], {
      KARIKAGI_NOTIFY_SECRET: SECRET,
    });
  receiver.status = 503;
  const first = await start();
  const s3 = clientOf(first.endpoint, first.credentials);
  await s3.send(new CreateBucketCommand({ Bucket: 'told' }));
  const NotificationConfiguration = {
    QueueConfigurations: [{ QueueArn: arn('hooks'), Events: ['s3:ObjectCreated:*' as const] }],
  };
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'told', NotificationConfiguration }));
  const acknowledged = new Set<string>();
  const writer = async (name: number) => {
    for (let n = 0; ; n++) {
      const Key = `${name}/${n}`;
      await s3.send(new PutObjectCommand({ Bucket: 'told', Key, Body: 'x' }));
      acknowledged.add(Key);
    }
  };
  const writers = Promise.allSettled(Array.from({ length: 8 }, (_, name) => writer(name)));
  await until(() => acknowledged.size >= 100);
  await first.kill();
  await writers;
  assert.equal(receiver.received.length, 0);
  receiver.status = 200;
  // What its workers write, the process that keeps the directory delivers.
  const second = await start('--workers', '2');
  const told = () =>
    new Set(receiver.received.flatMap(({ body }) => JSON.parse(body).Records?.[0].s3.object.key ?? []));
  await until(() => [...acknowledged].every(key => told().has(key)));
  const again = clientOf(second.endpoint, second.credentials);
  for (let n = 0; n < 20; n++) {
    await again.send(new PutObjectCommand({ Bucket: 'told', Key: `after/${n}`, Body: 'x' }));
    acknowledged.add(`after/${n}`);
  }
  await until(() => [...acknowledged].every(key => told().has(key)));
  await second.stop();
  const after = receiver.received.filter(({ body }) => body.includes('"key":"after/'));
  assert.equal(after.length, 20, 'one process delivers');
});
