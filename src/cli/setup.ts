import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { Command, Option } from 'commander';
import { callKarikagi } from '../clients/karikagi-api.js';
import {
  ACCESSES,
  type Check,
  connectionOf,
  emit,
  FORMS,
  type Form,
  prove,
  randomHex,
  removeSetup,
  type SetupOptions,
  type SetupReport,
  type Sites,
  setUp,
  simulateSetup,
  withNewKey,
} from '../clients/setup/index.js';
import {
  assumeRole,
  type CredentialsProvider,
  type StsTarget,
  staticCredentials,
} from '../credentials/index.js';
import { instanceApi } from '../imds/index.js';
import { withTargetOptions } from './role-options.js';
import { callsOf, planText, removalText, reportText } from './setup-report.js';
import { optionsOf, ownEndpoint, type SetupFlags, sitesOf } from './setup-sites.js';
import { writeNew } from './write-new.js';

export function setupCommand(): Command {
  const setup = new Command('setup').description(
    'Least-privilege set-ups for temporary keys, made and proved, on AWS or Karikagi.',
  );
  withMakingOptions(withSetupOptions(setup.command('staging')))
    .description(
      'For a staging connection: a bucket, a role that reaches one prefix of it, and who assumes it.',
    )
    .option('--prefix <text>', 'what the role reaches in the bucket', 'staging/')
    .option('--name <name>', 'names the role and what else the set-up makes', 'staging')
    .action((flags: SetupFlags) => make(flags, true));
  withMakingOptions(withSetupOptions(withRoleSetupOptions(setup.command('role'))))
    .description(
      'A role that reaches one prefix of a bucket, for a user, a machine, a principal or a service.',
    )
    .requiredOption('--name <name>', 'names the role and what else the set-up makes')
    .option('--prefix <text>', 'what the role reaches in the bucket (default: NAME/)')
    .addOption(
      new Option('--access <kind>', 'what the role may do there').choices(ACCESSES).default('read-write'),
    )
    .action((flags: SetupFlags) => make(flags, false));
  withSetupOptions(withRoleSetupOptions(setup.command('remove')))
    .description('Take away what `setup staging` and `setup role` made; a bucket with objects stays.')
    .option('--name <name>', 'the name of the set-up', 'staging')
    .action(remove);
  return setup;
}

function withSetupOptions(command: Command): Command {
  return withTargetOptions(command)
    .requiredOption('--bucket <name>', 'the bucket')
    .option('--user <name>', 'the user who assumes the role')
    .option('--instance-profile <name>', 'the instance profile whose role assumes the role')
    .option('--bucket-profile <name>', 'keys of the account of the bucket and the role, where it is another')
    .option('--bucket-account <id>', 'that account, without keys of it: its calls are shown, not made')
    .option('--json', 'the same as JSON');
}

function withRoleSetupOptions(command: Command): Command {
  return command
    .option('--principal <arn>', 'the user or role who assumes the role: one that is there, of any account')
    .option('--service <name>', 'the service that assumes the role: lambda.amazonaws.com')
    .option('--source-arn <arn>', 'for a service: on whose behalf alone');
}

function withMakingOptions(command: Command): Command {
  return command
    .option('--kms', 'encrypt with a KMS key of the set-up’s own (default: with S3’s keys)')
    .option(
      '--external-id <id>',
      'what the trust policy asks for (default: the present one; a random one for staging and across accounts)',
    )
    .option('--duration <seconds>', 'the longest session of the role: 3600 up to 43200', '3600')
    .option('--plan', 'show every call and policy, and make nothing')
    .addOption(
      new Option('--emit <form-and-directory...>', `write the set-up instead: ${FORMS.join(', ')}, DIR`),
    )
    .option('--no-proof', 'do not try afterwards what is granted and what is not');
}

const write = (text: string) => process.stdout.write(`${text}\n`);

