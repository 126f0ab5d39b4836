/**
 * How long `karikagi replay` takes for a million recorded calls: `node dist/bench/replay.js [millions, default 1]
 * [millions that are made, default 0.1]`. The rest are copies of the files that are made. 500 roles have a policy each;
 * a tenth of them lacks an action that it used.
 */
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cloudTrailRecord, eventsOf } from '../src/events/event.js';
import { account, roleCaller } from './role-caller.js';

const wanted = Number(process.argv[2] ?? 1) * 1e6;
const count = Math.min(wanted, Number(process.argv[3] ?? 0.1) * 1e6);
const PER_FILE = 5000;
const ROLES = 500;
const START = Date.UTC(2026, 0, 31);
const OPERATIONS = ['GetObject', 'PutObject', 'HeadObject', 'ListObjectsV2', 'DeleteObject'];

const directory = mkdtempSync(join(tmpdir(), 'karikagi-bench-replay-'));

function recordOf(number: number) {
  // By another measure than the roles': each of them makes each of the calls.
  const operation = OPERATIONS[Math.floor(number / ROLES) % OPERATIONS.length]!;
  const key = `data/${number % 1000}/${number.toString(36)}.parquet`;
  const isListing = operation === 'ListObjectsV2';
  const arn = `arn:aws:s3:::warehouse${isListing ? '' : `/${key}`}`;
  const [event] = eventsOf({
    arrived: START + number,
    requestId: `REQ${number.toString(36).toUpperCase().padStart(13, '0')}`,
    service: 's3',
    operation,
    region: 'us-east-1',
    sourceIp: `10.0.${number % 256}.7`,
    userAgent: 'aws-sdk-js/3.1169.0 ua/2.1 os/linux#6.1 lang/js md/nodejs#20.19.0 api/s3#3.1169.0',
    caller: roleCaller(`role-${number % ROLES}`),
    parameters: {
      bucketName: 'warehouse',
      Host: 's3.example.com',
      ...(isListing ? { prefix: 'data/' } : { key }),
    },
    resources: [{ arn, owner: account.id }],
    transfer: { signatureVersion: 4, method: 'AuthHeader', received: 0, sent: 4096 },
    status: 200,
    duration: 2,
  });
  return cloudTrailRecord(event!);
}

const trail = join(directory, 'trail');
mkdirSync(trail);
for (let first = 0; first < count; first += PER_FILE) {
  const length = Math.min(PER_FILE, count - first);
  const Records = Array.from({ length }, (_, at) => recordOf(first + at));
  writeFileSync(join(trail, `${first}-0.json.gz`), gzipSync(JSON.stringify({ Records }), { level: 1 }));
}
for (const name of readdirSync(trail)) {
  for (let copy = 1; copy < wanted / count; copy++)
    copyFileSync(join(trail, name), join(trail, name.replace('-0.', `-${copy}.`)));
}
const policies = join(directory, 'copy');
for (let role = 0; role < ROLES; role++) {
  const folder = join(policies, account.id, 'roles', `role-${role}`, 'policies');
  mkdirSync(folder, { recursive: true });
  const writes = role % 10 === 0 ? ['s3:PutObject'] : ['s3:PutObject', 's3:DeleteObject'];
  const Statement = [
    { Effect: 'Allow', Action: ['s3:GetObject', ...writes], Resource: 'arn:aws:s3:::warehouse/data/*' },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::warehouse',
      Condition: { StringLike: { 's3:prefix': 'data/*' } },
    },
  ];
  writeFileSync(join(folder, 'use.json'), JSON.stringify({ Version: '2012-10-17', Statement }));
}

const cli = resolve('dist/src/bundle/karikagi.js');
const started = performance.now();
const child = spawn(process.execPath, [cli, 'replay', '--events', trail, '--policies', policies, '--json'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const parts: Buffer[] = [];
child.stdout.on('data', part => parts.push(part));
/** KiB, and hundredths of a second of processor time, as Linux counts them. */
let peak = 0;
let ticks = 0;
const look = setInterval(() => {
  const [, size] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
  peak = Math.max(peak, Number(size ?? 0));
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  ticks = Math.max(ticks, Number(stat[11]) + Number(stat[12]));
}, 200);
const status = await new Promise(done => child.once('close', done));
clearInterval(look);
const seconds = (performance.now() - started) / 1000;
const { calls, counts } = JSON.parse(Buffer.concat(parts).toString()) as { calls: number; counts: object };
const used = `${(ticks / 100).toFixed(1)} s of processor time, at most ${(peak / 1024).toFixed(0)} MiB`;
console.log(`${calls} calls in ${seconds.toFixed(1)} s, ${used} (exit ${status})`);
console.log(counts);
rmSync(directory, { recursive: true });
