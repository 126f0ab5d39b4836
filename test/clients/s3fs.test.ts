import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { until } from '../support/until.js';
import { assumeNarrowRole } from './narrow-role.js';
import { run, succeeds, without } from './run.js';
import { type Keys, openStage, REGION, type Stage } from './stage.js';
import { writeTree } from './trees.js';

suite('s3fs', { skip: without('s3fs') }, () => {
  let stage: Stage;
  let keys: Keys;
  let mountPoint: string;
  let mounted: ChildProcess;

  /** Mounts in the foreground; resolves once the file system is there. */
  async function mount(): Promise<void> {
    const options = [
      `url=${stage.endpoint}`,
      'use_path_request_style',
      `endpoint=${REGION}`,
      'sigv4',
      'multipart_size=5',
      'multireq_max=4',
      'enable_noobj_cache',
      'retries=1',
    ];
    mounted = spawn('s3fs', ['s3fs-bucket', mountPoint, '-f', '-o', options.join(',')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: stage.home,
        AWSACCESSKEYID: keys.accessKeyId,
        AWSSECRETACCESSKEY: keys.secretAccessKey,
        AWSSESSIONTOKEN: keys.sessionToken!,
      },
      stdio: 'ignore',
    });
    await until(async () => {
      assert.equal(mounted.exitCode, null, 's3fs has ended');
      return (await run(stage, 'mountpoint', ['-q', mountPoint])).status === 0;
    });
  }

  async function unmount(): Promise<void> {
    if (mounted.exitCode !== null) return;
    const ended = once(mounted, 'exit');
    await run(stage, 'fusermount', ['-u', mountPoint]);
    await ended;
  }

  before(async () => {
    stage = await openStage();
    keys = await assumeNarrowRole(stage, 's3fs-bucket', {
      onBucket: ['ListBucket'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'],
    });
    mountPoint = join(stage.home, 'mounted');
    await mkdir(mountPoint);
    await writeTree(join(stage.home, 'tree'));
    await mount();
  });
  after(async () => {
    await unmount();
    await stage.close();
  });

  /** Programs of their own touch the mounted files: this process serves them, and must not wait for itself. */
  const shell = (script: string) => succeeds(stage, 'sh', ['-ec', script]);

  test('a tree goes in, is still there after mounting again, is renamed and goes away', async () => {
    await shell('cp -r tree mounted/');
    await unmount();
    await mount();
    await shell('diff -r tree mounted/tree');
    await shell('mv "mounted/tree/a b" mounted/tree/moved');
    assert.equal(await shell('cat "mounted/tree/moved/ c  d.txt"'), 'a b/ c  d.txt');
    await shell(
      'mv mounted/tree/large.bin mounted/tree/larger.bin && printf more >> mounted/tree/larger.bin',
    );
    await shell('(cat tree/large.bin; printf more) | cmp - mounted/tree/larger.bin');
    await shell('rm -r mounted/tree');
    assert.equal(await shell('ls -A mounted'), '');
  });
});
