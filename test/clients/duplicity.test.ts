import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, refused, succeeds, without } from './run.js';
import { openStage, REGION, type Stage } from './stage.js';
import { assertSameTree, writeTree } from './trees.js';

suite('duplicity', { skip: without('duplicity') }, () => {
  let stage: Stage;
  let environment: Record<string, string>;
  const target = 'boto3+s3://duplicity-backups/machine';

  before(async () => {
    stage = await openStage();
    const keys = await assumeNarrowRole(stage, 'duplicity-backups', {
      onBucket: ['ListBucket'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject'],
    });
    environment = asEnvironment(keys);
    await writeTree(join(stage.home, 'tree'));
  });
  after(() => stage.close());

  const options = () => [
    '--no-encryption',
    '--archive-dir=archive',
    `--s3-endpoint-url=${stage.endpoint}`,
    `--s3-region-name=${REGION}`,
  ];
  const duplicity = (...args: string[]) =>
    succeeds(stage, '/usr/bin/duplicity', [...options(), ...args], environment);

  test('backs up in full and by increments, verifies, restores without its cache, and removes', async () => {
    await duplicity('full', 'tree', target);
    await writeFile(join(stage.home, 'tree', 'later.txt'), 'written later');
    await duplicity('incremental', 'tree', target);
    assert.match(await duplicity('verify', '--compare-data', target, 'tree'), /0 differences found/);
    await rm(join(stage.home, 'archive'), { recursive: true });
    await duplicity('restore', target, 'restored');
    await assertSameTree(join(stage.home, 'restored'), join(stage.home, 'tree'));
    await duplicity('full', 'tree', target);
    assert.match(await duplicity('remove-all-but-n-full', '1', '--force', target), /Deleting backup/);
  });

  test('is refused outside its bucket', async () => {
    const args = [...options(), '--num-retries=1', 'full', 'tree', 'boto3+s3://clients-bucket/machine'];
    assert.match(await refused(stage, '/usr/bin/duplicity', args, environment), /AccessDenied|Forbidden|403/);
  });
});
