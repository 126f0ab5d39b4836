import { Command } from 'commander';
import { EventFiles } from '../clients/event-files.js';
import { type EventFilter, findEvents, recordOf } from '../clients/events.js';
import { systemClock } from '../core/clock.js';
import type { FoundEvent } from '../core/cloudtrail.js';
import { countOf } from '../core/count.js';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/time.js';
import { type ApiFlags, apiTarget, columns, print, timeText, withApiOptions } from './api-options.js';

interface FilterFlags extends ApiFlags {
  readonly principal?: string;
  readonly action?: string;
  readonly request?: string;
  readonly resource?: string;
  readonly error?: string;
  readonly since?: string;
  readonly until?: string;
}

interface SearchFlags extends FilterFlags {
  readonly max: string;
}

interface ExportFlags extends FilterFlags {
  readonly cloudtrail: string;
}

export function eventsCommand(): Command {
  const events = new Command('events').description(
    'What was called in your account, as CloudTrail records it.',
  );
  withFilters(events.command('search', { isDefault: true }))
    .description('Events by who, what and when; newest first.')
    .option('--max <number>', 'at most so many', '50')
    .action(search);
  withFilters(events.command('export'))
    .description("Write events as CloudTrail's own files, for whatever reads those.")
    .requiredOption(
      '--cloudtrail <directory>',
      'where to: AWSLogs/ACCOUNT/CloudTrail/REGION/yyyy/mm/dd/….json.gz',
    )
    .action(exportFiles);
  return events;
}

function withFilters(command: Command): Command {
  return withApiOptions(command)
    .option('--principal <who>', 'an ARN, a name, a unique id or an access key; of a role: its sessions')
    .option('--action <name>', 'an action (s3:ListBucket) or the name of a call (ListObjects)')
    .option('--request <id>', 'the id of a request')
    .option('--resource <arn>', 'an ARN or a name')
    .option('--error <code>', 'AccessDenied; "*": any')
    .option('--since <time>', 'how long ago (30d, 12h, 15m), or a time (2026-01-31, 2026-01-31T12:00:00Z)')
    .option('--until <time>', 'the same');
}

function filterOf(flags: FilterFlags): EventFilter {
  return {
    Principal: flags.principal,
    Action: flags.action,
    RequestId: flags.request,
    Resource: flags.resource,
    ErrorCode: flags.error,
    StartTime: timeOf('--since', flags.since),
    EndTime: timeOf('--until', flags.until),
  };
}

const UNITS: Readonly<Record<string, number>> = { d: DAY_MS, h: HOUR_MS, m: MINUTE_MS };

/** Seconds since the epoch. Throws for what is no time. */
function timeOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d+)([dhm])$/.exec(text) ?? [];
  const time = unit === undefined ? Date.parse(text) : systemClock.now() - Number(count) * UNITS[unit]!;
  if (Number.isNaN(time)) throw new Error(`${flag} is 30d, 12h, 15m or a time such as 2026-01-31T12:00:00Z`);
  return time / 1000;
}

async function search(flags: SearchFlags): Promise<void> {
  const max = Number(flags.max);
  if (!Number.isInteger(max) || max < 1) throw new Error('--max must be a whole number from 1 on');
  const events: FoundEvent[] = [];
  for await (const event of findEvents(apiTarget(flags), filterOf(flags), max)) events.push(event);
  const rows = events.map(event => [
    timeText(event.arrived / 1000),
    event.userIdentity?.arn ?? event.userIdentity?.type ?? '',
    `${event.eventSource?.split('.')[0] ?? '?'}:${event.eventName ?? '?'}`,
    event.resources?.[0]?.ARN ?? event.resources?.[0]?.ARNPrefix ?? '',
    event.errorCode ?? 'ok',
    event.requestID ?? '',
  ]);
  print(flags, events, rows.length === 0 ? 'No event is like that.' : columns(rows));
}

async function exportFiles(flags: ExportFlags): Promise<void> {
  const files = new EventFiles(flags.cloudtrail);
  for await (const event of findEvents(apiTarget(flags), filterOf(flags))) {
    const record = recordOf(event);
    if (record) await files.add(record);
  }
  await files.end();
  const { records, paths } = files;
  print(
    flags,
    { Records: records, Files: paths },
    `${countOf(records, 'event')} in ${countOf(paths.length, 'file')} below ${flags.cloudtrail}.`,
  );
}
