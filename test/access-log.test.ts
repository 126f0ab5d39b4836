/** Server access logs, from requests of the AWS SDK to the lines that they leave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketLoggingCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketLoggingCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type RunningServer, startServer } from '../src/index.js';

const ACCOUNT = '111122223333';

suite('server access logs', () => {
  let home: string;
  let server: RunningServer;
  let s3: S3Client;

  async function start() {
    server = await startServer({ data: join(home, 'data'), port: 0, account: ACCOUNT, log: 'none' });
    const { accessKeyId, secretAccessKey } = server.root!;
    s3 = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      maxAttempts: 1,
    });
  }
  /** The status of a page of the bucket's website. */
  async function askWebsite(bucket: string, path: string): Promise<number | undefined> {
    const { port } = new URL(server.endpoint);
    const headers = { host: `${bucket}.s3-website.localhost:${port}` };
    const asked = get({ host: '127.0.0.1', port, path, headers });
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode;
  }

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'karikagi-log-'));
    await start();
  });
  after(async () => {
    await server.close();
    await rm(home, { recursive: true, force: true });
  });

  test('have a line for each request, none of them lost when the server is stopped', async () => {
    for (const Bucket of ['source', 'elsewhere', 'logs']) await s3.send(new CreateBucketCommand({ Bucket }));
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'logging.s3.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::logs/*',
        Condition: {
          ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::source' },
          StringEquals: { 'aws:SourceAccount': ACCOUNT },
        },
      },
    });
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'logs', Policy }));
    const LoggingEnabled = { TargetBucket: 'logs', TargetPrefix: 'of-source/' };
    await s3.send(new PutBucketLoggingCommand({ Bucket: 'source', BucketLoggingStatus: { LoggingEnabled } }));
    const { LoggingEnabled: stored } = await s3.send(new GetBucketLoggingCommand({ Bucket: 'source' }));
    assert.deepEqual(stored, LoggingEnabled);

    const put = await s3.send(new PutObjectCommand({ Bucket: 'source', Key: 'dir/a b', Body: 'hello' }));
    await s3.send(new PutObjectCommand({ Bucket: 'elsewhere', Key: 'k', Body: 'not logged' }));
    const range = await s3.send(
      new GetObjectCommand({ Bucket: 'source', Key: 'dir/a b', Range: 'bytes=0-1' }),
    );
    await range.Body!.transformToString();
    await assert.rejects(s3.send(new GetObjectCommand({ Bucket: 'source', Key: 'missing' })));
    await s3.send(new CopyObjectCommand({ Bucket: 'elsewhere', Key: 'to', CopySource: 'source/dir/a%20b' }));
    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: 'source', Key: 'dir/a b' }));
    assert.equal(await (await fetch(url)).text(), 'hello');
    assert.equal((await fetch(`${server.endpoint}/source/dir/a%20b`)).status, 403);
    await s3.send(new DeleteObjectsCommand({ Bucket: 'source', Delete: { Objects: [{ Key: 'dir/a b' }] } }));

    assert.equal(await askWebsite('source', '/page'), 404);

    await server.close();
    await start();
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'logs' }));
    let text = '';
    for (const { Key } of Contents) {
      assert.match(Key!, /^of-source\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/);
      text += await (await s3.send(new GetObjectCommand({ Bucket: 'logs', Key }))).Body!.transformToString();
    }
    const rows = text
      .trimEnd()
      .split('\n')
      .map(line => line.match(/\[[^\]]*\]|"[^"]*"|\S+/g)!);
    assert.ok(rows.every(row => row.length === 27 && row[1] === 'source'));
    // Operation, key, status, error, bytes sent of an object, size of the object, way of signing.
    const isXml = (row: string[]) => Number(row[11]) > 100;
    assert.deepEqual(
      rows.map(row =>
        [row[6], row[7], row[9], row[10], isXml(row) ? 'XML' : row[11], row[12], row[21]].join(' '),
      ),
      [
        'REST.GET.LOGGING_STATUS - 200 - XML - AuthHeader',
        'REST.PUT.OBJECT dir/a%20b 200 - - 5 AuthHeader',
        'REST.GET.OBJECT dir/a%20b 206 - 2 5 AuthHeader',
        'REST.GET.OBJECT missing 404 NoSuchKey XML - AuthHeader',
        'REST.COPY.OBJECT_GET dir/a%20b 200 - XML - AuthHeader',
        'REST.GET.OBJECT dir/a%20b 200 - 5 5 QueryString',
        'REST.GET.OBJECT dir/a%20b 403 AccessDenied XML 5 -',
        'REST.POST.MULTI_OBJECT_DELETE - 200 - XML - AuthHeader',
        'BATCH.DELETE.OBJECT dir/a%20b 204 - - - AuthHeader',
        'WEBSITE.GET.OBJECT page 404 NoSuchWebsiteConfiguration XML - -',
      ],
    );
    assert.equal(rows[1]![5], put.$metadata.requestId);
    assert.equal(rows[1]![18], put.$metadata.extendedRequestId);
    assert.doesNotMatch(text, /X-Amz-Signature=(?!REDACTED)/);
  });
});
