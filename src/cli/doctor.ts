import { IAMClient } from '@aws-sdk/client-iam';
import { Command } from 'commander';
import { diagnose, type Finding } from '../clients/doctor/index.js';
import { defaultCredentials, regionFor, type StsTarget } from '../credentials/index.js';
import { withTargetOptions } from './role-options.js';

interface DoctorFlags extends StsTarget {
  readonly role?: string;
  readonly externalId?: string;
  readonly duration?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly key?: string;
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
    .option('--key <arn>', 'the KMS key that objects are written with')
    .option('--json', 'the same as JSON')
    .action(doctor);
}

async function doctor({ json, duration, ...flags }: DoctorFlags): Promise<void> {
  const { profile } = flags;
  const endpoint = flags.endpoint ?? process.env['AWS_ENDPOINT_URL'];
  const region = await regionFor(flags, flags.role ?? 'arn:aws:iam:::');
  const credentials = defaultCredentials({ profile });
  const iam = new IAMClient({ region, credentials, ...(endpoint !== undefined && { endpoint }) });
  const seconds = duration === undefined ? undefined : Number(duration);
  const target = { endpoint, region, profile, credentials, iam };
  const findings = await diagnose({ ...flags, duration: seconds }, target);
  process.stdout.write(`${json ? JSON.stringify({ findings }, null, 2) : textOf(findings)}\n`);
  if (findings.length > 0) process.exitCode = 1;
}

function textOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Nothing found: all that was tried works.';
  return findings
    .map(({ code, what, where, fix, sure }) => `${code} (${sure}): ${where}: ${what}. Fix: ${fix}.`)
    .join('\n');
}
