import { Command } from 'commander';
import { type Damage, type ScrubProgress, type ScrubReport, scrub, systemClock } from '../index.js';
import { bytesText, Progress } from './progress.js';
import { storeSettings } from './store-settings.js';

interface ScrubFlags {
  readonly data?: string;
  readonly kv?: string;
  readonly blobs?: string;
  readonly rootKeyFile?: string;
  readonly rootKeyKms?: string;
  readonly rate?: string;
  readonly json?: boolean;
}

/** So many damaged objects are named on a terminal; `--json` names them all. */
const SHOWN = 100;

export function scrubCommand(): Command {
  return new Command('scrub')
    .description(
      'Read everything that is stored and compare it with its checksums, beside a running server or without one. Exit status: 2 where something is damaged.',
    )
    .option('--data <directory>', "the server's directory, or a backup (default: ./karikagi-data)")
    .option('--kv <url>', 'records in PostgreSQL: postgres://USER@HOST/DATABASE')
    .option('--blobs <url>', 'bodies elsewhere: s3://BUCKET/PREFIX or file:///DIRECTORY')
    .option('--root-key-file <path>', 'file with the root keys (default: root.key in the data directory)')
    .option('--root-key-kms <key>', 'key of an external KMS that seals the root keys in their file')
    .option('--rate <MiB>', 'read at most so many MiB of bodies in a second')
    .option('--json', 'the report as JSON')
    .action(async ({ rate, json, ...flags }: ScrubFlags) => {
      const progress = new Progress();
      const report = await scrub(storeSettings(flags), systemClock, {
        bytesPerSecond: rate === undefined ? undefined : bytesOf(rate),
        progress: seen => progress.show(() => progressText(seen)),
      });
      progress.end();
      process.stdout.write(`${json ? JSON.stringify(report, null, 2) : reportText(report)}\n`);
      if (report.damaged.length > 0) process.exitCode = 2;
    });
}

function bytesOf(rate: string): number {
  const mebibytes = Number(rate);
  if (!(mebibytes > 0)) throw new Error('--rate must be a number of MiB greater than 0');
  return mebibytes * 2 ** 20;
}

function progressText({ rows, versions, bytes }: ScrubProgress): string {
  return `${rows} records, ${versions} versions, ${bytesText(bytes)}`;
}

export function reportText(report: ScrubReport): string {
  if (report.unread) return unreadText(report);
  const { buckets, versions, markers, parts, rows, bytes, sealed, damaged, leftovers } = report;
  const lines = [
    `Read ${bytesText(bytes)} of bodies and ${rows} records: ${versions} versions and ${markers} delete markers in ${buckets} buckets, ${parts} parts of unfinished uploads.`,
  ];
  if (sealed > 0) {
    lines.push(
      `${sealed} are encrypted under keys that are not at hand here: only their checksums were compared.`,
    );
  }
  if (leftovers.blobs + leftovers.rows > 0) {
    lines.push(
      `Left over: ${leftovers.blobs} files of bodies (${bytesText(leftovers.bytes)}), which the server deletes, and ${leftovers.rows} records.`,
    );
  }
  lines.push(damaged.length === 0 ? 'Nothing is damaged.' : `Damaged: ${damaged.length}`);
  lines.push(...damageLines(damaged));
  if (damaged.length > 0)
    lines.push('Put damaged objects again, or delete them: docs/operating.md, "What to do about damage".');
  return lines.join('\n');
}

function unreadText({ damaged }: ScrubReport): string {
  return [
    `Pages of the store are damaged: ${damaged.length}`,
    ...damageLines(damaged),
    'Records are missing, and nothing else was read. Restore the last backup: docs/operating.md, "What to do about damage".',
  ].join('\n');
}

function damageLines(damaged: readonly Damage[]): string[] {
  const lines = damaged.slice(0, SHOWN).map(damageText);
  if (damaged.length > SHOWN) lines.push(`  … and ${damaged.length - SHOWN} more; --json names them all`);
  return lines;
}

function damageText({ bucket, key, versionId, row, problem }: Damage): string {
  const place = row ?? `s3://${bucket}/${key}${versionId ? ` (version ${versionId})` : ''}`;
  return `  ${place}: ${problem}`;
}
