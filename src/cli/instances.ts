import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { Command } from 'commander';
import { callKarikagi } from '../clients/karikagi-api.js';
import { defaultCredentials } from '../credentials/index.js';
import { type ApiFlags, apiTarget, columns, print, withApiOptions } from './api-options.js';
import { demandNew, writeNew } from './write-new.js';

/** Times are seconds since the epoch. */
interface Instance {
  readonly InstanceId: string;
  readonly Arn: string;
  readonly InstanceProfileName: string;
  readonly InstanceProfileArn?: string;
  readonly RoleName?: string;
  readonly Region: string;
}

interface RegisterFlags extends ApiFlags {
  readonly instanceProfile: string;
  readonly instanceId?: string;
  readonly vpc?: string;
  readonly privateIp?: string;
  readonly credentials: string;
}

/** Users that stand for instances. */
const PATH = '/karikagi/instances/';
const POLICY = 'own-instance';

export function instancesCommand(): Command {
  const instances = new Command('instances').description('Machines that hold an instance profile.');
  withApiOptions(instances.command('list', { isDefault: true }))
    .description('The instances of your account, and the role that each has at this moment.')
    .action(list);
  withApiOptions(instances.command('register'))
    .description(
      'Register a machine and make a key that does nothing but fetch its sessions, for `karikagi imds`.',
    )
    .requiredOption(
      '--instance-profile <name>',
      'its instance profile; you must be allowed to pass the role to EC2',
    )
    .requiredOption('--credentials <file>', 'where to write its key: an AWS credentials file of mode 0600')
    .option('--instance-id <id>', 'i-… (default: a random one)')
    .option('--vpc <id>', 'aws:Ec2InstanceSourceVpc of its sessions')
    .option('--private-ip <address>', 'aws:Ec2InstanceSourcePrivateIPv4 of its sessions')
    .action(register);
  withApiOptions(instances.command('deregister'))
    .description('Forget a machine and its key: it gets no further sessions.')
    .argument('<instance-id>')
    .action(deregister);
  return instances;
}

async function list(flags: ApiFlags): Promise<void> {
  const found: Instance[] = [];
  let NextToken: string | undefined;
  do {
    const page = (await callKarikagi(apiTarget(flags), 'ListInstances', { NextToken })) as {
      Instances: Instance[];
      NextToken?: string;
    };
    found.push(...page.Instances);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  const rows = found.map(({ InstanceId, Region, InstanceProfileName, InstanceProfileArn, RoleName }) => [
    InstanceId,
    Region,
    InstanceProfileArn === undefined ? `${InstanceProfileName} (gone)` : InstanceProfileName,
    RoleName ?? 'no role',
  ]);
  print(flags, found, found.length === 0 ? 'No instance is registered.' : columns(rows));
}

async function register(flags: RegisterFlags): Promise<void> {
  demandNew(flags.credentials);
  const target = apiTarget(flags);
  const { Instance } = (await callKarikagi(target, 'RegisterInstance', {
    InstanceProfileName: flags.instanceProfile,
    InstanceId: flags.instanceId,
    VpcId: flags.vpc,
    PrivateIpAddress: flags.privateIp,
  })) as { Instance: Instance };
  const UserName = Instance.InstanceId;
  const client = iam(flags);
  await ignoring('EntityAlreadyExists', client.send(new CreateUserCommand({ UserName, Path: PATH })));
  const statement = {
    Effect: 'Allow',
    Action: ['karikagi:AssumeInstanceRole', 'karikagi:GetInstance'],
    Resource: Instance.Arn,
  };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await client.send(new PutUserPolicyCommand({ UserName, PolicyName: POLICY, PolicyDocument }));
  const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }));
  const { AccessKeyId, SecretAccessKey } = AccessKey!;
  const content = `[default]\naws_access_key_id = ${AccessKeyId}\naws_secret_access_key = ${SecretAccessKey}\n`;
  await writeNew(flags.credentials, content, 0o600);
  const text = `${Instance.InstanceId} is registered with ${Instance.InstanceProfileName}; its key is in ${flags.credentials}.

On the machine:
  AWS_SHARED_CREDENTIALS_FILE=${flags.credentials} karikagi imds --endpoint ${flags.endpoint} --region ${Instance.Region} --instance-id ${Instance.InstanceId}`;
  print(flags, Instance, text);
}

async function deregister(id: string, flags: ApiFlags): Promise<void> {
  await callKarikagi(apiTarget(flags), 'DeregisterInstance', { InstanceId: id });
  const client = iam(flags);
  const keys = await ignoring('NoSuchEntity', client.send(new ListAccessKeysCommand({ UserName: id })));
  for (const { AccessKeyId } of keys?.AccessKeyMetadata ?? []) {
    await client.send(new DeleteAccessKeyCommand({ UserName: id, AccessKeyId }));
  }
  if (keys !== undefined) {
    const policy = new DeleteUserPolicyCommand({ UserName: id, PolicyName: POLICY });
    await ignoring('NoSuchEntity', client.send(policy));
    await client.send(new DeleteUserCommand({ UserName: id }));
  }
  print(flags, { InstanceId: id }, `${id} gets no further sessions; those that it has end by themselves.`);
}

function iam(flags: ApiFlags): IAMClient {
  const { endpoint, region = 'us-east-1', profile } = apiTarget(flags);
  return new IAMClient({ endpoint, region, credentials: defaultCredentials({ profile }) });
}

/** `undefined` where the request failed with that code. */
async function ignoring<O>(code: string, request: Promise<O>): Promise<O | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof Error && error.name.startsWith(code)) return undefined;
    throw error;
  }
}
