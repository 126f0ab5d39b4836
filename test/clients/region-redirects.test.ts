/** Clients that sign for another region than their bucket's, at a server that redirects them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { asEnvironment, installed, succeeds, without } from './run.js';
import { BUCKET, openStage, REGION, type Stage } from './stage.js';

const ELSEWHERE = 'us-east-1';

suite('redirections between regions', () => {
  let stage: Stage;
  let environment: Record<string, string>;

  before(async () => {
    stage = await openStage({ otherRegions: 'redirected' });
    environment = {
      ...asEnvironment(await stage.assume()),
      AWS_ENDPOINT_URL: stage.endpoint,
      AWS_DEFAULT_REGION: ELSEWHERE,
    };
  });
  after(() => stage.close());

  test('the AWS SDK for JavaScript follows where it is told to', async () => {
    const config = { ...stage.config(stage.root), region: ELSEWHERE };
    const s3 = new S3Client({ ...config, followRegionRedirects: true });
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'sdk', Body: 'x' }));
    assert.equal((await s3.send(new HeadBucketCommand({ Bucket: BUCKET }))).BucketRegion, REGION);
    s3.destroy();
    const still = new S3Client(config);
    const get = still.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'sdk' }));
    await assert.rejects(get, { name: 'PermanentRedirect' });
    still.destroy();
  });

  test('a refusal of HeadBucket tells the region, and nothing else does', async () => {
    const url = `${stage.endpoint}/${BUCKET}`;
    const head = await fetch(url, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('x-amz-bucket-region')], [403, REGION]);
    const list = await fetch(url);
    assert.deepEqual([list.status, list.headers.get('x-amz-bucket-region')], [403, null]);
  });

  test('the AWS CLI follows by itself', { skip: without('pip') }, async () => {
    const aws = (...args: string[]) => succeeds(stage, installed('aws'), args, environment);
    const large = randomBytes(20 * 1024 * 1024);
    await writeFile(join(stage.home, 'large'), large);
    await aws('s3', 'cp', 'large', `s3://${BUCKET}/cli`);
    assert.match(await aws('s3', 'ls', `s3://${BUCKET}`), / cli\n/);
    await aws('s3', 'cp', `s3://${BUCKET}/cli`, 'back');
    assert.ok(large.equals(await readFile(join(stage.home, 'back'))));
  });

  test('boto3 follows by itself', { skip: without('pip') }, async () => {
    const script = [
      'import boto3, io, sys',
      's3 = boto3.client("s3")',
      's3.upload_fileobj(io.BytesIO(b"x" * 20_000_000), sys.argv[1], "boto3")',
      'print(s3.head_object(Bucket=sys.argv[1], Key="boto3")["ContentLength"])',
    ].join('\n');
    const output = await succeeds(stage, installed('python'), ['-c', script, BUCKET], environment);
    assert.equal(output.trim(), '20000000');
  });
});
