/** Roles that may do what one client needs, and nothing else. */
import {
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { ACCOUNT, type Keys, REGION, type Stage, USER } from './stage.js';

/** Actions without their `s3:`. */
export interface Needs {
  readonly onBucket: readonly string[];
  readonly onObjects: readonly string[];
}

/**
 * Makes a bucket, and a role that may do so much with it and its objects; answers credentials of that role for 900
 * seconds. Role and policies are named as the bucket.
 */
export async function assumeNarrowRole(stage: Stage, bucket: string, needs: Needs): Promise<Keys> {
  const root = stage.config(stage.root);
  const s3 = new S3Client(root);
  const iam = new IAMClient(root);
  const sts = new STSClient(stage.config(stage.user));
  await s3.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
  const arn = `arn:aws:s3:::${bucket}`;
  const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${bucket}`;
  const Principal = { AWS: `arn:aws:iam::${ACCOUNT}:user/${USER}` };
  await iam.send(
    new CreateRoleCommand({
      RoleName: bucket,
      AssumeRolePolicyDocument: document({ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }),
    }),
  );
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: bucket,
      PolicyName: bucket,
      PolicyDocument: document(
        { Effect: 'Allow', Action: needs.onBucket.map(action => `s3:${action}`), Resource: arn },
        { Effect: 'Allow', Action: needs.onObjects.map(action => `s3:${action}`), Resource: `${arn}/*` },
      ),
    }),
  );
  await iam.send(
    new PutUserPolicyCommand({
      UserName: USER,
      PolicyName: bucket,
      PolicyDocument: document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: RoleArn }),
    }),
  );
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'client', DurationSeconds: 900 }),
  );
  for (const client of [s3, iam, sts]) client.destroy();
  return {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
}

const document = (...statements: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
