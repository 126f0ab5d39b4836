/** A thread that makes segments and log files, deletes old files and searches. Started by `thread-handle.ts`. */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { type AuditSpace, eventFiles, keepDue, makeRoom, segmentFile } from './event-files.js';
import { type Gathered, gatherLines, type Selections } from './gather.js';
import type { EventPage, EventQuery } from './query.js';
import { searchFiles } from './search.js';
import { sealFile } from './segment-write.js';

export type ThreadTask =
  /** `names`: of files with lines to which nothing is added any more. */
  | { readonly kind: 'seal'; readonly directory: string; readonly names: readonly string[] }
  | {
      readonly kind: 'room';
      readonly directory: string;
      readonly space: AuditSpace;
      readonly now: number;
      readonly inUse: string | undefined;
    }
  /** As `gatherLines` has it. */
  | {
      readonly kind: 'gather';
      readonly paths: readonly string[];
      readonly from: number;
      readonly to: number | undefined;
      readonly selections: Selections;
    }
  | { readonly kind: 'search'; readonly directory: string; readonly query: EventQuery };

export interface ThreadAnswer {
  readonly page?: EventPage;
  readonly gathered?: Gathered;
  readonly failed?: string;
}

/** Of a thread, on Linux: what answers requests goes before. */
const LOW_PRIORITY = 10;

function lowerPriority(): void {
  try {
    if (process.platform === 'linux') setPriority(LOW_PRIORITY);
  } catch {
    return;
  }
}

function answerTo(task: ThreadTask): ThreadAnswer {
  try {
    if (task.kind === 'search') return { page: searchFiles(task.directory, task.query) };
    if (task.kind === 'gather')
      return { gathered: gatherLines(task.paths, task.from, task.to, task.selections) };
    if (task.kind === 'room') makeRoom(task.directory, task.space, task.now, task.inUse);
    else seal(task.directory, task.names);
    return {};
  } catch (error) {
    return { failed: String((error as Error).stack) };
  }
}

function seal(directory: string, names: readonly string[]): void {
  const there = new Set(eventFiles(directory).map(({ name }) => name));
  for (const name of names) {
    if (!there.has(name)) continue;
    keepDue(directory, name);
    sealFile(join(directory, name), join(directory, segmentFile(name)));
  }
}

lowerPriority();
parentPort!.on('message', (task: ThreadTask) => parentPort!.postMessage(answerTo(task)));
