import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { type ImdsOptions, type RunningImds, startImds } from '../imds/index.js';
import { type ApiFlags, apiTarget, withApiOptions } from './api-options.js';
import { runChild } from './child.js';
import { untilSignal } from './signals.js';

interface ImdsFlags extends ApiFlags {
  readonly instanceProfile?: string;
  readonly instanceId?: string;
  readonly listen: string;
  readonly ipv6?: string;
  readonly tokens: 'required' | 'optional';
  readonly disabled?: boolean;
  readonly tags?: readonly string[];
  readonly vpc?: string;
  readonly privateIp?: string;
  readonly instanceType?: string;
  readonly imageId?: string;
  readonly availabilityZone?: string;
  readonly userData?: string;
  readonly peers?: readonly string[];
  readonly identity?: string;
  readonly containerToken?: string;
  readonly container?: boolean;
  readonly poll?: string;
  readonly exec?: boolean;
}

export function imdsCommand(): Command {
  return withApiOptions(new Command('imds'))
    .description(
      'The EC2 metadata endpoint of an instance: keys of the role in its profile, without any permanent key.',
    )
    .argument('[command...]', 'with --exec: what to run beside the endpoint, behind --')
    .option(
      '--instance-profile <name>',
      'registers the instance with this profile (needs karikagi:RegisterInstance and iam:PassRole)',
    )
    .option('--instance-id <id>', 'i-…; without a profile: an instance that is registered')
    .option('--listen <address>', 'where to answer', '127.0.0.1:9254')
    .option('--ipv6 <address>', 'a second address: [fd00:ec2::254]:80')
    .addOption(
      new Option('--tokens <state>', 'whether requests must carry a token (IMDSv2); "optional" opens IMDSv1')
        .choices(['required', 'optional'])
        .default('required'),
    )
    .option('--disabled', 'answer everything with 403, as an instance whose endpoint is off')
    .option('--tags <key=value...>', 'tags of the instance, readable under tags/instance/')
    .option('--vpc <id>', 'aws:Ec2InstanceSourceVpc of its sessions')
    .option('--private-ip <address>', 'aws:Ec2InstanceSourcePrivateIPv4 of its sessions')
    .option('--instance-type <type>', 'what it says it is')
    .option('--image-id <id>', 'ami-…')
    .option('--availability-zone <name>', 'default: the first of the region')
    .option('--user-data <file>', 'what user-data answers')
    .option('--peers <networks...>', 'networks of containers that may ask as well: 172.17.0.0/16')
    .option(
      '--identity <file>',
      'key and certificate of the identity document; made where it is not there (mode 0600)',
    )
    .option('--container-token <file>', 'writes the token of the container endpoint to a file of mode 0600')
    .option('--container', 'with --exec: the command gets its keys as a container does')
    .option('--poll <seconds>', 'how often to look for changes of the profile (default: 15)')
    .option('--exec', 'run a command with the variables that it needs, and end with it')
    .action(imds);
}

async function imds(command: readonly string[], flags: ImdsFlags): Promise<void> {
  if (flags.instanceProfile === undefined && flags.instanceId === undefined) {
    throw new Error('name --instance-profile, or --instance-id of an instance that is registered');
  }
  if ((flags.exec === true) !== command.length > 0) throw new Error('--exec goes with a command behind --');
  const running = await startImds({ ...optionsOf(flags), onTrouble: report });
  try {
    if (flags.containerToken !== undefined) {
      await writeFile(flags.containerToken, running.authorizationToken, { mode: 0o600 });
    }
    if (flags.exec) process.exitCode = await runBeside(running, command, flags);
    else {
      const stopped = untilSignal();
      process.stdout.write(flags.json ? `${JSON.stringify(startOf(running))}\n` : greeting(running));
      await stopped;
    }
  } finally {
    await running.close();
  }
}

function optionsOf(flags: ImdsFlags): ImdsOptions {
  const { instanceType, imageId, availabilityZone, userData, tags, poll } = flags;
  const { instanceProfile, instanceId, listen, tokens, disabled, peers } = flags;
  return {
    target: apiTarget(flags),
    instanceProfile,
    instanceId,
    listen,
    listenAlso: flags.ipv6,
    tokens,
    disabled,
    peers,
    identityFile: flags.identity,
    every: poll === undefined ? undefined : Number(poll),
    registration: {
      VpcId: flags.vpc,
      PrivateIpAddress: flags.privateIp,
      Tags: (tags ?? []).map(readTag),
    },
    machine: {
      ...(instanceType !== undefined && { instanceType }),
      ...(imageId !== undefined && { imageId }),
      ...(availabilityZone !== undefined && { availabilityZone }),
      ...(userData !== undefined && { userData: readFileSync(userData, 'utf8') }),
      tags: tags !== undefined,
    },
  };
}

function readTag(text: string) {
  const sign = text.indexOf('=');
  if (sign < 1) throw new Error(`--tags takes key=value, not ${JSON.stringify(text)}`);
  return { Key: text.slice(0, sign), Value: text.slice(sign + 1) };
}

function report(trouble: string | undefined): void {
  process.stderr.write(`karikagi imds: ${trouble ?? 'all is well again'}\n`);
}

function runBeside(running: RunningImds, command: readonly string[], flags: ImdsFlags): Promise<number> {
  const { endpoint, authorizationToken: token } = running;
  const source = flags.container
    ? { container: { url: `${endpoint}/v2/credentials/${running.instanceId}`, token } }
    : { metadata: `${endpoint}/` };
  const environment = { AWS_ENDPOINT_URL: flags.endpoint };
  return runChild({ command, source, environment });
}

function startOf({ endpoint, instanceId, role, certificate }: RunningImds) {
  return { endpoint, instanceId, role, certificate };
}

function greeting({ endpoint, instanceId, role, certificate }: RunningImds): string {
  return `The metadata endpoint is ready.
  endpoint  ${endpoint}
  instance  ${instanceId}
  role      ${role ?? 'none yet'}

Try:
  AWS_EC2_METADATA_SERVICE_ENDPOINT=${endpoint}/ aws sts get-caller-identity

Its identity documents are signed by:
${certificate}`;
}
