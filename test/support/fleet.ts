/**
 * A server with two accounts of one partition: an instance profile in the first, whose role may do nothing but assume a
 * role of the second, with an external ID, on a bucket there.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import { type RunningServer, type ServerOptions, startServer } from '../../src/index.js';
import type { Keys } from '../clients/stage.js';

export const FIRST = '111122223333';
export const SECOND = '444455556666';
export const EXTERNAL_ID = 'partner-4711';
export const BUCKET = 'fleet-bucket';
export const PROFILE = 'web';
export const AGENT = 'agent';

export interface Fleet {
  readonly server: RunningServer;
  readonly endpoint: string;
  readonly region: string;
  /** An empty directory: the clients' home, with a configuration whose profile `staging` assumes the second role. */
  readonly home: string;
  readonly root: Keys;
  /** Of the second account. */
  readonly roleArn: string;
  readonly agentArn: string;
  /** Of the second account's root user. */
  readonly owner: Keys;
  close(): Promise<void>;
}

export async function openFleet(more: ServerOptions = {}): Promise<Fleet> {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-fleet-'));
  const server = await startServer({ data: 'memory', port: 0, account: FIRST, log: 'none', ...more });
  const { endpoint, settings } = server;
  const { region, partition } = settings;
  const root = server.root!;
  const target = { endpoint, region, credentials: root, ...(more.clock && { clock: more.clock }) };
  const { RootAccessKey: key } = (await callKarikagi(target, 'CreateAccount', {
    AccountName: 'second',
    Partition: partition,
    AccountId: SECOND,
  })) as { RootAccessKey: { AccessKeyId: string; SecretAccessKey: string } };
  const owner = { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
  const agentArn = `arn:${partition}:iam::${FIRST}:role/${AGENT}`;
  const roleArn = `arn:${partition}:iam::${SECOND}:role/staging`;
  const config = (credentials: Keys) => ({ endpoint, region, credentials, forcePathStyle: true });
  await setUpFirst(new IAMClient(config(root)), roleArn);
  await setUpSecond(new IAMClient(config(owner)), agentArn, partition);
  await new S3Client(config(owner)).send(
    new CreateBucketCommand({
      Bucket: BUCKET,
      ...(region !== 'us-east-1' && {
        CreateBucketConfiguration: { LocationConstraint: region as 'eu-central-1' },
      }),
    }),
  );
  await writeFile(join(home, 'config'), configuration(roleArn, region, endpoint));
  return {
    server,
    endpoint,
    region,
    home,
    root,
    owner,
    roleArn,
    agentArn,
    async close() {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const document = (...statements: object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

async function setUpFirst(iam: IAMClient, roleArn: string): Promise<void> {
  const trust = document({
    Effect: 'Allow',
    Principal: { Service: 'ec2.amazonaws.com' },
    Action: 'sts:AssumeRole',
  });
  await iam.send(new CreateRoleCommand({ RoleName: AGENT, AssumeRolePolicyDocument: trust }));
  const policy = document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn });
  await iam.send(new PutRolePolicyCommand({ RoleName: AGENT, PolicyName: 'assume', PolicyDocument: policy }));
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: PROFILE }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: PROFILE, RoleName: AGENT }));
}

async function setUpSecond(iam: IAMClient, agentArn: string, partition: string): Promise<void> {
  const trust = document({
    Effect: 'Allow',
    Principal: { AWS: agentArn },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
  });
  await iam.send(new CreateRoleCommand({ RoleName: 'staging', AssumeRolePolicyDocument: trust }));
  const bucket = `arn:${partition}:s3:::${BUCKET}`;
  const policy = document({
    Effect: 'Allow',
    // rclone names an access control list with every object.
    Action: ['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:PutObjectAcl', 's3:DeleteObject'],
    Resource: [bucket, `${bucket}/*`],
  });
  await iam.send(
    new PutRolePolicyCommand({ RoleName: 'staging', PolicyName: 'bucket', PolicyDocument: policy }),
  );
}

function configuration(roleArn: string, region: string, endpoint: string): string {
  const settings = [`region = ${region}`, `endpoint_url = ${endpoint}`, 's3 =', '  addressing_style = path'];
  return [
    '[default]',
    ...settings,
    '[profile staging]',
    ...settings,
    `role_arn = ${roleArn}`,
    `external_id = ${EXTERNAL_ID}`,
    'credential_source = Ec2InstanceMetadata',
    'duration_seconds = 900',
    '',
  ].join('\n');
}
