/** Two servers with accounts of their own: the buckets of one are copied into those of the other. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { allow, arnOf, type Keys, type Place } from './place.js';

/** The account that the other server begins with. */
export const THERE = '444455556666';
/** Of the other server: it makes the copies. */
export const MAKER = `arn:aws:iam::${THERE}:role/copies`;
export const EXTERNAL_ID = 'karikagi-to-karikagi';
export const MAKER_ACTIONS = ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'];

/**
 * A home for keys: the profile `there` of a file in the form that AWS's tools share. Once written, it is this process's
 * too: the SDK reads a file once.
 */
export async function keysHome() {
  const home = await mkdtemp(join(tmpdir(), 'karikagi-elsewhere-'));
  const credentials = join(home, 'credentials');
  const environment = { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: join(home, 'config') };
  return {
    environment,
    async write({ accessKeyId, secretAccessKey }: Keys) {
      Object.assign(process.env, environment);
      const lines = ['[there]', `aws_access_key_id = ${accessKeyId}`];
      await writeFile(credentials, [...lines, `aws_secret_access_key = ${secretAccessKey}`, ''].join('\n'));
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/**
 * What the other server's operator makes: a user that may do nothing but assume a role, and the role, which may make
 * copies. Answers the user's keys.
 */
export async function makerOf(there: Place): Promise<Keys> {
  const UserName = 'link';
  const user = await there.iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: MAKER },
  });
  await there.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'assume', PolicyDocument }));
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: user.User!.Arn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': EXTERNAL_ID } },
    },
  });
  await there.iam.send(new CreateRoleCommand({ RoleName: 'copies', AssumeRolePolicyDocument }));
  await allowMaker(there, MAKER_ACTIONS);
  const { AccessKey } = await there.iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
}

export async function allowMaker(there: Place, actions: readonly string[]): Promise<void> {
  const PolicyDocument = JSON.stringify(allow(...actions));
  await there.iam.send(
    new PutRolePolicyCommand({ RoleName: 'copies', PolicyName: 'copies', PolicyDocument }),
  );
}

/** How the first server's operator declares the other one. */
export function declared(endpoint: string, from: string): string {
  const asked = new URLSearchParams({ from, profile: 'there', role: MAKER, 'external-id': EXTERNAL_ID });
  return `${endpoint}?${asked}`;
}

/** Lets the maker of copies of the other server's first account into a bucket of another one. */
export async function letIn(owner: Place, bucket: string): Promise<void> {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: MAKER },
      Action: [...MAKER_ACTIONS, 's3:ObjectOwnerOverrideToBucketOwner'],
      Resource: `${arnOf(bucket)}/*`,
    },
  });
  await owner.s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}
