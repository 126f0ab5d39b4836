import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import type { ServerProcess } from './server-process.js';

/** A role without rights, and a user who may assume it and nothing else: the root user cannot assume roles. */
export async function assumableRole({
  endpoint,
  credentials,
}: Pick<ServerProcess, 'endpoint' | 'credentials'>): Promise<{
  readonly user: ServerProcess['credentials'];
  readonly roleName: string;
  readonly roleArn: string;
}> {
  const iam = new IAMClient({ endpoint, credentials, region: 'us-east-1' });
  const UserName = 'client';
  const roleName = 'worker';
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const allow = (statement: object): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', ...statement },
    });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: roleName,
      AssumeRolePolicyDocument: allow({ Principal: { AWS: User!.Arn } }),
    }),
  );
  const PolicyDocument = allow({ Resource: Role!.Arn });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'assume', PolicyDocument }));
  iam.destroy();
  const user = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  return { user, roleName, roleArn: Role!.Arn! };
}
