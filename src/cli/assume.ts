import { Command, Option } from 'commander';
import { systemClock } from '../core/clock.js';
import { type Credentials, type RenewingCredentials, spanText } from '../credentials/index.js';
import { containerAnswers, createGuard, listenFor, newAuthorizationToken } from '../imds/index.js';
import { runChild } from './child.js';
import { FORMATS, type Format, formatKeys } from './key-formats.js';
import { type RoleFlags, roleKeys, withRoleOptions } from './role-options.js';
import { writeNew } from './write-new.js';

interface AssumeFlags extends RoleFlags {
  readonly format?: Format;
  readonly output?: string;
}

export function assumeCommand(): Command {
  return withRoleOptions(new Command('assume'))
    .description(
      'Temporary keys of a role, on AWS or Karikagi: as an environment, or for a command that runs with them.',
    )
    .argument('<role>', 'ARN of the role, or its name in your own account')
    .argument('[command...]', 'what to run, behind --; its keys are renewed for as long as it runs')
    .addOption(
      new Option(
        '--format <form>',
        'what to print: the keys themselves (default: what your shell evaluates)',
      ).choices(FORMATS),
    )
    .option('--output <file>', 'write the keys to a file of mode 0600 instead')
    .addHelpText('after', EXAMPLES)
    .action(assume);
}

const EXAMPLES = `
Examples:
  karikagi assume arn:aws:iam::111122223333:role/staging --external-id 4711 -- aws s3 ls
  eval "$(karikagi assume staging)"
  karikagi assume staging --format profile --output staging.credentials`;

async function assume(role: string, command: readonly string[], flags: AssumeFlags): Promise<void> {
  const keys = await roleKeys(role, flags);
  const first = await keys.get();
  if (command.length > 0) {
    process.exitCode = await runWith(keys, command, flags);
    return;
  }
  const shown = flags.format !== undefined || !process.stdout.isTTY || flags.output !== undefined;
  const text = shown ? formatKeys(first, flags.format ?? ownShell(), 'assumed') : summary(first, role);
  if (flags.output === undefined) process.stdout.write(text);
  else await writeNew(flags.output, text, 0o600);
  await keys.settled();
}

/** Runs the command beside an endpoint of its own, which goes with it. */
async function runWith(
  keys: RenewingCredentials,
  command: readonly string[],
  { profile, region, endpoint }: AssumeFlags,
): Promise<number> {
  const token = newAuthorizationToken();
  const guard = createGuard({ host: '127.0.0.1' });
  const answer = containerAnswers(
    token,
    async path => (path === '/' ? keys.get() : undefined),
    systemClock.now,
  );
  const server = await listenFor({ host: '127.0.0.1', port: 0 }, async request =>
    guard(request) === undefined ? answer(request) : { status: 403, body: '', headers: {} },
  );
  const environment = {
    ...(region !== undefined && { AWS_REGION: region, AWS_DEFAULT_REGION: region }),
    ...(endpoint !== undefined && { AWS_ENDPOINT_URL: endpoint }),
  };
  try {
    const source = { container: { url: `${server.endpoint}/`, token } };
    return await runChild({ command, source, profile, environment });
  } finally {
    await server.close();
  }
}

function ownShell(): Format {
  if (process.platform === 'win32') return 'powershell';
  return process.env['SHELL']?.endsWith('/fish') ? 'fish' : 'sh';
}

/** For a person at a terminal, who has not asked for the secrets. */
function summary(keys: Credentials, role: string): string {
  const arn = 'assumedRoleArn' in keys ? String(keys.assumedRoleArn) : role;
  const left = keys.expiration && spanText((keys.expiration.getTime() - systemClock.now()) / 1000);
  const shell = ownShell();
  const use =
    shell === 'sh'
      ? `eval "$(karikagi assume …)"`
      : `karikagi assume … | ${shell === 'fish' ? 'source' : 'Invoke-Expression'}`;
  return `${arn}
  access key   ${keys.accessKeyId}
  time left    ${left ?? 'no end'}

The keys are good. They are not shown at a terminal:
  ${use.padEnd(38)} puts them into this shell
  ${'karikagi assume … -- COMMAND'.padEnd(38)} runs a command that gets new ones for as long as it runs
  ${'karikagi assume … --format json'.padEnd(38)} shows them
`;
}