async function make(flags: SetupFlags, staging: boolean): Promise<void> {
  const sites = await sitesOf(flags, flags.emit === undefined);
  const options = optionsOf(flags, sites, staging);
  if (flags.emit !== undefined) {
    await writeForm(flags, options, sites);
    return;
  }
  const plan = flags.plan === true;
  const report = await setUp(options, sites, { plan });
  if (plan && !flags.json) {
    write(planText(report));
    return;
  }
  const proof = plan ? '' : await proofOf(flags, options, report, sites);
  const connection = connectionOf(options, report, sites);
  const checks = typeof proof === 'string' ? undefined : proof;
  if (flags.json) {
    const toMake = callsOf(report.toMake);
    const calls = callsOf(report.steps);
    write(
      JSON.stringify({ calls, made: !plan, toMake, connection, ...(checks && { proof: checks }) }, null, 2),
    );
  } else write(reportText(report, connection, proof));
  if (checks?.some(({ good }) => !good)) process.exitCode = 1;
}

async function writeForm({ emit: asked, json }: SetupFlags, options: SetupOptions, sites: Sites) {
  const [form, directory, ...more] = asked!;
  if (!FORMS.includes(form as Form) || directory === undefined || more.length > 0) {
    throw new Error(`--emit takes one of ${FORMS.join(', ')}, and a directory`);
  }
  const report = await setUp(options, sites, { plan: true });
  const steps = [...report.steps, ...report.toMake];
  const files = emit(form as Form, { ...report, options, sites, steps });
  await mkdir(directory, { recursive: true });
  for (const { file, text } of files) {
    await writeNew(join(directory, file), text, form === 'cli' ? 0o755 : 0o644);
  }
  const paths = files.map(({ file }) => join(directory, file));
  write(json ? JSON.stringify({ files: paths }) : paths.join('\n'));
}

/** The checks, or why there are none. */
async function proofOf(
  flags: SetupFlags,
  options: SetupOptions,
  report: SetupReport,
  sites: Sites,
): Promise<Check[] | string> {
  if (flags.proof === false) return 'Not proved: --no-proof was given.';
  const [source, bucket] = [sites.source.clients, sites.bucket.clients];
  if (report.toMake.length > 0 || !bucket) {
    return 'Not proved: the other account has its part to make. Then `karikagi doctor` tries the connection.';
  }
  const { Buckets = [] } = await bucket.s3.send(new ListBucketsCommand({}));
  const otherBucket = Buckets.map(({ Name }) => Name).find(name => name !== options.bucket);
  const target = { endpoint: ownEndpoint(flags.endpoint), region: sites.bucket.place.region };
  const proveAs: ProveAs = source =>
    prove(options, report, {
      ...target,
      source,
      assume: (roleArn, externalId) =>
        assumeRole({ ...target, source, roleArn, externalId, duration: 900 })(),
      keeper: bucket.s3,
      otherBucket,
    });
  if (options.source.kind === 'user' && source) {
    return await withNewKey(source, options.source.name, keys => proveAs(staticCredentials(keys)));
  }
  return (
    (await proofOfInstance({ ...target, profile: flags.profile }, options, proveAs)) ??
    (await simulateSetup(options, report, bucket.iam))
  );
}

/** Tries with the keys of who assumes the role. */
type ProveAs = (source: CredentialsProvider) => Promise<Check[]>;

/** With keys of a machine, which Karikagi hands out; `undefined` on another server. */
async function proofOfInstance(
  { endpoint, ...rest }: StsTarget & { readonly region: string },
  { source: who }: SetupOptions,
  proveAs: ProveAs,
): Promise<Check[] | undefined> {
  if (who.kind !== 'instance-profile' || endpoint === undefined) return undefined;
  const server = { ...rest, endpoint };
  const instances = instanceApi(server);
  const instanceId = `i-0${randomHex(8)}`;
  try {
    await instances.register({ InstanceId: instanceId, InstanceProfileName: who.name });
  } catch {
    // Another server than Karikagi.
    return undefined;
  }
  const source = async () => (await instances.assume(instanceId, '2.0')).credentials;
  try {
    return await proveAs(source);
  } finally {
    await callKarikagi(server, 'DeregisterInstance', { InstanceId: instanceId });
  }
}

async function remove(flags: SetupFlags): Promise<void> {
  const sites = await sitesOf(flags, true);
  const report = await removeSetup(optionsOf(flags, sites, false), sites);
  write(flags.json ? JSON.stringify(report, null, 2) : removalText(report));
}
