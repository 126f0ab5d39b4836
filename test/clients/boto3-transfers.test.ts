import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, installed, succeeds, without } from './run.js';
import { openStage, type Stage } from './stage.js';

const PYTHONS = [
  { name: "Debian's boto3", python: '/usr/bin/python3', skip: without('boto3') },
  { name: 'a recent boto3', python: installed('python'), skip: without('pip') },
];
const ALGORITHMS = ['CRC32', 'SHA256', 'SHA1', 'CRC32'];

for (const { name, python, skip } of PYTHONS) {
  suite(`${name}, the transfer manager`, { skip }, () => {
    let stage: Stage;
    before(async () => {
      stage = await openStage();
    });
    after(() => stage.close());

    test('uploads, copies and downloads in parts from several threads, with checksums', async () => {
      const keys = await assumeNarrowRole(stage, 'transfers', {
        onBucket: ['ListBucket', 'ListBucketMultipartUploads'],
        onObjects: ['GetObject', 'PutObject', 'DeleteObject'],
      });
      const output = await succeeds(stage, python, [resolve('test/clients/boto3_transfers.py')], {
        ...asEnvironment(keys),
        ENDPOINT: stage.endpoint,
        BUCKET: 'transfers',
      });
      assert.deepEqual(JSON.parse(output), {
        transfers: ALGORITHMS.map((algorithm, number) => ({
          same: true,
          algorithm,
          checksum: true,
          metadata: { number: String(number) },
          parts: '3',
        })),
        removed: 8,
        left: 0,
        uploads: 0,
        refusal: 'AccessDenied',
      });
    });
  });
}
