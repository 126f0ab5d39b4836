/**
 * The files of the directory of events. A process appends to `events-2026-01-31-START-PID.lines`, then to
 * `events-2026-01-31-START.2-PID.lines` …; what is written no more becomes a segment of the same name, `….seg`. Its
 * lines stay as `….due`, a second name of the same file, until trails have delivered them. Files of lines from before
 * forms are `….jsonl` (`event-lines.ts`).
 */
import { copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS } from '../core/time.js';

export interface AuditSpace {
  /** Files of days before are deleted. */
  readonly keepDays: number;
  /** Of all files of the directory together: the oldest are deleted. */
  readonly bytes: number;
}

/** A name of the directory. */
interface EventFile {
  readonly name: string;
  /** `2026-01-31`, UTC. */
  readonly day: string;
  readonly kind: 'lines' | 'jsonl' | 'seg' | 'due';
}

const NAME = /^events-(\d{4}-\d\d-\d\d)(?:-[\w.-]+)?\.(lines|jsonl|seg|due)$/;
const LINES = /\.(lines|jsonl)$/;
/** Of all space, what waits for its delivery: a trail that fails must not cost what can be searched for. */
const DUE_SHARE = 0.25;

/** `start`: what tells one run of a process from another with its id. */
export function lineFile(day: string, start: string, piece: number): string {
  return `events-${day}-${start}${piece === 1 ? '' : `.${piece}`}-${process.pid}.lines`;
}

export function segmentFile(lines: string): string {
  return lines.replace(LINES, '.seg');
}

function dueFile(lines: string): string {
  return lines.replace(LINES, '.due');
}

/** Gives lines that are about to become a segment their second name. Throws what the file system throws. */
export function keepDue(directory: string, lines: string): void {
  const due = join(directory, dueFile(lines));
  if (existsSync(due)) return;
  try {
    linkSync(join(directory, lines), due);
  } catch {
    // Not every file system has links. What is half copied has another name.
    copyFileSync(join(directory, lines), `${due}.draft`);
    renameSync(`${due}.draft`, due);
  }
}

/** By name: those of the oldest day first. A directory that is not there has none. */
export function eventFiles(directory: string): EventFile[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.sort().flatMap(name => {
    const [, day, kind] = NAME.exec(name) ?? [];
    return day === undefined ? [] : [{ name, day, kind: kind as EventFile['kind'] }];
  });
}

/**
 * Deletes files of days that are over for longer than is asked for, then the oldest until the others take no more than
 * their bytes. `inUse`: the file that is being written to, which stays. `now`: milliseconds since the epoch.
 */
export function makeRoom(directory: string, space: AuditSpace, now: number, inUse?: string): void {
  const oldest = new Date(now - space.keepDays * DAY_MS).toISOString().slice(0, 10);
  const left: SizedFile[] = [];
  const due: SizedFile[] = [];
  for (const { name, day, kind } of eventFiles(directory)) {
    if (name === inUse) continue;
    if (day < oldest) remove(directory, name);
    else (kind === 'due' ? due : left).push({ name, bytes: sizeOf(directory, name) });
  }
  const waiting = removeBeyond(directory, due, space.bytes * DUE_SHARE);
  removeBeyond(directory, left, space.bytes - waiting);
}

interface SizedFile {
  readonly name: string;
  readonly bytes: number;
}

/** Deletes the first of the files until the others take no more than `most` bytes. Answers what they take. */
function removeBeyond(directory: string, files: readonly SizedFile[], most: number): number {
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of files) {
    if (total <= most) break;
    remove(directory, name);
    total -= bytes;
  }
  return total;
}

/** Deletes the files `events-DATE…` of days before `oldest`, milliseconds since the epoch. */
export function removeOlder(directory: string, oldest: number): void {
  const first = new Date(oldest).toISOString().slice(0, 10);
  for (const { name, day } of eventFiles(directory)) if (day < first) remove(directory, name);
}

function sizeOf(directory: string, name: string): number {
  return statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
}

/** A file that cannot be removed now is tried again later. */
function remove(directory: string, name: string): void {
  try {
    rmSync(join(directory, name), { force: true });
  } catch {
    return;
  }
}
