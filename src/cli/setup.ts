import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateAccessKeyCommand, DeleteAccessKeyCommand, IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { Command, Option } from 'commander';
import { callKarikagi } from '../clients/karikagi-api.js';
import {
  type Check,
  emit,
  FORMS,
  type Form,
  nothing,
  type Place,
  prove,
  removeSetup,
  type SetupClients,
  type SetupOptions,
  type SetupReport,
  setUp,
} from '../clients/setup/index.js';
import {
  CHAINING_LIMIT,
  callerIdentity,
  defaultCredentials,
  partitionOf,
  regionFor,
  type StsTarget,
  staticCredentials,
} from '../credentials/index.js';
import { instanceApi } from '../imds/index.js';
import { columns } from './api-options.js';
import { withTargetOptions } from './role-options.js';

interface SetupFlags extends StsTarget {
  readonly name: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly user?: string;
  readonly instanceProfile?: string;
  readonly kms?: boolean;
  readonly externalId?: string;
  readonly duration: string;
  readonly plan?: boolean;
  readonly emit?: readonly string[];
  /** `false` with `--no-proof`. */
  readonly proof: boolean;
  readonly json?: boolean;
}

export function setupCommand(): Command {
  const setup = new Command('setup').description(
    'Least-privilege set-ups for temporary keys, made and proved, on AWS or Karikagi.',
  );
  withSetupOptions(setup.command('staging'))
    .description('A bucket, a role that reaches one prefix of it, and who assumes the role.')
    .option('--kms', 'encrypt with a KMS key of the set-up’s own (default: with S3’s keys)')
    .option(
      '--external-id <id>',
      'what the trust policy asks for (default: the present one, or a random one)',
    )
    .option('--duration <seconds>', 'the longest session of the role: 3600 up to 43200', '3600')
    .option('--plan', 'show every call and policy, and make nothing')
    .addOption(
      new Option('--emit <form-and-directory...>', `write the set-up instead: ${FORMS.join(', ')}, DIR`),
    )
    .option('--no-proof', 'do not try afterwards what is granted and what is not')
    .action(staging);
  withSetupOptions(setup.command('remove'))
    .description('Take away what `setup staging` made; a bucket with objects stays.')
    .action(remove);
  return setup;
}

function withSetupOptions(command: Command): Command {
  return withTargetOptions(command)
    .requiredOption('--bucket <name>', 'the bucket')
    .option('--prefix <text>', 'what the role reaches in it', 'staging/')
    .option('--name <name>', 'names the role and what else the set-up makes', 'staging')
    .option('--user <name>', 'the user who assumes the role')
    .option('--instance-profile <name>', 'the instance profile whose role assumes the role')
    .option('--json', 'the same as JSON');
}

interface Site {
  readonly place: Place;
  readonly clients: SetupClients;
}

async function siteOf({ profile, endpoint, region: asked }: SetupFlags): Promise<Site> {
  const credentials = defaultCredentials({ profile });
  const { account, arn } = await callerIdentity(credentials, { profile, endpoint, region: asked });
  const region = await regionFor({ profile, region: asked }, arn);
  const config = { region, credentials, ...(endpoint !== undefined && { endpoint }) };
  const s3 = new S3Client({ ...config, forcePathStyle: ownEndpoint(endpoint) !== undefined });
  const clients = { iam: new IAMClient(config), kms: new KMSClient(config), s3 };
  return { place: { partition: partitionOf(arn), account, region }, clients };
}

const ownEndpoint = (endpoint: string | undefined) => endpoint ?? process.env['AWS_ENDPOINT_URL'];

function optionsOf(flags: SetupFlags): SetupOptions {
  const { user, instanceProfile, name, bucket, prefix, externalId } = flags;
  if ((user === undefined) === (instanceProfile === undefined)) {
    throw new Error('either --user or --instance-profile says who assumes the role');
  }
  const source =
    user === undefined
      ? { kind: 'instance-profile' as const, name: instanceProfile! }
      : { kind: 'user' as const, name: user };
  const maximum = Number(flags.duration ?? CHAINING_LIMIT);
  return { name, bucket, prefix, source, kms: flags.kms === true, externalId, maximum };
}

async function staging(flags: SetupFlags): Promise<void> {
  const options = optionsOf(flags);
  const { place, clients } = await siteOf(flags);
  if (flags.emit !== undefined) {
    await writeForm(flags, options, place, clients);
    return;
  }
  const shown = flags.plan === true;
  const report = await setUp(options, place, clients, { plan: shown });
  const proof = shown || !flags.proof ? undefined : await proofOf(flags, options, report, { place, clients });
  const connection = connectionOf(options, report, place);
  if (flags.json) {
    const calls = report.steps.map(({ what, call }) => ({
      what,
      service: call.service,
      operation: call.operation,
      input: call.input,
    }));
    write(JSON.stringify({ calls, made: !shown, connection, ...(proof && { proof }) }, null, 2));
  } else write(shown ? planText(report) : reportText(report, connection, proof));
  if (proof?.some(({ good }) => !good)) process.exitCode = 1;
}

