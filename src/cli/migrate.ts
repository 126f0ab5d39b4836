import { Command } from 'commander';
import { type MigrationProgress, migrate, SettingsError, systemClock } from '../index.js';
import { bytesText, Progress } from './progress.js';

interface MigrateFlags {
  readonly from: string;
  readonly to: string;
  readonly blobs: string;
  readonly json?: boolean;
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description(
      'Move the data of a server from its directory to PostgreSQL and a shared store of bodies, or back. Stop all servers first. What was moved is compared; a run that was cut short is followed by the same command.',
    )
    .requiredOption('--from <place>', 'a directory, or postgres://USER@HOST/DATABASE')
    .requiredOption('--to <place>', 'a directory, or postgres://USER@HOST/DATABASE')
    .requiredOption(
      '--blobs <url>',
      'bodies of the side that is PostgreSQL: s3://BUCKET/PREFIX or file:///DIRECTORY',
    )
    .option('--json', 'the report as JSON')
    .action(async ({ from, to, blobs, json }: MigrateFlags) => {
      const isPostgres = [from, to].map(place => /^postgres(ql)?:/.test(place));
      if (isPostgres[0] === isPostgres[1])
        throw new SettingsError('one side must be a directory, the other PostgreSQL');
      const progress = new Progress();
      const places = (place: string) =>
        /^postgres(ql)?:/.test(place) ? { data: '', kv: place, blobs } : { data: place };
      const report = await migrate({ from: places(from), to: places(to) }, systemClock, seen =>
        progress.show(() => progressText(seen)),
      );
      progress.end();
      const { found } = report;
      const before =
        found.bodies + found.rows > 0
          ? ` ${found.bodies} bodies and ${found.rows} records were there already.`
          : '';
      process.stdout.write(
        json
          ? `${JSON.stringify(report, null, 2)}\n`
          : `Moved ${progressText(report)}.${before} Both sides are the same.\nThe root key does not move: start the server with --root-key-file.\n`,
      );
    });
}

function progressText({ bodies, bytes, rows }: MigrationProgress): string {
  return `${bodies} bodies (${bytesText(bytes)}) and ${rows} records`;
}
