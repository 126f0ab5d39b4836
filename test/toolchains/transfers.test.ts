/** Java's programs on a bucket, built here: Hadoop's S3A, and the transfer manager on the AWS Common Runtime. */
import assert from 'node:assert/strict';
import { delimiter, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startImds } from '../../src/imds/index.js';
import { assumeNarrowRole } from '../clients/narrow-role.js';
import { asEnvironment } from '../clients/run.js';
import { openStage, REGION, type Stage } from '../clients/stage.js';
import { BUCKET, EXTERNAL_ID, openFleet, PROFILE } from '../support/fleet.js';
import { environment, output } from '../support/programs.js';
import { asked } from './asked.js';
import { built, LONGEST, noMaven } from './java.js';

const variables = { ...process.env } as Record<string, string>;

/** The words that run a program of a project, which is built here. */
async function program(project: string, main: string): Promise<string[]> {
  const directory = await built(project);
  return ['-cp', [join(directory, 'target/classes'), join(directory, 'lib/*')].join(delimiter), main];
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
    const setting = `fs.s3a.aws.credentials.provider=${provider}`;
    await run(await program('hadoop', 'Tree'), 'hadoop-bucket', [setting]);
  });

  for (const [partition, region] of [
    ['aws', 'eu-central-1'],
    ['aws-cn', 'cn-north-1'],
  ] as const) {
    test(`Hadoop’s S3A in ${partition}: an instance's keys, a role of another account, its bucket`, async t => {
      const fleet = await openFleet({ partition, region });
      t.after(() => fleet.close());
      const target = { endpoint: fleet.endpoint, region, credentials: fleet.root };
      const imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0' });
      t.after(() => imds.close());
      // An STS endpoint among S3A's settings would be asked over HTTPS.
      const env = environment(fleet, {
        AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint,
        AWS_ENDPOINT_URL_STS: fleet.endpoint,
        AWS_REGION: region,
      });
      const settings = Object.entries({
        'fs.s3a.aws.credentials.provider': 'org.apache.hadoop.fs.s3a.auth.AssumedRoleCredentialProvider',
        'fs.s3a.assumed.role.credentials.provider':
          'org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider',
        'fs.s3a.assumed.role.arn': fleet.roleArn,
        'fs.s3a.assumed.role.external.id': EXTERNAL_ID,
        'fs.s3a.assumed.role.session.duration': '15m',
      }).map(([name, value]) => `${name}=${value}`);
      const words = [...(await program('hadoop', 'Tree')), fleet.endpoint, region, BUCKET, ...settings];
      assert.equal(await output('java', words, env, LONGEST), 'done');
    });
  }

  test('the AWS Common Runtime: a file up, copied and down', async () => {
    await run(await program('crt', 'Transfers'), 'crt-bucket', []);
  });
});