async function writeForm(flags: SetupFlags, options: SetupOptions, place: Place, clients: SetupClients) {
  const [form, directory, ...more] = flags.emit!;
  if (!FORMS.includes(form as Form) || directory === undefined || more.length > 0) {
    throw new Error(`--emit takes one of ${FORMS.join(', ')}, and a directory`);
  }
  const report = await setUp(options, place, clients, { plan: true, reader: nothing });
  const { file, text } = emit(form as Form, { options, place, ...report });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, file), text, { mode: form === 'cli' ? 0o755 : 0o644, flag: 'wx' });
  const path = join(directory, file);
  write(flags.json ? JSON.stringify({ file: path }) : path);
}

/** What to enter into a connection. */
function connectionOf({ source, bucket, prefix, maximum }: SetupOptions, made: SetupReport, place: Place) {
  return {
    roleArn: made.names.roleArn,
    externalId: made.externalId,
    // A session of a role that another role assumes lasts an hour at most, whatever the role allows.
    duration: source.kind === 'user' ? maximum : CHAINING_LIMIT,
    bucket,
    prefix,
    region: place.region,
    ...(made.keyArn !== undefined && { kmsKey: made.keyArn }),
  };
}

/** With keys that are made for the proof and deleted after it; `undefined` where only an instance has any. */
async function proofOf(
  { endpoint, profile }: SetupFlags,
  options: SetupOptions,
  report: SetupReport,
  { place, clients }: Site,
): Promise<Check[] | undefined> {
  const { region } = place;
  const target = { endpoint: ownEndpoint(endpoint), region };
  const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand({}));
  const otherBucket = Buckets.map(({ Name }) => Name).find(name => name !== options.bucket);
  const common = { ...target, otherBucket };
  if (options.source.kind === 'user') {
    const UserName = options.source.name;
    const { AccessKey } = await clients.iam.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId, SecretAccessKey } = AccessKey!;
    const keys = { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey! };
    try {
      return await prove(options, report, { ...common, source: staticCredentials(keys) });
    } finally {
      await clients.iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId: AccessKeyId! }));
    }
  }
  if (target.endpoint === undefined) return undefined;
  const server = { endpoint: target.endpoint, region, profile };
  const instances = instanceApi(server);
  const instanceId = `i-0${randomBytes(8).toString('hex')}`;
  try {
    await instances.register({ InstanceId: instanceId, InstanceProfileName: options.source.name });
  } catch {
    // Another server than Karikagi.
    return undefined;
  }
  const source = async () => (await instances.assume(instanceId, '2.0')).credentials;
  try {
    return await prove(options, report, { ...common, source });
  } finally {
    await callKarikagi(server, 'DeregisterInstance', { InstanceId: instanceId });
  }
}

const write = (text: string) => process.stdout.write(`${text}\n`);

function planText({ steps }: SetupReport): string {
  if (steps.length === 0) return 'Everything is there: nothing would be called.';
  return steps
    .map(({ what, call }) => `# ${what}\naws ${call.service} ${call.operation}\n${inputText(call.input)}`)
    .join('\n\n');
}

/** A call's input with its policies as documents, not as strings in strings. */
function inputText(input: object): string {
  const open = (_: string, value: unknown): unknown =>
    typeof value === 'string' && value.startsWith('{') ? JSON.parse(value) : value;
  return JSON.stringify(input, open, 2);
}

function reportText(
  { steps }: SetupReport,
  connection: ReturnType<typeof connectionOf>,
  proof: readonly Check[] | undefined,
): string {
  const made =
    steps.length === 0
      ? ['Nothing to make: everything is there.']
      : ['Made:', ...steps.map(({ what }) => `  ${what}`)];
  const rows = [
    ['  role ARN', connection.roleArn],
    ['  external ID', connection.externalId],
    ['  duration', `${connection.duration} seconds at most`],
    ['  bucket', `${connection.bucket}, prefix ${connection.prefix}`],
    ['  region', connection.region],
    ...(connection.kmsKey === undefined ? [] : [['  KMS key', connection.kmsKey]]),
  ];
  const checks = proof?.map(
    ({ what, good, answer }) =>
      `  ${good ? 'ok  ' : 'FAIL'}  ${what}${answer === undefined ? '' : `: ${answer}`}`,
  );
  const proved = checks
    ? ['Proof:', ...checks]
    : ['Not proved: only the instance has keys to try it with, or --no-proof was given.'];
  return [...made, '', ...proved, '', 'For the connection:', columns(rows)].join('\n');
}

async function remove(flags: SetupFlags): Promise<void> {
  const { place, clients } = await siteOf(flags);
  const report = await removeSetup(optionsOf(flags), place, clients);
  if (flags.json) {
    write(JSON.stringify(report, null, 2));
    return;
  }
  const lines = [
    ...report.removed.map(what => `removed  ${what}`),
    ...report.left.map(what => `left     ${what}`),
  ];
  write(lines.length === 0 ? 'Nothing of this set-up is there.' : lines.join('\n'));
}
