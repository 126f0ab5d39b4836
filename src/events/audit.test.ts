import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ManualClock } from '../core/clock.js';
import { openAuditLog } from './audit.js';
import type { AuditEvent } from './event.js';

const event = (eventTime: string): AuditEvent => ({
  eventVersion: '1.11',
  eventTime,
  arrived: Date.parse(eventTime),
  awsRegion: 'us-east-1',
  sourceIPAddress: '127.0.0.1',
  requestID: 'R',
  eventID: 'E',
  userIdentity: { type: 'Unknown' },
  httpStatus: 200,
  durationMs: 1,
});

test('events are JSON lines in a file a day, and old files go', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'events-2025-12-01-1.jsonl'), '');
  await writeFile(join(directory, 'something-else'), '');
  const audit = await openAuditLog(directory, { keepDays: 30, bytes: 1e9 }, new ManualClock());
  audit.record(event('2026-01-30T23:59:59.000Z'));
  audit.record(event('2026-01-31T00:00:01.000Z'));
  audit.record(event('2026-01-31T00:00:02.000Z'));
  await audit.close();
  const names = (await readdir(directory)).sort();
  assert.deepEqual(names, [
    `events-2026-01-30-${process.pid}.jsonl`,
    `events-2026-01-31-${process.pid}.jsonl`,
    'something-else',
  ]);
  const lines = (await readFile(join(directory, names[1]!), 'utf8')).trimEnd().split('\n');
  assert.deepEqual(
    lines.map(line => JSON.parse(line).eventTime),
    ['2026-01-31T00:00:01.000Z', '2026-01-31T00:00:02.000Z'],
  );
});

test('the oldest files go where they take too much space together', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'karikagi-audit-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'events-2026-01-30-1.jsonl'), 'x'.repeat(40_000));
  const clock = new ManualClock();
  const audit = await openAuditLog(directory, { keepDays: 30, bytes: 64_000 }, clock);
  for (let second = 10; second < 60; second++) {
    for (let copy = 0; copy < 20; copy++) audit.record(event(`2026-01-31T00:00:${second}.000Z`));
    if (second % 5 === 0) clock.advance(0.2);
  }
  await audit.close();
  const names = await readdir(directory);
  const sizes = await Promise.all(names.map(async name => (await stat(join(directory, name))).size));
  const size = sizes.reduce((sum, one) => sum + one, 0);
  assert.ok(!names.includes('events-2026-01-30-1.jsonl'));
  assert.ok(size > 30_000 && size < 100_000, `${size} bytes`);
});
