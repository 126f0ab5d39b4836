/** Who sends the requests of a load: a session of a role that may use one bucket. */
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { assumableRole } from '../test/faults/assumable-role.js';
import type { ServerProcess } from '../test/faults/server-process.js';
import type { Credentials } from './signed-request.js';

export const BUCKET = 'bench';

/** A role's session, and the user who may assume the role. */
export interface PreparedRole {
  readonly session: Credentials;
  readonly user: Credentials;
  readonly roleArn: string;
}

/** Makes the bucket, and a session of a role that may use it and nothing else. */
export async function prepareRole(server: ServerProcess): Promise<PreparedRole> {
  const { endpoint, credentials } = server;
  const settings = { endpoint, credentials, region: 'us-east-1' };
  const { user, roleName: RoleName, roleArn: RoleArn } = await assumableRole(server);
  const [s3, iam, sts] = [
    new S3Client({ ...settings, forcePathStyle: true }),
    new IAMClient(settings),
    new STSClient({ ...settings, credentials: user }),
  ];
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: `arn:aws:s3:::${BUCKET}/*`,
      },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: `arn:aws:s3:::${BUCKET}` },
    ],
  });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'bucket', PolicyDocument }));
  const assumed = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'bench' }));
  for (const client of [s3, iam, sts]) client.destroy();
  const { AccessKeyId, SecretAccessKey, SessionToken } = assumed.Credentials!;
  const session = {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken!,
  };
  return { session, user, roleArn: RoleArn };
}
