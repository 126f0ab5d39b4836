/**
 * How long a search takes in a day of events, and what the day takes on disk:
 * `node dist/bench/events.js [millions, default 10] [millions that are made, default 0.3]`. The rest are copies of
 * the segments that are made: what is looked for is then in each copy.
 */
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEvent } from '../src/core/cloudtrail.js';
import { LineWriter } from '../src/core/event-lines.js';
import { eventsOf } from '../src/events/event.js';
import type { EventQuery } from '../src/events/query.js';
import { searchFiles } from '../src/events/search.js';
import { sealFile } from '../src/events/segment-write.js';
import { term } from '../src/events/terms.js';
import { account, roleCaller } from './role-caller.js';

const wanted = Number(process.argv[2] ?? 10) * 1e6;
const count = Math.min(wanted, Number(process.argv[3] ?? 0.3) * 1e6);
const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 31);
const PIECE = 8 * 1024 * 1024;
const directory = mkdtempSync(join(tmpdir(), 'karikagi-bench-events-'));

/** One of 500 roles; the last makes one call in a hundred thousand. */
function roleOf(number: number): string {
  return number % 100_000 === 77 ? 'rare' : `role-${number % 500}`;
}

function eventAt(number: number): AuditEvent {
  const operation = ['GetObject', 'PutObject', 'HeadObject', 'ListObjectsV2', 'DeleteObject'][number % 5]!;
  const key = `data/${number % 1000}/${number.toString(36)}.parquet`;
  const [event] = eventsOf({
    arrived: START + Math.floor((number / count) * DAY),
    requestId: `REQ${number.toString(36).toUpperCase().padStart(13, '0')}`,
    service: number === count >> 1 ? 'iam' : 's3',
    operation: number === count >> 1 ? 'DeleteRole' : operation,
    region: 'us-east-1',
    sourceIp: `10.0.${number % 256}.7`,
    userAgent: 'aws-sdk-js/3.1169.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#20.19.0 api/s3#3.1169.0',
    caller: roleCaller(roleOf(number)),
    parameters: { bucketName: 'warehouse', Host: 's3.example.com', key },
    resources: [{ arn: `arn:aws:s3:::warehouse/${key}`, owner: account.id }],
    transfer: { signatureVersion: 4, method: 'AuthHeader', received: 0, sent: 4096, hostId: randomUUID() },
    status: 200,
    duration: 2,
  });
  return event!;
}

let raw = 0;
let files = 0;
let written = 0;
let writing = 0;
let sealing = 0;
let lines: string[] = [];
let writer = new LineWriter();
const flush = () => {
  const name = `events-2026-01-31-${String(files++).padStart(14, '0')}-1`;
  const path = join(directory, `${name}.lines`);
  writeFileSync(path, lines.join(''));
  const start = process.cpuUsage();
  sealFile(path, join(directory, `${name}.seg`));
  sealing += process.cpuUsage(start).user;
  written += writer.length;
  writer = new LineWriter();
  lines = [];
};
for (let number = 0; number < count; number++) {
  const event = eventAt(number);
  raw += JSON.stringify(event).length;
  const start = process.cpuUsage();
  lines.push(writer.add(event));
  writing += process.cpuUsage(start).user;
  if (writer.length >= PIECE) flush();
}
if (lines.length > 0) flush();
console.log(`${(raw / count).toFixed(0)} bytes an event as JSON, ${(written / count).toFixed(0)} as a line`);
console.log(`a line takes ${(writing / count).toFixed(1)} µs of CPU`);
console.log(`a segment takes ${(sealing / count).toFixed(1)} µs of CPU an event`);
const made = readdirSync(directory);
for (let copy = 1; copy < wanted / count; copy++) {
  for (const name of made)
    copyFileSync(join(directory, name), join(directory, name.replace('-1.seg', `.${copy}-1.seg`)));
}
const sizes = readdirSync(directory).map(name => statSync(join(directory, name)).size);
const total = sizes.reduce((sum, one) => sum + one, 0);
console.log(`${sizes.length} segments, ${(total / wanted).toFixed(0)} bytes an event on disk`);

const searches: Record<string, EventQuery> = {
  'request id': {
    terms: [[term('request', `REQ${(count >> 2).toString(36).toUpperCase().padStart(13, '0')}`)]],
    limit: 50,
  },
  'no such request id': { terms: [[term('request', 'NONE')]], limit: 50 },
  'rare principal': { terms: [[term('principal', 'rare')]], limit: 50 },
  'common principal': { terms: [[term('principal', 'role-7')]], limit: 50 },
  'rare action': { terms: [[term('name', 'DeleteRole')]], limit: 50 },
  'common action': { terms: [[term('name', 'GetObject')]], limit: 50 },
  'principal and action': {
    terms: [[term('account', account.id)], [term('principal', 'role-4')], [term('name', 'DeleteObject')]],
    limit: 50,
  },
  'one object': { terms: [[term('resource', 'arn:aws:s3:::warehouse/data/7/7.parquet')]], limit: 50 },
  'the latest': { terms: [], limit: 50 },
};
for (const [name, query] of Object.entries(searches)) {
  const times = [0, 1, 2].map(() => {
    const start = performance.now();
    const cpu = process.cpuUsage();
    const { events } = searchFiles(directory, query);
    const { user, system } = process.cpuUsage(cpu);
    return { time: performance.now() - start, cpu: (user + system) / 1000, found: events.length };
  });
  console.log(
    `${name}: ${times[0]!.found} events, ${times.map(({ time, cpu }) => `${time.toFixed(0)} (CPU ${cpu.toFixed(0)})`).join(', ')} ms`,
  );
}
rmSync(directory, { recursive: true });
