import { Command } from 'commander';
import { Replay, withChange, worldOf } from '../policy/replay/index.js';
import { readChange, readCopies, rehearseChange, renderRehearsal } from '../replay/index.js';
import { type ClientFlags, withClientOptions } from './client-options.js';
import { replayEvents } from './replay.js';

interface RehearseFlags extends ClientFlags {
  readonly mirror: string;
  readonly events: string[];
  readonly change: string[];
  readonly since?: string;
  readonly json?: boolean;
}

const NOT_READ = 3;

export function rehearseCommand(): Command {
  return withClientOptions(new Command('rehearse'))
    .description(
      'A change before it is made, on one page of Markdown: which recorded calls it breaks, what it opens (to everyone, to other accounts, to more rights), what the linter says. Exit status: 1 where a recorded call would be denied, 3 where a file could not be read.',
    )
    .requiredOption('--mirror <directory>', 'a copy of the account, as "karikagi mirror pull" writes it')
    .requiredOption('--events <source...>', 'CloudTrail files, directories, s3://bucket/prefix')
    .requiredOption('--change <file...>', 'as for "karikagi replay": FILE, ARN=FILE, trust:ARN=FILE')
    .option('--since <span>', 'only calls of that span (30d, 12h) or after that date')
    .option('--json', 'the same as JSON')
    .action(async (flags: RehearseFlags) => {
      const copies = await readCopies(flags.mirror);
      const proposed = await Promise.all(flags.change.map(readChange));
      let changed = copies;
      const changes = [];
      for (const change of proposed) {
        changes.push(await rehearseChange(changed, change));
        changed = withChange(changed, change);
      }
      const replay = new Replay(worldOf(changed), worldOf(copies));
      const isWhole = await replayEvents(flags, record => replay.addRecord(record));
      const rehearsal = { report: replay.report(), changes };
      process.stdout.write(
        `${flags.json ? JSON.stringify(rehearsal, null, 2) : renderRehearsal(rehearsal)}\n`,
      );
      process.exitCode = isWhole ? Number(rehearsal.report.counts['newly-denied'] > 0) : NOT_READ;
    });
}
