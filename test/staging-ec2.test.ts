/** Whole staging jobs on an instance: its role assumes the job's, and there is no permanent key. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  type BucketLocationConstraint,
  CreateBucketCommand,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type RunningImds, startImds } from '../src/imds/index.js';
import { openJob, runJob, stagingPolicies, validateJob } from '../src/staging/index.js';
import { AGENT, FIRST, type Fleet, openFleet, PROFILE, SECOND } from './support/fleet.js';

/** Each partition with the region of the server and another one. */
const partitions = [
  { partition: 'aws', region: 'eu-central-1', other: 'eu-west-1' },
  { partition: 'aws-cn', region: 'cn-north-1', other: 'cn-northwest-1' },
] as const;

for (const { partition, region, other } of partitions) {
  suite(`a staging job on an instance in ${partition}`, () => {
    let fleet: Fleet;
    let imds: RunningImds;
    const before_ = process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'];
    before(async () => {
      fleet = await openFleet({ partition, region });
      const target = { endpoint: fleet.endpoint, region, credentials: fleet.root };
      imds = await startImds({ target, instanceProfile: PROFILE, listen: '127.0.0.1:0' });
      process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = `${imds.endpoint}/`;
    });
    after(async () => {
      if (before_ === undefined) delete process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'];
      else process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = before_;
      await imds?.close();
      await fleet?.close();
    });

    const keysOf = (account: string) => (account === FIRST ? fleet.root : fleet.owner);

    /** The role of a job in an account, and its bucket in one, with the policies that `policies` prints and no others. */
    async function job(name: string, account: string, bucketRegion: string, owner = account) {
      const file = join(fleet.home, `${name}.yaml`);
      const text = (what: string) => `job: ${name}
connection:
  useEc2Role: true
  s3IamRoleArn: arn:${partition}:iam::${account}:role/${name}
  externalId: partner-4711
  bucket: ${name}-bucket
  region: ${bucketRegion}
  partition: ${partition}
  endpoint: ${fleet.endpoint}
${what}
`;
      await writeFile(
        file,
        text(
          'load: {files: [orders.csv], table: orders, preSql: ["CREATE TABLE orders (id INTEGER, note VARCHAR)"]}',
        ),
      );
      const load = await openJob(file);
      const { caller, trust, permissions, bucket } = stagingPolicies(load, fleet.agentArn);
      const { endpoint } = fleet;
      const iam = new IAMClient({ endpoint, region, credentials: keysOf(account) });
      const AssumeRolePolicyDocument = JSON.stringify(trust);
      await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
      const policy = { PolicyName: 'stage', PolicyDocument: JSON.stringify(permissions) };
      await iam.send(new PutRolePolicyCommand({ RoleName: name, ...policy }));
      iam.destroy();
      const s3 = new S3Client({
        endpoint,
        region: bucketRegion,
        credentials: keysOf(owner),
        forcePathStyle: true,
      });
      const Bucket = `${name}-bucket`;
      const LocationConstraint = bucketRegion as BucketLocationConstraint;
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
      if (owner !== account) {
        await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(bucket) }));
      }
      s3.destroy();
      const first = new IAMClient({ endpoint: fleet.endpoint, region, credentials: fleet.root });
      const assume = { PolicyName: name, PolicyDocument: JSON.stringify(caller) };
      await first.send(new PutRolePolicyCommand({ RoleName: AGENT, ...assume }));
      first.destroy();
      await writeFile(
        file,
        text(`warehouse: {type: duckdb, path: ${name}.duckdb}\nunload: {table: orders, file: ${name}.csv}`),
      );
      return { load, unload: await openJob(file) };
    }

    const variants: readonly (readonly [string, string, string, string?])[] = [
      ['same-account', FIRST, region],
      ['same-account-other-region', FIRST, other],
      ['other-account', SECOND, region],
      ['other-account-other-region', SECOND, other],
      ['bucket-of-other-account', FIRST, region, SECOND],
    ];
    for (const [name, account, bucketRegion, owner] of variants) {
      test(`${name.replaceAll('-', ' ')}: a load and an unload, with the least policies`, async () => {
        const rows = Array.from({ length: 500 }, (_, n) => `${n},"note ${n}"\n`).join('');
        await writeFile(join(fleet.home, 'orders.csv'), `id,note\n${rows}`);
        const { load, unload } = await job(name, account, bucketRegion, owner);
        for await (const { name: check, result, message } of validateJob(load)) {
          // The table is made by the load.
          if (check !== 'warehouse') assert.equal(result, 'passed', `${check}: ${message}`);
        }
        await runJob(load);
        await runJob(unload);
        const back = await readFile(join(fleet.home, `${name}.csv`), 'utf8');
        assert.equal(back.slice(back.indexOf('\n') + 1), rows);
      });
    }

    // In the same account a trust policy that names the caller is enough ("Policy evaluation logic", IAM User Guide).
    test('another account: without sts:AssumeRole of the instance’s role the check of its name fails', async () => {
      const { load } = await job('lacking', SECOND, region);
      const iam = new IAMClient({ endpoint: fleet.endpoint, region, credentials: fleet.root });
      await iam.send(new DeleteRolePolicyCommand({ RoleName: AGENT, PolicyName: 'lacking' }));
      iam.destroy();
      const failed: string[] = [];
      for await (const { name, result, message } of validateJob(load)) {
        if (result === 'failed') failed.push(`${name}: ${message}`);
      }
      assert.match(failed[0]!, /^sts:AssumeRole: AccessDenied/);
    });
  });
}
