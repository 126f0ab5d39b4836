import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { refused, succeeds, without } from './run.js';
import { BUCKET, openStage, REGION, type Stage } from './stage.js';

suite('rclone', { skip: without('rclone') }, () => {
  let stage: Stage;
  let environment: Record<string, string>;

  before(async () => {
    stage = await openStage();
    const keys = await stage.assume();
    environment = {
      RCLONE_CONFIG: join(stage.home, 'none'),
      RCLONE_CONFIG_KARI_TYPE: 's3',
      RCLONE_CONFIG_KARI_PROVIDER: 'Other',
      RCLONE_CONFIG_KARI_ACCESS_KEY_ID: keys.accessKeyId,
      RCLONE_CONFIG_KARI_SECRET_ACCESS_KEY: keys.secretAccessKey,
      RCLONE_CONFIG_KARI_SESSION_TOKEN: keys.sessionToken!,
      RCLONE_CONFIG_KARI_ENDPOINT: stage.endpoint,
      RCLONE_CONFIG_KARI_REGION: REGION,
      RCLONE_CONFIG_KARI_FORCE_PATH_STYLE: 'true',
      // By itself this version sends the ACL `private`, which a bucket without ACLs refuses, AWS's as well.
      RCLONE_CONFIG_KARI_ACL: 'bucket-owner-full-control',
      RCLONE_CONFIG_KARI_UPLOAD_CUTOFF: '6M',
      RCLONE_CONFIG_KARI_CHUNK_SIZE: '5M',
      // The role may not create buckets, nor ask whether it could.
      RCLONE_CONFIG_KARI_NO_CHECK_BUCKET: 'true',
    };
    const tree = join(stage.home, 'tree', 'deep');
    await mkdir(tree, { recursive: true });
    await writeFile(join(tree, 'small +é.txt'), 'small');
    await writeFile(join(tree, 'large.bin'), randomBytes(13 * 1024 * 1024));
  });
  after(() => stage.close());

  const rclone = (...args: string[]) => succeeds(stage, 'rclone', ['--retries=1', ...args], environment);

  test('copies a tree up, in parts where it is large, and finds it the same', async () => {
    await rclone('copy', 'tree', `kari:${BUCKET}/tree`);
    await rclone('check', '--download', 'tree', `kari:${BUCKET}/tree`);
    const listed = await rclone('lsf', '--recursive', '--files-only', `kari:${BUCKET}/tree`);
    assert.deepEqual(listed.trim().split('\n').sort(), ['deep/large.bin', 'deep/small +é.txt']);
    assert.equal(await rclone('cat', `kari:${BUCKET}/tree/deep/small +é.txt`), 'small');
  });

  test('copies within the bucket and streams from standard input', async () => {
    await rclone('copyto', `kari:${BUCKET}/tree/deep/large.bin`, `kari:${BUCKET}/again.bin`);
    assert.match(await rclone('lsl', `kari:${BUCKET}/again.bin`), /^ *13631488 /);
  });

  test('is refused where the role may not', async () => {
    const words = await refused(
      stage,
      'rclone',
      ['--retries=1', 'deletefile', `kari:${BUCKET}/again.bin`],
      environment,
    );
    assert.match(words, /AccessDenied/);
  });
});
