/** The options of commands that are clients of AWS or of a server of one's own. */
import type { Command } from 'commander';

export interface ClientFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
}

export function withClientOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'the server, where it is not AWS (default: AWS_ENDPOINT_URL and the profile)')
    .option('--region <name>', 'the region (default: AWS_REGION, the profile, the partition’s first)')
    .option(
      '--profile <name>',
      'AWS profile to sign with (default: the usual chain of environment and files)',
    );
}
