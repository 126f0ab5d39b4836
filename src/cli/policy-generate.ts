import { Command, InvalidArgumentError } from 'commander';
import { withClientOptions } from './client-options.js';
import type { GenerateFlags } from './policy-generate-run.js';

export function generateCommand(): Command {
  return withClientOptions(new Command('generate'))
    .description(
      'Make the least policy that allows what a role or user really did, and for a role the trust policy that lets in who assumed it; hold the recorded calls against it. The policy goes to standard output, all else to standard error. Exit status: 1 where a recorded call would be denied, 3 where a file could not be read.',
    )
    .requiredOption('--principal <arn>', 'the role or user')
    .requiredOption('--events <source...>', 'CloudTrail files, directories, s3://bucket/prefix')
    .option(
      '--policies <directory>',
      'a copy of the account ("karikagi mirror pull"): the policy stays within the present ones, and is compared with them',
    )
    .option('--since <span>', 'only calls of that span (30d, 12h) or after that date')
    .option('--fold <number>', 'how many names right below one prefix of a bucket make "prefix/*"', foldOf, 5)
    .option('--unused-for <span>', 'list permissions not used for so long (default: not used at all)')
    .option('--out <directory>', 'write policy.json and trust.json there')
    .option('--json', 'the policies and the whole report as JSON')
    .action(async (flags: GenerateFlags) => (await import('./policy-generate-run.js')).generate(flags));
}

function foldOf(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 2) throw new InvalidArgumentError('a number from 2');
  return number;
}
