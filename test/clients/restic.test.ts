import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, refused, succeeds, without } from './run.js';
import { openStage, REGION, type Stage } from './stage.js';
import { assertSameTree, writeTree } from './trees.js';

suite('restic', { skip: without('restic') }, () => {
  let stage: Stage;
  let environment: Record<string, string>;

  before(async () => {
    stage = await openStage();
    const keys = await assumeNarrowRole(stage, 'restic-backups', {
      onBucket: ['ListBucket', 'GetBucketLocation'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject'],
    });
    environment = {
      ...asEnvironment(keys),
      RESTIC_REPOSITORY: `s3:${stage.endpoint}/restic-backups/machine`,
      RESTIC_PASSWORD: 'a password',
      RESTIC_CACHE_DIR: join(stage.home, 'restic-cache'),
    };
    await writeTree(join(stage.home, 'tree'));
  });
  after(() => stage.close());

  const restic = (...args: string[]) =>
    succeeds(stage, 'restic', ['-o', `s3.region=${REGION}`, ...args], environment);

  test('backs up, forgets and prunes, checks every byte, and restores', async () => {
    await restic('init');
    await restic('backup', 'tree');
    const expendable = join(stage.home, 'tree', 'expendable.bin');
    await writeFile(expendable, Buffer.alloc(3_000_000, 'expendable'));
    await restic('backup', 'tree');
    await rm(expendable);
    await restic('backup', 'tree');
    const pruned = await restic('forget', '--keep-last', '1', '--prune');
    assert.match(pruned, /remove 2 snapshots|2 snapshots have been removed/);
    assert.match(await restic('check', '--read-data'), /no errors were found/);
    await restic('restore', 'latest', '--target', 'restored');
    await assertSameTree(join(stage.home, 'restored', 'tree'), join(stage.home, 'tree'));
  });

  test('is refused outside its bucket', async () => {
    const elsewhere = { ...environment, RESTIC_REPOSITORY: `s3:${stage.endpoint}/clients-bucket` };
    const words = await refused(stage, 'restic', ['-o', `s3.region=${REGION}`, 'init'], elsewhere);
    assert.match(words, /Access ?Denied|not authorized to perform/i);
  });
});
