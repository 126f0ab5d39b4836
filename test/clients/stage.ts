/** A real server and the cast of the whole-system tests: a user who may do nothing but assume a role on S3. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type ServerOptions, startServer } from '../../src/index.js';

export const REGION = 'ap-northeast-1';
export const ACCOUNT = '123456789012';
export const EXTERNAL_ID = 'partner-4711';
export const BUCKET = 'clients-bucket';
export const USER = 'uploader';
export const ROLE = 'stager';
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/${ROLE}`;

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Stage {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** An empty directory that is the clients' home. */
  readonly home: string;
  /** Administrator of the account. */
  readonly root: Keys;
  /** May assume the role, with the external id, and nothing else. */
  readonly user: Keys;
  /** Client settings for the SDK. */
  config(keys: Keys): {
    endpoint: string;
    region: string;
    credentials: Keys;
    forcePathStyle: boolean;
    maxAttempts: number;
  };
  /** Temporary credentials of the role, for 900 seconds. */
  assume(): Promise<Keys>;
  close(): Promise<void>;
}

const allow = (actions: string | string[], resources: string | string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }],
  });

/** The role may list, read and write, not delete. */
const ROLE_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketLocation', 's3:ListBucketMultipartUploads'],
      Resource: `arn:aws:s3:::${BUCKET}`,
    },
    {
      Effect: 'Allow',
      Action: [
        's3:GetObject',
        's3:PutObject',
        's3:PutObjectAcl', // rclone names an ACL with every object
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      Resource: `arn:aws:s3:::${BUCKET}/*`,
    },
  ],
});

/** Starts a server on a fresh directory and sets the cast up, all through the public API. */
export async function openStage(more: ServerOptions = {}): Promise<Stage> {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-clients-'));
  const server = await startServer({
    data: join(home, 'data'),
    port: 0,
    account: ACCOUNT,
    region: REGION,
    log: 'none',
    ...more,
  });
  const { endpoint } = server;
  const root = keysOf(server.root!);
  const config = (credentials: Keys) => ({
    endpoint,
    region: REGION,
    credentials,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const user = await setUp(config(root));
  await writeProfiles(home, root, user);
  return {
    endpoint,
    home,
    root,
    user,
    config,
    async assume() {
      const { Credentials } = await new STSClient(config(user)).send(
        new AssumeRoleCommand({
          RoleArn: ROLE_ARN,
          RoleSessionName: 'clients',
          ExternalId: EXTERNAL_ID,
          DurationSeconds: 900,
        }),
      );
      return {
        accessKeyId: Credentials!.AccessKeyId!,
        secretAccessKey: Credentials!.SecretAccessKey!,
        sessionToken: Credentials!.SessionToken!,
      };
    },
    async close() {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

const keysOf = ({ accessKeyId, secretAccessKey }: Keys): Keys => ({ accessKeyId, secretAccessKey });

async function setUp(config: ReturnType<Stage['config']>): Promise<Keys> {
  const iam = new IAMClient(config);
  await new S3Client(config).send(
    new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
  const { User } = await iam.send(new CreateUserCommand({ UserName: USER }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: USER }));
  const trust = {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: User!.Arn },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
      },
    ],
  };
  await iam.send(new CreateRoleCommand({ RoleName: ROLE, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: 'staging', PolicyDocument: ROLE_POLICY }),
  );
  await iam.send(new AttachRolePolicyCommand({ RoleName: ROLE, PolicyArn: Policy!.Arn! }));
  await iam.send(
    new PutUserPolicyCommand({
      UserName: USER,
      PolicyName: 'assume',
      PolicyDocument: allow('sts:AssumeRole', ROLE_ARN),
    }),
  );
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

const SIGNATURE = 's3 =\n  signature_version = s3v4\n';

/** The AWS configuration in the clients' home: `root`, `user`, and profiles that assume the role. */
async function writeProfiles(home: string, root: Keys, user: Keys): Promise<void> {
  const section = (name: string, keys: Keys) =>
    `[${name}]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`;
  await writeFile(join(home, 'credentials'), section('root', root) + section('user', user), { mode: 0o600 });
  const profile = (name: string, externalId: string, seconds: number) =>
    [
      `[profile ${name}]`,
      `role_arn = ${ROLE_ARN}`,
      'source_profile = user',
      `external_id = ${externalId}`,
      `duration_seconds = ${seconds}`,
      'role_session_name = from-profile',
      SIGNATURE,
    ].join('\n');
  // Presigning with version 4 is what botocore must be told; every other call uses it.
  const plain = ['[default]', '[profile root]', '[profile user]'].map(header => `${header}\n${SIGNATURE}`);
  const assuming = [
    profile('stager', EXTERNAL_ID, 3600),
    profile('impostor', 'guessed', 3600),
    // Longer than the role lets: only a client that sends duration_seconds is refused.
    profile('overtime', EXTERNAL_ID, 7200),
  ];
  await writeFile(join(home, 'config'), [...plain, ...assuming].join(''));
}
