import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, refused, succeeds, without } from './run.js';
import { openStage, REGION, type Stage } from './stage.js';
import { assertSameTree, writeTree } from './trees.js';

suite('rclone synchronising', { skip: without('rclone') }, () => {
  let stage: Stage;
  let environment: Record<string, string>;
  const remote = ':s3:rclone-sync';

  before(async () => {
    stage = await openStage();
    const keys = await assumeNarrowRole(stage, 'rclone-sync', {
      onBucket: ['ListBucket'],
      onObjects: ['GetObject', 'PutObject', 'PutObjectAcl', 'DeleteObject'],
    });
    // Nothing but the environment, as a container has it: the keys are those that every AWS client reads.
    environment = {
      ...asEnvironment(keys),
      RCLONE_CONFIG: join(stage.home, 'none'),
      RCLONE_S3_ENV_AUTH: 'true',
      RCLONE_S3_PROVIDER: 'Other',
      RCLONE_S3_ENDPOINT: stage.endpoint,
      RCLONE_S3_REGION: REGION,
      RCLONE_S3_FORCE_PATH_STYLE: 'true',
      RCLONE_S3_ACL: 'bucket-owner-full-control',
      RCLONE_S3_UPLOAD_CUTOFF: '6M',
      RCLONE_S3_CHUNK_SIZE: '5M',
      RCLONE_S3_COPY_CUTOFF: '6M',
      RCLONE_S3_NO_CHECK_BUCKET: 'true',
      RCLONE_RETRIES: '1',
    };
    await writeTree(join(stage.home, 'tree'));
  });
  after(() => stage.close());

  const rclone = (...args: string[]) => succeeds(stage, 'rclone', args, environment);

  test('odd names and parts, there and back, and what went away', async () => {
    await rclone('sync', 'tree', `${remote}/tree`);
    await rclone('check', '--download', 'tree', `${remote}/tree`);
    await rm(join(stage.home, 'tree', 'a b'), { recursive: true });
    await writeFile(join(stage.home, 'tree', 'later.txt'), 'later');
    await rclone('sync', 'tree', `${remote}/tree`);
    await rclone('check', 'tree', `${remote}/tree`);
    await rclone('sync', `${remote}/tree`, 'back');
    await assertSameTree(join(stage.home, 'back'), join(stage.home, 'tree'));
  });

  test('moves within the bucket in parts, and purges', async () => {
    await rclone('move', `${remote}/tree`, `${remote}/moved`);
    await rclone('check', '--download', 'tree', `${remote}/moved`);
    await rclone('delete', remote);
    assert.equal(await rclone('lsf', '--recursive', '--files-only', remote), '');
  });

  test('is refused outside its bucket', async () => {
    const words = await refused(stage, 'rclone', ['lsf', ':s3:clients-bucket'], environment);
    assert.match(words, /AccessDenied/);
  });
});
