import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What every request leaves behind, and every call that a service makes for one, in the words of AWS CloudTrail's records. */
export interface AuditEvent {
  /** When the request arrived, ISO 8601. */
  readonly eventTime: string;
  /** `s3.amazonaws.com`; absent where the request could not be understood. */
  readonly eventSource?: string | undefined;
  readonly eventName?: string | undefined;
  readonly awsRegion?: string | undefined;
  /** The service's name where a service made the call. */
  readonly sourceIPAddress: string;
  readonly userAgent?: string | undefined;
  /** A call that a service made has the id of the request that it was made for. */
  readonly requestID: string;
  readonly userIdentity: {
    readonly type: string;
    readonly arn?: string | undefined;
    readonly accountId?: string | undefined;
    readonly accessKeyId?: string | undefined;
    /** The service that made the call in this identity's name: `s3.amazonaws.com`. */
    readonly invokedBy?: string | undefined;
  };
  /** ARNs that the request was authorised on. */
  readonly resources: readonly string[];
  /** Absent for a call that a service made. */
  readonly httpStatus?: number | undefined;
  readonly errorCode?: string | undefined;
  /** Whole milliseconds from the request's arrival to the end of its reply. Absent for a call that a service made. */
  readonly durationMs?: number | undefined;
}

export interface AuditLog {
  /** Takes note at once, writes soon: a request never waits for its record. */
  record(event: AuditEvent): void;
  close(): Promise<void>;
}

/** Keeps nothing: for a server whose data lives in memory. */
export const noAuditLog: AuditLog = { record: () => {}, close: async () => {} };

const DAY = 86_400_000;
const FLUSH_BYTES = 64 * 1024;

/**
 * Appends events as JSON lines to one file a day (UTC) and process, `events-2026-01-31-PID.jsonl`, and deletes
 * files older than `keepDays`. Lines wait in memory for at most a fifth of a second.
 */
export async function openAuditLog(directory: string, keepDays: number): Promise<AuditLog> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  let day = '';
  let file: WriteStream | undefined;
  let waiting: string[] = [];
  let bytes = 0;
  let removal = Promise.resolve();
  const flush = () => {
    if (waiting.length === 0) return;
    file?.write(waiting.join(''));
    waiting = [];
    bytes = 0;
  };
  const timer = setInterval(flush, 200).unref();
  const open = (today: string) => {
    flush();
    file?.end();
    day = today;
    file = createWriteStream(join(directory, `events-${today}-${process.pid}.jsonl`), {
      flags: 'a',
      mode: 0o600,
    });
    // A full disk must not end the server: the stream reports, the next line tries again in a new file.
    file.on('error', () => (day = ''));
    removal = removeOlder(directory, Date.parse(today) - keepDays * DAY);
  };
  return {
    record(event) {
      const today = event.eventTime.slice(0, 10);
      if (today !== day) open(today);
      const line = `${JSON.stringify(event)}\n`;
      waiting.push(line);
      bytes += line.length;
      if (bytes >= FLUSH_BYTES) flush();
    },
    async close() {
      clearInterval(timer);
      flush();
      await removal;
      await new Promise<void>(done => (file ? file.end(() => done()) : done()));
    },
  };
}

/** Deletes the files `events-DATE…` of days before `oldest`, milliseconds since the epoch. */
export async function removeOlder(directory: string, oldest: number): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const written = Date.parse(name.slice('events-'.length, 'events-2026-01-31'.length));
    // A file that cannot be removed today is tried again tomorrow.
    if (name.startsWith('events-') && written < oldest) await rm(join(directory, name)).catch(() => {});
  }
}
