/** A server, a bucket, a user who may only assume a role, and job files on them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ManualClock, type RunningServer, startServer } from '../../src/index.js';
import { type Job, openJob, type PolicyDocument, stagingPolicies } from '../../src/staging/index.js';

export const ACCOUNT = '111122223333';
export const BUCKET = 'staging-bucket';
export const ROLE = 'stager';

export interface StagingWorld {
  readonly server: RunningServer;
  readonly clock: ManualClock;
  readonly directory: string;
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly user: string;
  /** A job in a file of its name. `more`: YAML of what is not the connection. `connection`: further lines of that. */
  job(name: string, more: string, connection?: readonly string[]): Promise<Job>;
  /** The role's only policy. */
  permit(document: PolicyDocument): Promise<void>;
  /** The role's trust policy, for another external ID than the jobs have. */
  trust(externalId: string): Promise<void>;
  /** Keys of the bucket that begin so. */
  keys(prefix?: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Everything of the world on a region; its role may do what `policies` says for all jobs under `staging/`. */
export async function startStagingWorld(region = 'us-east-1'): Promise<StagingWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-staging-'));
  const clock = new ManualClock();
  const server = await startServer({ data: 'memory', port: 0, account: ACCOUNT, log: 'none', region, clock });
  const config = { endpoint: server.endpoint, region, credentials: server.root!, forcePathStyle: true };
  const iam = new IAMClient(config);
  const s3 = new S3Client(config);
  const partition = region.startsWith('cn-') ? 'aws-cn' : 'aws';
  const user = `arn:${partition}:iam::${ACCOUNT}:user/loader`;
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await iam.send(new CreateUserCommand({ UserName: 'loader' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'loader' }));
  process.env['STAGING_WORLD_KEY'] = AccessKey!.AccessKeyId;
  process.env['STAGING_WORLD_SECRET'] = AccessKey!.SecretAccessKey;

  const world: StagingWorld = {
    server,
    clock,
    directory,
    iam,
    s3,
    user,
    async job(name, more, connection = []) {
      const lines = [
        'accessKey: {env: STAGING_WORLD_KEY}',
        'secretKey: {env: STAGING_WORLD_SECRET}',
        `s3IamRoleArn: arn:${partition}:iam::${ACCOUNT}:role/${ROLE}`,
        'externalId: partner-4711',
        `bucket: ${BUCKET}`,
        `region: ${region}`,
        `endpoint: ${server.endpoint}`,
        ...connection,
      ];
      const file = join(directory, `${name}.yaml`);
      await writeFile(
        file,
        `job: ${name}\nconnection:\n${lines.map(line => `  ${line}\n`).join('')}${more}\n`,
      );
      return openJob(file);
    },
    async permit(document) {
      const PolicyDocument = JSON.stringify(document);
      await iam.send(new PutRolePolicyCommand({ RoleName: ROLE, PolicyName: 'stage', PolicyDocument }));
    },
    async trust(externalId) {
      const { trust } = stagingPolicies(await world.job('trust', 'load: {files: [a.csv], table: a}'), user);
      const PolicyDocument = JSON.stringify(trust).replace('partner-4711', externalId);
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: ROLE, PolicyDocument }));
    },
    async keys(Prefix = '') {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
      return Contents.map(({ Key }) => Key!);
    },
    async close() {
      iam.destroy();
      s3.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };

  const job = await world.job('setup', 'load: {files: [a.csv], table: a}');
  const { caller, trust, permissions } = stagingPolicies({ ...job, prefix: 'staging/' }, user);
  const PolicyDocument = JSON.stringify(caller);
  await iam.send(new PutUserPolicyCommand({ UserName: 'loader', PolicyName: 'assume', PolicyDocument }));
  const AssumeRolePolicyDocument = JSON.stringify(trust);
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument }));
  await world.permit(permissions);
  return world;
}
