/** Signature version 2, as clients use it: most of them presign with it in the older regions without being asked. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateBucketCommand, PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { asEnvironment, installed, succeeds, without } from './run.js';
import { BUCKET, openStage, REGION, type Stage } from './stage.js';

const FRANKFURT = 'frankfurt-bucket';

suite('signature version 2', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
    const s3 = new S3Client({ ...stage.config(stage.root), region: 'us-east-1' });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-central-1' } as const;
    await s3.send(new CreateBucketCommand({ Bucket: FRANKFURT, CreateBucketConfiguration }));
    s3.destroy();
  });
  after(() => stage.close());

  for (const [name, python, skip, more] of [
    ["Debian's boto3", '/usr/bin/python3', without('boto3'), {}],
    ['a recent boto3', installed('python'), without('pip'), { QUERIES: 'yes' }],
  ] as const) {
    test(`${name}: headers, URLs and forms with temporary keys`, { skip }, async () => {
      const output = await succeeds(stage, python, [resolve('test/clients/boto3_version_2.py')], {
        ENDPOINT: stage.endpoint,
        BUCKET,
        FRANKFURT,
        ...asEnvironment(await stage.assume()),
        AWS_DEFAULT_REGION: REGION,
        AWS_CONFIG_FILE: '/dev/null',
        ...more,
      });
      const result = JSON.parse(output);
      assert.deepEqual(result.metadata, { by: 'version 2' });
      assert.equal(result.transferred, true);
      if ('QUERIES' in more) {
        const { listed } = result;
        assert.ok(
          ['v2/a ü+b', 'v2/large'].every(key => listed.includes(key)),
          String(listed),
        );
      }
      assert.equal(result.denied, 'AccessDenied');
      assert.equal(result.frankfurt, 'InvalidRequest');
      assert.equal(result['by version 2'], true);
      assert.deepEqual(result.get, { status: 200, type: 'text/plain', body: 'two' });
      assert.equal(result.override, 'text/html; charset=utf-8');
      assert.equal(result['other override'], 403);
      assert.equal(result['other method'], 403);
      assert.equal(result.expired.status, 403);
      assert.match(result.expired.body, /<Message>Request has expired<\/Message><Expires>[\d-]+T[\d:]+Z</);
      assert.equal(result.put, 200);
      assert.deepEqual(result.stored, ['text/x-put', { m: '1' }]);
      assert.deepEqual(result['form fields'], [
        'AWSAccessKeyId',
        'key',
        'policy',
        'signature',
        'x-amz-security-token',
      ]);
      assert.equal(result.form, 204);
      assert.equal(result['form object'], 'posted');
      assert.equal(result['spoilt form'], 403);
      assert.equal(result['long form'], 400);
    });
  }

  test('s3cmd: --signature-v2, and signurl', { skip: without('s3cmd') }, async () => {
    const host = new URL(stage.endpoint).host;
    const settings = {
      access_key: stage.root.accessKeyId,
      secret_key: stage.root.secretAccessKey,
      host_base: host,
      host_bucket: host,
      use_https: 'False',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    await writeFile(join(stage.home, 's3cfg'), ['[default]', ...lines].join('\n'));
    const s3cmd = (...args: string[]) =>
      succeeds(stage, 's3cmd', ['--config=s3cfg', '--no-progress', ...args]);
    await writeFile(join(stage.home, 's3cmd.txt'), 's3cmd');
    await s3cmd('--signature-v2', 'put', 's3cmd.txt', `s3://${BUCKET}/s3cmd ü.txt`);
    assert.match(await s3cmd('--signature-v2', 'ls', `s3://${BUCKET}/s3cmd`), /s3cmd ü\.txt/);
    assert.match(await s3cmd('--signature-v2', 'ls'), new RegExp(BUCKET));
    const url = (await s3cmd('signurl', `s3://${BUCKET}/s3cmd ü.txt`, '+600')).trim();
    assert.equal(await (await fetch(url)).text(), 's3cmd');
  });

  // Amazon S3 API Reference, "Amazon S3 Signature Version 4 Authentication Specific Policy Keys".
  test('a bucket policy tells the versions apart', { skip: without('pip') }, async () => {
    const s3 = new S3Client({ ...stage.config(stage.root), region: 'us-east-1' });
    const Bucket = 'by-version-4-only';
    await s3.send(new CreateBucketCommand({ Bucket }));
    const statement = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:ListBucket',
      Resource: `arn:aws:s3:::${Bucket}`,
      Condition: { StringEquals: { 's3:signatureversion': 'AWS' } },
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: statement });
    await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    s3.destroy();
    const program = `
import sys, boto3
from botocore.config import Config
from botocore.exceptions import ClientError
for version in ["s3v4", "s3"]:
    s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=Config(signature_version=version))
    try: print(s3.list_objects_v2(Bucket="${Bucket}")["KeyCount"])
    except ClientError as error: print(error.response["Error"]["Code"])
`;
    const environment = { ...asEnvironment(stage.root), AWS_DEFAULT_REGION: 'us-east-1' };
    const output = await succeeds(stage, installed('python'), ['-c', program, stage.endpoint], environment);
    assert.deepEqual(output.trim().split('\n'), ['0', 'AccessDenied']);
  });
});
