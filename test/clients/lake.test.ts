import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from './narrow-role.js';
import { asEnvironment, installed, succeeds, without } from './run.js';
import { openStage, REGION, type Stage } from './stage.js';

const BUCKET = 'lake-bucket';

suite('tables in a bucket', { skip: without('pip') }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  test('PyArrow, PyIceberg, obstore, delta-rs and DuckDB write and read them with a narrow role', async () => {
    const keys = await assumeNarrowRole(stage, BUCKET, {
      onBucket: ['ListBucket'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'],
    });
    const output = await succeeds(stage, installed('python'), [resolve('test/clients/lake.py')], {
      ENDPOINT: stage.endpoint,
      BUCKET,
      ...asEnvironment(keys),
      AWS_DEFAULT_REGION: REGION,
    });
    assert.deepEqual(JSON.parse(output), {
      PyArrow: [1000, { copy: 6 * 1024 * 1024 }],
      PyIceberg: 1980,
      obstore: [['a', 'c', 'd'], 'AlreadyExistsError'],
      'delta-rs': [3, 3000],
      DuckDB: [900, 404_550],
    });
  });
});
