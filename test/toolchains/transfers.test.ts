/** Java's programs on a bucket, built here: Hadoop's S3A, and the transfer manager on the AWS Common Runtime. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { assumeNarrowRole } from '../clients/narrow-role.js';
import { asEnvironment } from '../clients/run.js';
import { openStage, REGION, type Stage } from '../clients/stage.js';
import { output } from '../support/programs.js';
import { asked } from './asked.js';

const SOURCES = resolve('test/toolchains');
const BUILT = resolve('.cache/toolchains');
/** Milliseconds that a build may take with all that it downloads, or a program. */
const LONGEST = 900_000;

const variables = { ...process.env } as Record<string, string>;
const noMaven = spawnSync('mvn', ['--version']).status !== 0 && 'there is no mvn on this machine';

/** The words that run a program of a project, which is built here. */
async function built(project: string, main: string): Promise<string[]> {
  // Maven writes beside the sources.
  const directory = join(BUILT, project);
  await mkdir(BUILT, { recursive: true });
  await cp(join(SOURCES, project), directory, { recursive: true });
  const goals = ['compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
  await output('mvn', ['-q', '-B', '-f', join(directory, 'pom.xml'), ...goals], variables, LONGEST);
  const classes = [join(directory, 'target/classes'), join(directory, 'lib/*')].join(delimiter);
  return ['-cp', classes, main];
}

suite('transfers', { skip: asked || noMaven }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  const run = async (words: string[], bucket: string, more: string[]) => {
    const keys = await assumeNarrowRole(stage, bucket, {
      onBucket: ['ListBucket'],
      onObjects: ['GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload'],
    });
    const env = { ...variables, ...asEnvironment(keys) };
    const args = [...words, stage.endpoint, REGION, bucket, ...more];
    assert.equal(await output('java', args, env, LONGEST), 'done');
  };

  test('Hadoop’s S3A: a tree is written in parts, read, listed, renamed and deleted', async () => {
    const provider = 'software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider';
    await run(await built('hadoop', 'Tree'), 'hadoop-bucket', [provider]);
  });

  test('the AWS Common Runtime: a file up, copied and down', async () => {
    await run(await built('crt', 'Transfers'), 'crt-bucket', []);
  });
});
