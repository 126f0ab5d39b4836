import { readFileSync } from 'node:fs';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { Command } from 'commander';
import { diagnose, type Finding, type PolicyText } from '../clients/doctor/index.js';
import { defaultCredentials, regionFor, type StsTarget } from '../credentials/index.js';
import { withTargetOptions } from './role-options.js';

interface DoctorFlags extends StsTarget {
  readonly role?: string;
  readonly externalId?: string;
  readonly duration?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly key?: string;
  readonly bucketAccount?: string;
  readonly trustPolicy?: string;
  readonly rolePolicy?: string;
  readonly userPolicy?: string;
  readonly keyPolicy?: string;
  readonly imds?: boolean;
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return withTargetOptions(new Command('doctor'))
    .description(
      'Finds why temporary keys do not work, with your own rights alone. It exits with 1 where it finds anything.',
    )
    .option('--role <arn>', 'the role that should be assumed')
    .option('--external-id <id>', 'what its trust policy should ask for')
    .option('--duration <seconds>', 'how long a session should last')
    .option('--bucket <name>', 'the bucket that the role should reach')
    .option('--prefix <text>', 'what in it')
    .option('--bucket-account <id>', 'the account that the bucket should be of')
    .option('--key <arn>', 'the KMS key that objects are written with')
    .option('--trust-policy <file>', 'looks for mistakes in a trust policy before it is in force')
    .option('--role-policy <file>', 'the same of a policy of the role')
    .option('--user-policy <file>', 'the same of a policy of the user')
    .option('--key-policy <file>', 'the same of the policy of the KMS key')
    .option('--imds', 'looks at the endpoint of instance metadata too')
    .option('--json', 'the same as JSON')
    .action(doctor);
}

function documentsOf({ trustPolicy, rolePolicy, userPolicy, keyPolicy }: DoctorFlags): PolicyText[] {
  const of = (name: string | undefined, rest: Pick<PolicyText, 'kind' | 'attachedTo'>): PolicyText[] =>
    name === undefined ? [] : [{ ...rest, name, text: readFileSync(name, 'utf8') }];
  return [
    ...of(trustPolicy, { kind: 'trust' }),
    ...of(rolePolicy, { kind: 'identity', attachedTo: 'role' }),
    ...of(userPolicy, { kind: 'identity', attachedTo: 'user' }),
    ...of(keyPolicy, { kind: 'key' }),
  ];
}

async function doctor({ json, duration, imds, ...flags }: DoctorFlags): Promise<void> {
  const { profile } = flags;
  const endpoint = flags.endpoint ?? process.env['AWS_ENDPOINT_URL'];
  const region = await regionFor(flags, flags.role ?? 'arn:aws:iam:::');
  const credentials = defaultCredentials({ profile });
  const config = { region, credentials, ...(endpoint !== undefined && { endpoint }) };
  const [iam, kms] = [new IAMClient(config), new KMSClient(config)];
  const seconds = duration === undefined ? undefined : Number(duration);
  const target = { endpoint, region, profile, credentials, iam, kms, environment: process.env };
  const documents = documentsOf(flags);
  const findings = await diagnose({ ...flags, duration: seconds, documents, metadata: imds }, target);
  process.stdout.write(`${json ? JSON.stringify({ findings }, null, 2) : textOf(findings)}\n`);
  if (findings.length > 0) process.exitCode = 1;
}

function textOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing found: all that was tried works.';
  return findings
    .map(({ code, what, where, fix, sure }) => `${code} (${sure}): ${where}: ${what}. Fix: ${fix}.`)
    .join('\n');
}
