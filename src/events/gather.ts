/** Puts the events that trails take into the bodies of log files. Synchronous: it runs in a thread of its own. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { AuditEvent, CloudTrailFile, CloudTrailRecord } from '../core/cloudtrail.js';
import { LineReader } from '../core/event-lines.js';
import { cloudTrailRecord } from './event.js';
import { isSelected, type Selection } from './selection.js';

/** A log file that is still without a name. */
export interface LogBody {
  /** Of the selection that took the events. */
  readonly selection: string;
  readonly account: string;
  readonly region: string;
  /** Times of events, whole seconds, UTC. */
  readonly oldest: string;
  readonly newest: string;
  /** Hexadecimal SHA-256 of the text without its gzip, which is what digest files have. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** What lay between two places. */
export interface Gathered {
  /** Where the next look begins; the place where this one began where there is nothing yet. */
  readonly to: number;
  readonly bodies: readonly LogBody[];
}

export type Selections = ReadonlyMap<string, Selection>;

/** Bytes of lines that are looked at in one go: what a log file is made of at most. */
const GATHERED = 8 * 1024 * 1024;

/**
 * What the selections take of a file of lines from the byte `from` on, up to `to` or to the last whole line among the
 * next eight MiB. `names`: of the file, one after the other; a file that is gone has nothing.
 */
export function gatherLines(
  names: readonly string[],
  from: number,
  to: number | undefined,
  selections: Selections,
): Gathered {
  const file = firstOpened(names);
  if (file === undefined) return { to: from, bodies: [] };
  try {
    const text = readPart(file, from, to === undefined ? GATHERED : to - from);
    const end = text.lastIndexOf(NEW_LINE) + 1;
    const reader = new LineReader(at => lineAt(file, at));
    const events: AuditEvent[] = [];
    for (let start = 0; start < end; ) {
      const next = text.indexOf(NEW_LINE, start) + 1;
      const event = reader.event(text.toString('utf8', start, next - 1));
      if (event) events.push(event);
      start = next;
    }
    return { to: from + end, bodies: bodiesOf(events, selections) };
  } finally {
    closeSync(file);
  }
}

const NEW_LINE = 0x0a;

function readPart(file: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, fstatSync(file).size - from)));
  return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
}

/** Bytes that most lines fit into. */
const LINE = 8192;

/** The line that begins there, of which the end may lie before the part that is looked at. */
function lineAt(file: number, from: number): string {
  for (let length = LINE; ; length *= 2) {
    const bytes = readPart(file, from, length);
    const end = bytes.indexOf(NEW_LINE);
    if (end >= 0) return bytes.toString('utf8', 0, end);
    if (bytes.length < length) return '';
  }
}

function firstOpened([name, ...others]: readonly string[]): number | undefined {
  if (name === undefined) return undefined;
  try {
    return openSync(name, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return firstOpened(others);
  }
}

/** Of each selection one body for each region. */
export function bodiesOf(events: readonly AuditEvent[], selections: Selections): LogBody[] {
  const taken = new Map<string, CloudTrailRecord[]>();
  for (const event of events) {
    const record = cloudTrailRecord(event);
    if (!record) continue;
    for (const [id, selection] of selections) {
      if (!isSelected(record, event.arrived, selection)) continue;
      const name = JSON.stringify([id, record.awsRegion]);
      const records = taken.get(name);
      if (records) records.push(record);
      else taken.set(name, [record]);
    }
  }
  return [...taken].map(([name, records]) => {
    const [id, region] = JSON.parse(name) as [string, string];
    return bodyOf(id, selections.get(id)!.account, region, records);
  });
}

function bodyOf(
  selection: string,
  account: string,
  region: string,
  records: readonly CloudTrailRecord[],
): LogBody {
  const file: CloudTrailFile = { Records: records };
  const text = JSON.stringify(file);
  const times = records.map(({ eventTime }) => eventTime).sort();
  return {
    selection,
    account,
    region,
    oldest: times[0]!,
    newest: times.at(-1)!,
    sha256: createHash('sha256').update(text).digest('hex'),
    bytes: gzipSync(text),
  };
}
