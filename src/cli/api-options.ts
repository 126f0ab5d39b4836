/** The options of every command that calls a running server, and what they say. */
import { join } from 'node:path';
import type { Command } from 'commander';
import type { ApiTarget } from '../clients/karikagi-api.js';

export interface ApiFlags {
  readonly endpoint: string;
  readonly region?: string;
  readonly profile?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export function withApiOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'the server', process.env['AWS_ENDPOINT_URL'] ?? 'http://127.0.0.1:9000')
    .option(
      '--region <name>',
      'the region to sign for (default: AWS_REGION, AWS_DEFAULT_REGION, us-east-1)',
      process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'],
    )
    .option(
      '--profile <name>',
      'AWS profile to sign with (default: the usual chain of environment and files)',
    )
    .option(
      '--data <directory>',
      "sign as the root user whose credentials stand in a server's data directory",
    )
    .option('--json', 'the same as JSON');
}

export function apiTarget({ endpoint, region, profile, data }: ApiFlags): ApiTarget {
  if (data !== undefined) takeCredentialsOf(data);
  return { endpoint, region, profile };
}

function takeCredentialsOf(directory: string): void {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE']) {
    delete process.env[name];
  }
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(directory, 'credentials');
}

/** Prints for people, or the same as JSON. */
export function print(flags: ApiFlags, output: unknown, text: string): void {
  process.stdout.write(`${flags.json ? JSON.stringify(output, null, 2) : text}\n`);
}

/** Rows in columns, as wide as they need. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]!.length)));
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Seconds since the epoch as people read them: `2026-11-22 08:30:00Z`. */
export function timeText(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace('T', ' ').replace('.000', '');
}
