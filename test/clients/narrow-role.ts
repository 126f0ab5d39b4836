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
  const RoleArn = await makeNarrowRole(stage, bucket, needs);
  const sts = new STSClient(stage.config(stage.user));
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'client', DurationSeconds: 900 }),
  );
  sts.destroy();
  return {
    accessKeyId: Credentials!.AccessKeyId!,
    secretAccessKey: Credentials!.SecretAccessKey!,
    sessionToken: Credentials!.SessionToken!,
  };
}

/** Makes the bucket and the role; answers the role's ARN. */
export async function makeNarrowRole(
  stage: Stage,
  bucket: string,
  { onBucket, onObjects }: Needs,
  externalId?: string,
): Promise<string> {
  const s3 = new S3Client(stage.config(stage.root));
  await s3.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: REGION } }),
  );
  s3.destroy();
  const arn = `arn:aws:s3:::${bucket}`;
  const policy = [allow('s3', onBucket, arn), allow('s3', onObjects, `${arn}/*`)];
  return makeRole(stage, bucket, policy, externalId);
}

/** A statement of a policy; actions without their service. */
export const allow = (service: string, actions: readonly string[], Resource: string | string[]) => ({
  Effect: 'Allow',
  Action: actions.map(action => `${service}:${action}`),
  Resource,
});

/**
 * Makes a role that the stage's user may assume, with the external ID where there is one; answers its ARN. The policies
 * are named as the role.
 */
export async function makeRole(
  stage: Stage,
  RoleName: string,
  policy: readonly object[],
  externalId?: string,
): Promise<string> {
  const iam = new IAMClient(stage.config(stage.root));
  const RoleArn = `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
  const trust = {
    ...{
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/${USER}` },
      Action: 'sts:AssumeRole',
    },
    ...(externalId !== undefined && { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
  };
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyName = RoleName;
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document(...policy) }));
  const PolicyDocument = document(allow('sts', ['AssumeRole'], RoleArn));
  await iam.send(new PutUserPolicyCommand({ UserName: USER, PolicyName, PolicyDocument }));
  iam.destroy();
  return RoleArn;
}

const document = (...statements: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });
