import { Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../core/clock.js';
import {
  type AccountCopy,
  type Outcome,
  Replay,
  type World,
  withChange,
  worldOf,
} from '../policy/replay/index.js';
import {
  readChange,
  readCopies,
  readEvents,
  renderReplay,
  replayToJunit,
  replayToSarif,
  sinceOf,
} from '../replay/index.js';
import { objectsClient } from './account-clients.js';
import { type ClientFlags, withClientOptions } from './client-options.js';

interface ReplayFlags extends ClientFlags {
  readonly json?: boolean;
  readonly events: string[];
  readonly policies?: string;
  readonly change?: string[];
  readonly since?: string;
  readonly failOn: ReadonlySet<Outcome>;
  readonly sarif?: boolean;
  readonly junit?: boolean;
}

/** An input could not be read: what was found out is not the whole. */
const NOT_READ = 3;

export function replayCommand(): Command {
  return withClientOptions(new Command('replay'))
    .description(
      'Hold recorded calls (CloudTrail files, of AWS or Karikagi) against proposed policies: what would newly be denied, newly be allowed, stay the same, and what the records cannot tell. Exit status: 1 where something of --fail-on is found, 3 where a file could not be read.',
    )
    .requiredOption('--events <source...>', 'files, directories, s3://bucket/prefix; "-" for standard input')
    .option('--policies <directory>', 'a copy of the accounts, as "karikagi mirror pull" writes it')
    .option(
      '--change <file...>',
      'a policy in the place of what is there: FILE for a bucket policy, ARN=FILE for a user, group, role, managed policy, bucket or key, trust:ARN=FILE for a trust policy',
    )
    .option('--since <span>', 'only calls of that span (30d, 12h) or after that date')
    .option(
      '--fail-on <outcomes>',
      'denied, allowed, unknown: what the exit status 1 is for',
      outcomesOf,
      outcomesOf('denied'),
    )
    .option('--json', 'the whole report as JSON')
    .option('--sarif', 'results for code hosts, SARIF 2.1.0')
    .option('--junit', 'results for test runners, JUnit XML')
    .action(async (flags: ReplayFlags) => {
      const { proposed, base, file } = await worldsOf(flags);
      const replay = new Replay(proposed, base);
      const isWhole = await replayEvents(flags, record => replay.addRecord(record));
      const report = replay.report();
      const output = flags.sarif
        ? JSON.stringify(replayToSarif(report, file), null, 2)
        : flags.junit
          ? replayToJunit(report, flags.failOn)
          : flags.json
            ? JSON.stringify(report, null, 2)
            : renderReplay(report);
      process.stdout.write(`${output}\n`);
      const found = [...flags.failOn].some(outcome => report.counts[outcome] > 0);
      process.exitCode = isWhole ? Number(found) : NOT_READ;
    });
}

function outcomesOf(text: string): ReadonlySet<Outcome> {
  const names: Readonly<Record<string, Outcome>> = {
    denied: 'newly-denied',
    allowed: 'newly-allowed',
    unknown: 'unknown',
  };
  return new Set(
    text.split(',').map(word => {
      const outcome = names[word.trim()];
      if (!outcome) throw new InvalidArgumentError('some of denied, allowed, unknown, with commas between');
      return outcome;
    }),
  );
}

/**
 * The policies as they are to be and, where a change is made to a copy, as they are. `file`: what a result points at.
 */
async function worldsOf(
  flags: Pick<ReplayFlags, 'policies' | 'change'>,
): Promise<{ proposed: World; base: World | undefined; copies: AccountCopy[]; file: string }> {
  const { policies, change = [] } = flags;
  if (policies === undefined && change.length === 0)
    throw new Error('give --policies, or --change, or both: there is nothing to hold the calls against');
  const copies = policies === undefined ? [] : await readCopies(policies);
  let changed = copies;
  for (const argument of change) changed = withChange(changed, await readChange(argument));
  const base = policies !== undefined && change.length > 0 ? worldOf(copies) : undefined;
  return { proposed: worldOf(changed), base, copies: changed, file: change[0] ?? policies ?? '' };
}

/** Gives each record to `take`; answers whether all could be read. Problems are written to standard error. */
export async function replayEvents(
  flags: ClientFlags & { readonly events: readonly string[]; readonly since?: string | undefined },
  take: (record: object) => void,
): Promise<boolean> {
  let isWhole = true;
  const since = flags.since === undefined ? undefined : sinceOf(flags.since, systemClock.now());
  const from = since === undefined ? undefined : new Date(since).toISOString();
  const records = readEvents({
    sources: flags.events,
    s3: () => objectsClient(flags),
    failed: (file, problem) => {
      isWhole = false;
      process.stderr.write(`karikagi: ${file}: ${problem}\n`);
    },
  });
  for await (const some of records) {
    for (const record of some) {
      const { eventTime } = record as { readonly eventTime?: unknown };
      if (from === undefined || (typeof eventTime === 'string' && eventTime >= from)) take(record);
    }
  }
  return isWhole;
}
