import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, refused, succeeds, without } from './run.js';
import { openStage, REGION, type Stage } from './stage.js';
import { assertSameTree, writeTree } from './trees.js';

suite('s3cmd synchronising', { skip: without('s3cmd') }, () => {
  let stage: Stage;
  let environment: Record<string, string>;
  const remote = 's3://s3cmd-sync/tree/';

  before(async () => {
    stage = await openStage();
    const keys = await assumeNarrowRole(stage, 's3cmd-sync', {
      onBucket: ['ListBucket', 'GetBucketLocation'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'],
    });
    environment = asEnvironment(keys);
    await writeTree(join(stage.home, 'tree'));
  });
  after(() => stage.close());

  const options = () => {
    const { host } = new URL(stage.endpoint);
    const target = [`--host=${host}`, `--host-bucket=${host}`, `--region=${REGION}`, '--no-ssl'];
    return ['--config=none', ...target, '--no-progress', '--multipart-chunk-size-mb=5'];
  };
  const s3cmd = (...args: string[]) => succeeds(stage, 's3cmd', [...options(), ...args], environment);

  test('odd names and parts, there and back, and what went away', async () => {
    await s3cmd('sync', 'tree/', remote);
    await s3cmd('sync', remote, 'back/');
    await assertSameTree(join(stage.home, 'back'), join(stage.home, 'tree'));
    await rm(join(stage.home, 'tree', 'a b'), { recursive: true });
    assert.match(await s3cmd('sync', '--delete-removed', 'tree/', remote), /delete: '.*a b\/ c {2}d\.txt'/);
    assert.doesNotMatch(await s3cmd('ls', '--recursive', remote), / c {2}d\.txt/);
  });

  test('copies, moves and removes', async () => {
    // By itself s3cmd would read the source's ACL and write it to the copy.
    await s3cmd('cp', '--acl-private', `${remote}large.bin`, `${remote}copy.bin`);
    await s3cmd('mv', '--acl-private', `${remote}copy.bin`, `${remote}moved.bin`);
    await s3cmd('get', `${remote}moved.bin`, 'moved.bin');
    await s3cmd('del', '--recursive', '--force', remote);
    assert.equal(await s3cmd('ls', '--recursive', remote), '');
  });

  test('is refused outside its bucket', async () => {
    const words = await refused(stage, 's3cmd', [...options(), 'ls', 's3://clients-bucket'], environment);
    assert.match(words, /AccessDenied|not authorized to perform/);
  });
});
