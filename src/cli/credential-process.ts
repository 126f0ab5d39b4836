import { Command } from 'commander';
import { processOutput } from './key-formats.js';
import { profileKeys, type RoleFlags, roleKeys, withRoleOptions } from './role-options.js';

export function credentialProcessCommand(): Command {
  return withRoleOptions(new Command('credential-process'))
    .description(
      'Keys for credential_process in ~/.aws/config: kept in a file of mode 0600, fetched once for all processes, renewed ahead.',
    )
    .argument('[role]', 'ARN or name of the role; without it the keys are those of --profile')
    .addHelpText('after', EXAMPLE)
    .action(async (role: string | undefined, flags: RoleFlags) => {
      const keys = role === undefined ? profileKeys(flags) : await roleKeys(role, flags);
      process.stdout.write(`${JSON.stringify(processOutput(await keys.get()))}\n`);
      // Renewed for the next one who asks.
      await keys.settled();
    });
}

const EXAMPLE = `
Example of a profile. Its keys come from the profile "me", which must be another one:
  [profile staging]
  credential_process = karikagi credential-process arn:aws:iam::111122223333:role/staging --profile me --external-id 4711`;
