/**
 * The files of the directory of events. A process appends to `events-2026-01-31-START-PID.jsonl`, then to
 * `events-2026-01-31-START.2-PID.jsonl` …; what is written no more becomes a segment of the same name, `….seg`.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
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
  readonly isSegment: boolean;
}

const NAME = /^events-(\d{4}-\d\d-\d\d)(?:-[\w.-]+)?\.(jsonl|seg)$/;

/** `start`: what tells one run of a process from another with its id. */
export function lineFile(day: string, start: string, piece: number): string {
  return `events-${day}-${start}${piece === 1 ? '' : `.${piece}`}-${process.pid}.jsonl`;
}

export function segmentFile(lines: string): string {
  return lines.replace(/\.jsonl$/, '.seg');
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
    const [, day, ending] = NAME.exec(name) ?? [];
    return day === undefined ? [] : [{ name, day, isSegment: ending === 'seg' }];
  });
}

/**
 * Deletes files of days that are over for longer than is asked for, then the oldest until the others take no more than
 * their bytes. `inUse`: the file that is being written to, which stays. `now`: milliseconds since the epoch.
 */
export function makeRoom(directory: string, space: AuditSpace, now: number, inUse?: string): void {
  const oldest = new Date(now - space.keepDays * DAY_MS).toISOString().slice(0, 10);
  const left: { readonly name: string; readonly bytes: number }[] = [];
  for (const { name, day } of eventFiles(directory)) {
    if (name === inUse) continue;
    if (day < oldest) remove(directory, name);
    else left.push({ name, bytes: sizeOf(directory, name) });
  }
  let beyond = left.reduce((sum, { bytes }) => sum + bytes, 0) - space.bytes;
  for (const { name, bytes } of left) {
    if (beyond <= 0) return;
    remove(directory, name);
    beyond -= bytes;
  }
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
