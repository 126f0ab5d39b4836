import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { refused, succeeds, without } from './run.js';
import { BUCKET, openStage, REGION, type Stage } from './stage.js';

suite('s3cmd', { skip: without('s3cmd') }, () => {
  let stage: Stage;
  const large = randomBytes(16 * 1024 * 1024);

  before(async () => {
    stage = await openStage();
    const keys = await stage.assume();
    const host = new URL(stage.endpoint).host;
    await writeFile(
      join(stage.home, 's3cfg'),
      [
        '[default]',
        `access_key = ${keys.accessKeyId}`,
        `secret_key = ${keys.secretAccessKey}`,
        `access_token = ${keys.sessionToken}`,
        `host_base = ${host}`,
        `host_bucket = ${host}`,
        `bucket_location = ${REGION}`,
        'use_https = False',
        'multipart_chunk_size_mb = 5',
      ].join('\n'),
    );
    await writeFile(join(stage.home, 'large.bin'), large);
    await writeFile(join(stage.home, 'small.txt'), 'small');
  });
  after(() => stage.close());

  const s3cmd = (...args: string[]) => succeeds(stage, 's3cmd', ['--config=s3cfg', '--no-progress', ...args]);

  test('reads and writes with temporary credentials', async () => {
    await s3cmd('put', 'small.txt', `s3://${BUCKET}/dir/small & ü.txt`);
    assert.match(await s3cmd('ls', `s3://${BUCKET}/dir/`), / 5 +s3:\/\/clients-bucket\/dir\/small & ü\.txt/);
    await s3cmd('get', `s3://${BUCKET}/dir/small & ü.txt`, 'back.txt');
    assert.equal(await readFile(join(stage.home, 'back.txt'), 'utf8'), 'small');
  });

  test('uploads in parts', async () => {
    await s3cmd('put', 'large.bin', `s3://${BUCKET}/large.bin`);
    await s3cmd('get', `s3://${BUCKET}/large.bin`, 'back.bin');
    assert.deepEqual(await readFile(join(stage.home, 'back.bin')), large);
    assert.match(
      await s3cmd('info', `s3://${BUCKET}/large.bin`).catch(String),
      /File size: +16777216|AccessDenied/,
    );
  });

  test('is refused where the role may not', async () => {
    const words = await refused(stage, 's3cmd', ['--config=s3cfg', 'del', `s3://${BUCKET}/large.bin`]);
    assert.match(words, /AccessDenied|not authorized to perform: s3:DeleteObject/);
  });
});
