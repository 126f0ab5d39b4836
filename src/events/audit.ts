import { mkdir } from 'node:fs/promises';
import type { CloudTrailIdentity, CloudTrailRecord } from '../core/cloudtrail.js';
import { AuditFiles, type AuditSpace } from './audit-files.js';

/**
 * What every request leaves behind, and every call that a service makes for one, in the words of AWS CloudTrail's
 * records.
 */
export interface AuditEvent extends Pick<CloudTrailRecord, 'userAgent' | 'errorCode'> {
  /** When the request arrived, ISO 8601. */
  readonly eventTime: string;
  /** `s3.amazonaws.com`; absent where the request could not be understood. */
  readonly eventSource?: string | undefined;
  readonly eventName?: string | undefined;
  readonly awsRegion?: string | undefined;
  /** The service's name where a service made the call. */
  readonly sourceIPAddress: string;
  /** A call that a service made has the id of the request that it was made for. */
  readonly requestID: string;
  readonly userIdentity: Pick<CloudTrailIdentity, 'arn' | 'accountId' | 'accessKeyId' | 'invokedBy'> & {
    readonly type: string;
  };
  /** ARNs that the request was authorised on. */
  readonly resources: readonly string[];
  /** Absent for a call that a service made. */
  readonly httpStatus?: number | undefined;
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

const FLUSH_BYTES = 64 * 1024;

/**
 * Appends events as JSON lines to files of the day (UTC) and process, `events-2026-01-31-PID.jsonl`, and deletes files
 * that are too old or take too much space. Lines wait in memory for at most a fifth of a second.
 */
export async function openAuditLog(directory: string, space: AuditSpace): Promise<AuditLog> {
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
  const timer = setInterval(flush, 200).unref();
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
      clearInterval(timer);
      flush();
      await files.close();
    },
  };
}
