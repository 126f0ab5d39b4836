/** What real clients did becomes the least policy of their roles; with that alone they do the same again. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { PolicyGenerator } from '../../src/policy/generate/index.js';
import { isCall, type RecordedCall, readCall } from '../../src/policy/recorded/index.js';
import { Replay, withChange, worldOf } from '../../src/policy/replay/index.js';
import { until } from '../support/until.js';
import { assumeNarrowRole } from './narrow-role.js';
import { run, without } from './run.js';
import { ACCOUNT, type Keys, openStage, REGION, type Stage } from './stage.js';

interface Client {
  readonly command: 'aws' | 'rclone';
  readonly bucket: string;
  environment(keys: Keys, endpoint: string): Readonly<Record<string, string>>;
  /** The last one deletes an object. */
  readonly steps: readonly (readonly string[])[];
  /** An action of the policy, without which a step fails. */
  readonly needed: string;
}

const CLIENTS: readonly Client[] = [
  {
    command: 'aws',
    bucket: 'least-cli',
    environment: (keys, endpoint) => ({
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken!,
      AWS_ENDPOINT_URL: endpoint,
    }),
    steps: [
      ['s3', 'cp', '--recursive', 'tree', 's3://least-cli/tree'],
      ['s3', 'ls', '--recursive', 's3://least-cli/tree/'],
      ['s3', 'sync', 's3://least-cli/tree', 'copy'],
      ['s3', 'cp', 's3://least-cli/tree/1', 's3://least-cli/again'],
      ['s3', 'rm', 's3://least-cli/again'],
    ],
    needed: 's3:ListBucket',
  },
  {
    command: 'rclone',
    bucket: 'least-rclone',
    environment: (keys, endpoint) => ({
      RCLONE_CONFIG_KARI_TYPE: 's3',
      RCLONE_CONFIG_KARI_PROVIDER: 'Other',
      RCLONE_CONFIG_KARI_ACCESS_KEY_ID: keys.accessKeyId,
      RCLONE_CONFIG_KARI_SECRET_ACCESS_KEY: keys.secretAccessKey,
      RCLONE_CONFIG_KARI_SESSION_TOKEN: keys.sessionToken!,
      RCLONE_CONFIG_KARI_ENDPOINT: endpoint,
      RCLONE_CONFIG_KARI_REGION: REGION,
      RCLONE_CONFIG_KARI_FORCE_PATH_STYLE: 'true',
      RCLONE_CONFIG_KARI_ACL: 'bucket-owner-full-control',
      RCLONE_CONFIG_KARI_UPLOAD_CUTOFF: '6M',
      RCLONE_CONFIG_KARI_CHUNK_SIZE: '5M',
      RCLONE_CONFIG_KARI_NO_CHECK_BUCKET: 'true',
      RCLONE_RETRIES: '1',
    }),
    steps: [
      ['copy', 'tree', 'kari:least-rclone/tree'],
      ['check', '--download', 'tree', 'kari:least-rclone/tree'],
      ['copyto', 'kari:least-rclone/tree/large', 'kari:least-rclone/again'],
      ['deletefile', 'kari:least-rclone/again'],
    ],
    needed: 's3:PutObject',
  },
];

suite('from what clients did to the least policy', () => {
  let stage: Stage;

  before(async () => {
    stage = await openStage();
    const tree = join(stage.home, 'tree');
    await mkdir(tree, { recursive: true });
    for (const name of ['1', '2', '3', '4', '5', '6']) await writeFile(join(tree, name), name);
    await writeFile(join(tree, 'large'), randomBytes(9 * 1024 * 1024));
  });
  after(() => stage.close());

  for (const { command, bucket, environment, steps, needed } of CLIENTS) {
    test(`of ${command}: it goes on as before, and where an action is missing the replay says so first`, {
      skip: without(command === 'aws' ? 'awscli' : command),
    }, async () => {
      const keys = await assumeNarrowRole(stage, bucket, { onBucket: ['*'], onObjects: ['*'] });
      const own = environment(keys, stage.endpoint);
      const work = async () => {
        const failed: string[] = [];
        for (const step of steps) {
          const { status, stderr } = await run(stage, command, step, own);
          if (status !== 0) failed.push(`${step.join(' ')}: ${stderr}`);
        }
        return failed;
      };
      const principal = `arn:aws:iam::${ACCOUNT}:role/${bucket}`;
      const iam = new IAMClient(stage.config(stage.root));
      const put = (PolicyDocument: string) =>
        iam.send(new PutRolePolicyCommand({ RoleName: bucket, PolicyName: bucket, PolicyDocument }));

      assert.deepEqual(await work(), []);
      const calls = await callsOf(stage, principal);
      const generator = new PolicyGenerator({ principal });
      for (const call of calls) generator.add(call);
      const { policy } = await generator.finish();
      await put(policy!);
      await empty(stage, bucket);
      assert.deepEqual(await work(), [], policy);

      const { Statement } = JSON.parse(policy!) as { Statement: { Action: string[] }[] };
      const rest = Statement.map(one => ({ ...one, Action: one.Action.filter(name => name !== needed) }));
      const Less = rest.filter(({ Action }) => Action.length > 0);
      const less = JSON.stringify({ Version: '2012-10-17', Statement: Less });
      const replay = new Replay(worldOf(withChange([], { name: 'less', document: less, place: principal })));
      for (const call of calls) replay.add(call);
      const broken = replay.report().groups.filter(({ outcome }) => outcome === 'newly-denied');
      assert.deepEqual([...new Set(broken.map(({ action }) => action))], [needed]);
      await put(less);
      await empty(stage, bucket);
      assert.notDeepEqual(await work(), []);
    });
  }
});

/** All of a role's, once the deletion with which its work ends is recorded. */
async function callsOf({ endpoint, root }: Stage, Principal: string): Promise<RecordedCall[]> {
  const target = { endpoint, region: REGION, credentials: root };
  let events: readonly { readonly eventName?: string }[] = [];
  await until(async () => {
    const found = await callKarikagi(target, 'SearchEvents', { Principal, MaxItems: 1000 });
    ({ Events: events } = found as { readonly Events: typeof events });
    return events.some(({ eventName }) => eventName === 'DeleteObject');
  });
  return events.map(event => readCall(event)).filter(isCall);
}

async function empty(stage: Stage, Bucket: string): Promise<void> {
  await rm(join(stage.home, 'copy'), { recursive: true, force: true });
  const s3 = new S3Client(stage.config(stage.root));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const Objects = Contents.map(({ Key }) => ({ Key }));
  if (Objects.length > 0) await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
}
