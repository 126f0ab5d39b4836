/** `aws s3` with trees of odd names, and with keys that no file can have. */
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, installed, refused, succeeds, without } from './run.js';
import { openStage, type Stage } from './stage.js';
import { assertSameTree, filesBelow, ODD_NAMES, writeTree } from './trees.js';

const CLIS = [
  { name: 'AWS CLI 1', program: installed('aws'), skip: without('pip') },
  { name: "Debian's AWS CLI 2", program: '/usr/bin/aws', skip: without('awscli') },
];
const BUCKET = 'trees';
/** Keys that `aws s3` takes for what they are. */
const NO_FILES = ['/leading', 'a//b', 'a/../dots/', `${'k'.repeat(1023)}\u007f`];

for (const { name, program, skip } of CLIS) {
  suite(`${name} and trees`, { skip }, () => {
    let stage: Stage;
    let environment: Record<string, string>;

    before(async () => {
      stage = await openStage();
      const keys = await assumeNarrowRole(stage, BUCKET, {
        onBucket: ['ListBucket'],
        onObjects: ['GetObject', 'PutObject', 'DeleteObject', 'GetObjectTagging', 'PutObjectTagging'],
      });
      environment = asEnvironment(keys);
      await writeTree(join(stage.home, 'tree'));
    });
    after(() => stage.close());

    const aws = (...args: string[]) =>
      succeeds(stage, program, [...args, '--endpoint-url', stage.endpoint], environment);
    const lines = (output: string) => output.split('\n').filter(line => line !== '');
    const list = async (prefix: string) =>
      JSON.parse(
        await aws(
          's3api',
          'list-objects-v2',
          '--bucket',
          BUCKET,
          '--prefix',
          prefix,
          '--query',
          'Contents[].Key',
        ),
      ) as string[];

    test('a tree is synchronised there and back, also what went away', async () => {
      await aws('s3', 'sync', '--quiet', 'tree', `s3://${BUCKET}/tree`);
      const names = await filesBelow(join(stage.home, 'tree'));
      assert.deepEqual((await list('tree/')).sort(), names.map(each => `tree/${each}`).sort());
      await aws('s3', 'sync', '--quiet', `s3://${BUCKET}/tree`, 'back');
      await assertSameTree(join(stage.home, 'back'), join(stage.home, 'tree'));
      await rename(join(stage.home, 'back', 'a b'), join(stage.home, 'back', 'c d'));
      const synchronised = lines(
        await aws('s3', 'sync', '--delete', '--no-progress', 'back', `s3://${BUCKET}/tree`),
      );
      assert.deepEqual(synchronised.map(line => line.split(': ')[0]).sort(), ['delete', 'upload']);
    });

    test('moves and removes trees', async () => {
      await aws('s3', 'mv', '--quiet', '--recursive', `s3://${BUCKET}/tree`, `s3://${BUCKET}/moved`);
      const moved = await list('');
      assert.equal(moved.length, ODD_NAMES.length + 1);
      assert.ok(moved.every(key => key.startsWith('moved/')));
      await aws('s3', 'cp', '--quiet', '--recursive', `s3://${BUCKET}/moved`, 'moved');
      await assertSameTree(join(stage.home, 'moved'), join(stage.home, 'back'));
      await aws('s3', 'rm', '--quiet', '--recursive', `s3://${BUCKET}/moved`);
      assert.equal(await list(''), null);
    });

    test('keys that no file has are listed, read, presigned and removed', async () => {
      await writeFile(join(stage.home, 'small'), 'small');
      const s3 = new S3Client(stage.config(stage.root));
      for (const Key of NO_FILES) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'small' }));
      s3.destroy();
      assert.deepEqual(await list(''), [...NO_FILES].sort());
      await aws('s3', 'cp', '--quiet', `s3://${BUCKET}//leading`, 'leading');
      assert.equal(await readFile(join(stage.home, 'leading'), 'utf8'), 'small');
      const odd = "odd/ +%25\u00e9\u{1f600}#?&='!*().txt";
      await aws('s3', 'cp', '--quiet', 'small', `s3://${BUCKET}/${odd}`);
      const url = (await aws('s3', 'presign', `s3://${BUCKET}/${odd}`)).trim();
      assert.equal(await (await fetch(url)).text(), 'small');
      await aws('s3', 'rm', '--quiet', '--recursive', `s3://${BUCKET}`);
      assert.equal(await list(''), null);
    });

    test('is refused outside its bucket', async () => {
      const args = ['s3', 'ls', 's3://clients-bucket', '--endpoint-url', stage.endpoint];
      assert.match(await refused(stage, program, args, environment), /AccessDenied/);
    });
  });
}
