import { Command } from 'commander';
import {
  type BackupReport,
  backUp,
  type RestoreReport,
  restore,
  type Settings,
  SettingsError,
  scrub,
  systemClock,
} from '../index.js';
import { bytesText, Progress } from './progress.js';
import { reportText } from './scrub.js';
import { storeSettings } from './store-settings.js';

interface BackupFlags {
  readonly data?: string;
  readonly kv?: string;
  readonly blobs?: string;
  readonly rootKeyFile?: string;
  readonly metadataOnly?: boolean;
  readonly withRootKey?: boolean;
  readonly link?: boolean;
  readonly json?: boolean;
}

interface RestoreFlags {
  readonly data?: string;
  readonly kv?: string;
  readonly blobs?: string;
  readonly rootKeyFile?: string;
  readonly rootKeyKms?: string;
  readonly verify: boolean;
  readonly json?: boolean;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description(
      'Write everything that is stored, as it is at one moment, to a directory, beside running servers or without one. Done again, it copies what is new.',
    )
    .argument('<target>', 'an empty directory, or an earlier backup')
    .option('--data <directory>', "the server's directory (default: ./karikagi-data)")
    .option('--kv <url>', 'records in PostgreSQL: postgres://USER@HOST/DATABASE')
    .option('--blobs <url>', 'bodies elsewhere: s3://BUCKET/PREFIX or file:///DIRECTORY')
    .option('--metadata-only', 'without large bodies')
    .option('--link', 'hard links to large bodies that are files: no room, but the same disk')
    .option('--with-root-key', 'also the root key: the backup then opens everything')
    .option('--root-key-file <path>', 'file with the root keys (default: root.key in the data directory)')
    .option('--json', 'the report as JSON')
    .action(async (target: string, { data, kv, blobs, rootKeyFile, json, ...options }: BackupFlags) => {
      const progress = new Progress();
      const settings = storeSettings({ data, kv, blobs, rootKeyFile });
      const report = await backUp(settings, target, systemClock, { ...options, progress: showing(progress) });
      progress.end();
      process.stdout.write(`${json ? JSON.stringify(report, null, 2) : backupText(report, target)}\n`);
      if (report.missing.length > 0) process.exitCode = 2;
    });
}

export function restoreCommand(): Command {
  return new Command('restore')
    .description(
      'Make a data directory out of a backup, or put it into PostgreSQL and a shared store of bodies, and verify it as scrub does. Exit status: 2 where something is damaged.',
    )
    .argument('<source>', 'the backup')
    .option('--data <directory>', 'the new directory; a root.key that is in it already stays')
    .option('--kv <url>', 'an empty database instead: postgres://USER@HOST/DATABASE')
    .option('--blobs <url>', 'where bodies go: s3://BUCKET/PREFIX or file:///DIRECTORY')
    .option('--root-key-file <path>', 'file with the root keys (default: root.key in the data directory)')
    .option('--root-key-kms <key>', 'key of an external KMS that seals the root keys in their file')
    .option('--no-verify', 'do not read everything again')
    .option('--json', 'the report as JSON')
    .action(async (source: string, { verify, json, ...flags }: RestoreFlags) => {
      if (flags.data === undefined && flags.kv === undefined)
        throw new SettingsError('say where to: --data, or --kv and --blobs');
      const progress = new Progress();
      const settings = storeSettings(flags);
      const report = await restore(settings, source, systemClock, { progress: showing(progress) });
      progress.end();
      const verified = verify ? await scrub(settings, systemClock) : undefined;
      const text = [restoreText(report, settings), ...(verified ? [reportText(verified)] : [])];
      process.stdout.write(`${json ? JSON.stringify({ ...report, verified }, null, 2) : text.join('\n')}\n`);
      if (report.missing.length + (verified?.damaged.length ?? 0) > 0) process.exitCode = 2;
    });
}

function showing(progress: Progress) {
  return ({ blobs, bytes }: { readonly blobs: number; readonly bytes: number }) =>
    progress.show(() => `${blobs} bodies, ${bytesText(bytes)} copied`);
}

function backupText(
  { blobs, copied, bytes, deleted, missing, hasRootKey }: BackupReport,
  target: string,
): string {
  const lines = [
    `Backed up to ${target}: ${blobs} large bodies, ${copied} of them new (${bytesText(bytes)}); ${deleted} deleted.`,
    hasRootKey
      ? 'The root key is in it: keep it from everyone.'
      : 'The root key is not in it: keep that apart, for nothing opens without it.',
  ];
  if (missing.length > 0) lines.push(`${missing.length} bodies are missing or damaged: see karikagi scrub.`);
  return lines.join('\n');
}

function restoreText(
  { made, blobs, copied, bytes, missing, hasRootKey }: RestoreReport,
  { data, kv }: Settings,
): string {
  // Not the URL: it may hold a password.
  const place = kv === undefined ? data : 'PostgreSQL';
  const lines = [
    `Restored to ${place} what was there at ${made}: ${blobs} large bodies, ${copied} of them copied (${bytesText(bytes)}).`,
  ];
  if (missing.length > 0) lines.push(`${missing.length} bodies are missing in the backup or damaged.`);
  if (!hasRootKey)
    lines.push(
      kv === undefined
        ? 'Put root.key there before the server starts: it does not without.'
        : 'Give the servers the root key with --root-key-file: they do not start without.',
    );
  return lines.join('\n');
}
