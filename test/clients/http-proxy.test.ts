/** `HTTP_PROXY` that points at the server: clients reach it under AWS's own names, buckets' among them, without DNS. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startServer } from '../../src/index.js';
import { without } from './run.js';

test('the AWS CLI with HTTP_PROXY', { skip: without('awscli'), timeout: 240_000 }, async t => {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-proxy-'));
  const server = await startServer({ data: join(home, 'data'), port: 0, log: 'none' });
  t.after(async () => {
    await server.close();
    await rm(home, { recursive: true });
  });
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    HTTP_PROXY: server.endpoint,
    AWS_SHARED_CREDENTIALS_FILE: server.credentialsFile,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_PAGER: '',
  };
  const aws = async (host: string, ...args: string[]) => {
    const all = ['--endpoint-url', `http://${host}`, '--output', 'text', ...args];
    return (await promisify(execFile)('/usr/bin/aws', all, { env })).stdout.trim();
  };
  const s3 = (...args: string[]) => aws('s3.us-east-1.amazonaws.com', 's3api', ...args);
  await s3('create-bucket', '--bucket', 'by-proxy');
  await s3('put-object', '--bucket', 'by-proxy', '--key', 'a//b c');
  const keys = await s3('list-objects-v2', '--bucket', 'by-proxy', '--query', 'Contents[].Key');
  assert.equal(keys, 'a//b c');
  const arn = await aws('sts.amazonaws.com', 'sts', 'get-caller-identity', '--query', 'Arn');
  assert.equal(arn, `arn:aws:iam::${server.accountId}:root`);
});
