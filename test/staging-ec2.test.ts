/** Whole staging jobs on an instance: its role assumes the job's, and there is no permanent key. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { type BucketLocationConstraint, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
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

    /** The bucket and the role of a job in one account, with the policies that `policies` prints and no others. */
    async function job(name: string, account: string, bucketRegion: string) {
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
      const keys = account === FIRST ? fleet.root : fleet.owner;
      const config = { endpoint: fleet.endpoint, credentials: keys, forcePathStyle: true };
      const s3 = new S3Client({ ...config, region: bucketRegion });
      const LocationConstraint = bucketRegion as BucketLocationConstraint;
      await s3.send(
        new CreateBucketCommand({
          Bucket: `${name}-bucket`,
          CreateBucketConfiguration: { LocationConstraint },
        }),
      );
      s3.destroy();
      const { caller, trust, permissions } = stagingPolicies(load, fleet.agentArn);
      const iam = new IAMClient({ ...config, region });
      const AssumeRolePolicyDocument = JSON.stringify(trust);
      await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
      const policy = { PolicyName: 'stage', PolicyDocument: JSON.stringify(permissions) };
      await iam.send(new PutRolePolicyCommand({ RoleName: name, ...policy }));
      iam.destroy();
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

    const variants = [
      ['same-account', FIRST, region],
      ['same-account-other-region', FIRST, other],
      ['other-account', SECOND, region],
      ['other-account-other-region', SECOND, other],
    ] as const;
    for (const [name, account, bucketRegion] of variants) {
      test(`${name.replaceAll('-', ' ')}: a load and an unload, with the least policies`, async () => {
        const rows = Array.from({ length: 500 }, (_, n) => `${n},"note ${n}"\n`).join('');
        await writeFile(join(fleet.home, 'orders.csv'), `id,note\n${rows}`);
        const { load, unload } = await job(name, account, bucketRegion);
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
  });
}
