import { mkdir } from 'node:fs/promises';
import type { Scheduler } from '../core/scheduler.js';
import { AuditFiles, type AuditSpace } from './audit-files.js';
import type { AuditEvent } from './event.js';

export interface AuditLog {
  /** Takes note at once, writes soon: a request never waits for its record. */
  record(event: AuditEvent): void;
  close(): Promise<void>;
}

/** Keeps nothing: for a server whose data lives in memory. */
export const noAuditLog: AuditLog = { record: () => {}, close: async () => {} };

const FLUSH_BYTES = 64 * 1024;
const FLUSH_MS = 200;

/**
 * Appends events as JSON lines to files of the day (UTC) and process, `events-2026-01-31-PID.jsonl`, and deletes files
 * that are too old or take too much space. Lines wait in memory for at most a fifth of a second.
 */
export async function openAuditLog(
  directory: string,
  space: AuditSpace,
  scheduler: Scheduler,
): Promise<AuditLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = new AuditFiles(directory, space);
  let waiting: string[] = [];
  let bytes = 0;
  const flush = () => {
    if (waiting.length === 0) return;
    files.write(waiting.join(''));
    waiting = [];
    bytes = 0;
  };
  const cancel = scheduler.every(FLUSH_MS, flush);
  return {
    record(event) {
      const today = event.eventTime.slice(0, 10);
      if (today !== files.day) {
        flush();
        files.begin(today);
      }
      const line = `${JSON.stringify(event)}\n`;
      waiting.push(line);
      bytes += line.length;
      if (bytes >= FLUSH_BYTES) flush();
    },
    async close() {
      cancel();
      flush();
      await files.close();
    },
  };
}
