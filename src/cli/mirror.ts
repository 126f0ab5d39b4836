import { Command } from 'commander';
import { withClientOptions } from './client-options.js';
import type { CheckFlags, LoadFlags, PullFlags } from './mirror-flags.js';

/** `karikagi mirror …`: the commands are loaded when they run, with the clients that they need. */
export function mirrorCommand(): Command {
  return new Command('mirror')
    .description(
      'A copy of what decides in an account, to look at, to compare and to try changes on. It has no secrets.',
    )
    .addCommand(pullCommand())
    .addCommand(loadCommand())
    .addCommand(diffCommand())
    .addCommand(checkCommand());
}

const run = async () => await import('./mirror-run.js');

function pullCommand(): Command {
  return withClientOptions(new Command('pull'))
    .description(
      "Copy an account's users, groups, roles, policies, providers, bucket policies and what blocks them, key policies and grants, and its organization where that may be read. Reads alone; from AWS or Karikagi. Exit status: 2 where something could not be read.",
    )
    .argument('<directory>', 'where the copy is written, below the account’s id')
    .option('--regions <name...>', 'where keys are looked for (default: --region)')
    .action(async (directory: string, flags: PullFlags) => (await run()).pull(directory, flags));
}

function loadCommand(): Command {
  return withClientOptions(new Command('load'))
    .description(
      'Put a copy into accounts of the same ids of a Karikagi server, users and roles with the same unique ids. Signed as an administrator of the server’s first account. Exit status: 2 where something could not be made.',
    )
    .argument('<directory>', 'a copy, as "mirror pull" writes it')
    .option('--account-profile <name>', 'keys of an administrator of an account that is there already')
    .option(
      '--credentials <file>',
      'where the root keys of accounts that are made are written, as profiles by account id',
    )
    .action(async (directory: string, flags: LoadFlags) => (await run()).load(directory, flags));
}

function diffCommand(): Command {
  return new Command('diff')
    .description('What differs between two copies. Exit status: 1 where something does.')
    .argument('<before>')
    .argument('<after>')
    .option('--json', 'differences as JSON')
    .action(async (before: string, after: string, flags: { json?: boolean }) =>
      (await run()).diff(before, after, flags),
    );
}

function checkCommand(): Command {
  return new Command('check')
    .description(
      'Whether a principal may do something in a copy; without a principal, who may. Exit status: 1 where it is not allowed.',
    )
    .argument('<directory>')
    .option('--principal <arn>', 'a user, a role, a root user, the name of a service, or "*" for everyone')
    .requiredOption('--action <name>', 's3:GetObject')
    .option('--resource <arn>', 'an ARN', '*')
    .option(
      '--context <key=value...>',
      'condition keys of the request; of others it is said where they matter',
    )
    .action(async (directory: string, flags: CheckFlags) => (await run()).check(directory, flags))
    .option('--json', 'results as JSON');
}
