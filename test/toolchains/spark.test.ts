/** Spark writes and reads tables by S3A, with keys of a role that it assumes with an external ID. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { makeNarrowRole } from '../clients/narrow-role.js';
import { asEnvironment } from '../clients/run.js';
import { EXTERNAL_ID, openStage, REGION, type Stage } from '../clients/stage.js';
import { output } from '../support/programs.js';
import { asked } from './asked.js';
import { built, LONGEST, noMaven } from './java.js';
import { noPython, programsWith } from './python.js';

const SOURCE = resolve('test/toolchains/spark_tables.py');
const BUCKET = 'spark-bucket';

suite('Spark', { skip: asked || noMaven || noPython }, () => {
  let stage: Stage;
  let python: string;
  let jars: string[];
  before(async () => {
    python = join(await programsWith('spark', ['pyspark==4.3.0']), 'python');
    jars = await jarsOf('hadoop');
    stage = await openStage();
  });
  after(() => stage.close());

  test('partitioned tables are written, appended to, read, renamed and deleted', async () => {
    const needs = {
      onBucket: ['ListBucket'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'],
    };
    const role = await makeNarrowRole(stage, BUCKET, needs, EXTERNAL_ID);
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: stage.home,
      // An STS endpoint among S3A's settings would be asked over HTTPS.
      AWS_ENDPOINT_URL_STS: stage.endpoint,
      AWS_REGION: REGION,
      ...asEnvironment(stage.user),
    };
    const args = [SOURCE, jars.join(), stage.endpoint, REGION, BUCKET, role, EXTERNAL_ID];
    const rows = [10_000, 20_000, 10_000].map((count, day) => [day, count]);
    assert.deepEqual(JSON.parse(await output(python, args, env, LONGEST)), [rows, 10, true, 40_000, true]);
  });
});

/** What a project takes but for what comes with PySpark. */
async function jarsOf(project: string): Promise<string[]> {
  const place = join(await built(project), 'lib');
  const names = await readdir(place);
  return names
    .filter(name => !/^(hadoop-client|slf4j|commons|netty-(?!nio-client)|snappy)/.test(name))
    .map(name => join(place, name));
}
