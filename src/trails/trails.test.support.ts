/** Trails over a store in memory, with a bucket that writes down what is delivered. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ManualClock } from '../core/clock.js';
import type { AuditEvent, CloudTrailFile } from '../core/cloudtrail.js';
import { silentLogger } from '../core/log.js';
import { type AuditLog, openAuditLog } from '../events/audit.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { type OpenTrails, openTrails } from './index.js';
import type { LogStore, LogWrite } from './log-store.js';
import type { NewTrail } from './trails.js';

export const START = Date.UTC(2026, 0, 30, 23, 50);
export const ACCOUNT = '111122223333';
export const { signal: SIGNAL }: { readonly signal: AbortSignal } = new AbortController();

/** A bucket whose next write may fail: before it is done, or after that. */
export class TestLogs implements LogStore {
  readonly objects = new Map<string, LogWrite>();
  writes = 0;
  fails: 'before' | 'after' | undefined;
  /** Writes that succeed before one fails. */
  good = 0;

  async put(write: LogWrite): Promise<void> {
    this.writes++;
    const fails = this.fails !== undefined && this.good-- === 0 ? this.fails : undefined;
    if (fails === 'before') throw new Error('the bucket is away');
    this.objects.set(write.key, write);
    if (fails === 'after') throw new Error('the answer is lost');
  }

  async check(): Promise<undefined> {}

  /** The ids of the events in log files, sorted. */
  delivered(): string[] {
    const files = [...this.objects].filter(([key]) => key.includes('/CloudTrail/'));
    return files
      .flatMap(([, { body }]) => (JSON.parse(gunzipSync(body).toString()) as CloudTrailFile).Records)
      .map(({ eventID }) => eventID)
      .sort();
  }
}

export function newTrail(more: Partial<NewTrail> = {}): NewTrail {
  return {
    account: ACCOUNT,
    partition: 'aws',
    region: 'us-east-1',
    name: 'main',
    bucket: 'logs',
    globalServices: true,
    multiRegion: true,
    validated: true,
    tags: [],
    ...more,
  };
}

type TestAudit = AuditLog & { tidy(): Promise<void> };

export interface TrailWorld {
  readonly directory: string;
  readonly clock: ManualClock;
  readonly logs: TestLogs;
  /** As after a start of the server. */
  open(): Promise<OpenTrails & { readonly audit: TestAudit }>;
  event(more?: Partial<AuditEvent>): AuditEvent;
}

/** Events in a directory of its own, and trails over them. */
export async function openTrailWorld(t: TestContext, pieceBytes = 700): Promise<TrailWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-trails-'));
  t.after(() => rm(directory, { recursive: true }));
  const clock = new ManualClock(START);
  const kv = openMemoryKv();
  const logs = new TestLogs();
  const rootKey = new Uint8Array(32).fill(1);
  const openLog = () =>
    openAuditLog(directory, {
      space: { keepDays: 30, bytes: 1e9 },
      clock,
      scheduler: clock,
      keeps: true,
      failed: assert.ifError,
      pieceBytes,
    });
  const open = async () => {
    const audit = await openLog();
    return { audit, ...openTrails({ kv, rootKey, clock, log: silentLogger, feed: audit, logs }) };
  };
  let made = 0;
  const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
    eventVersion: '1.11',
    eventTime: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
    arrived: clock.now(),
    eventSource: 'iam.amazonaws.com',
    eventName: 'GetUser',
    awsRegion: 'us-east-1',
    eventID: `E${String(made++).padStart(6, '0')}`,
    eventCategory: 'Management',
    readOnly: true,
    recipientAccountId: ACCOUNT,
    ...more,
  });
  return { directory, clock, logs, open, event };
}
