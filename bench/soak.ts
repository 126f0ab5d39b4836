/**
 * `npm run soak`: a server at full load for ten minutes; its memory must not grow. `--minutes=N` for as long as one likes,
 * `--workers=N` for several processes. Caches and compiled code fill while it warms up: three minutes, or a third of the
 * run where that is longer, do not count. Prints what the rest held by kind, and the slope of what is the processes' own;
 * exit status 1 where that is steeper than the limit and than chance, 2 where the run was too short to tell.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { assumableRole } from '../test/faults/assumable-role.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, workers: { type: 'string', default: '1' } },
});
const MINUTES = Number(values.minutes);
if (!(MINUTES > 0 && MINUTES <= 24 * 60)) throw new Error('--minutes is a number up to 1440');
const CLIENTS = 8;
const EVERY = 2000;
/** Minutes that do not count. */
const WARM_UP = Math.max(3, MINUTES / 3);
/** Minutes that are counted at least: fewer say more of the collector than of what it finds. */
const FEWEST = 4;
/** MB in ten minutes: less than a leak of 100 bytes a request at some hundred requests a second. */
const NOISE = 15;
/** Looks that become one: the collector lets memory rise and fall within them, and the least of them is what it left. */
const WINDOW = 10;
const Bucket = 'soak';

interface Sample {
  /** Minutes since the beginning. */
  readonly at: number;
  /** MB that are the processes' own: heaps, buffers, stacks. */
  readonly own: number;
  /** MB of the store's file that are mapped into them. The kernel takes them back when it wants. */
  readonly mapped: number;
  /** MB of objects in the heaps, live or not collected yet. */
  readonly heap: number;
}

/** What the server and its workers hold, added up. */
async function look({ pid, metrics }: ServerProcess): Promise<Omit<Sample, 'at'>> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const statuses = await Promise.all(
    [String(pid), ...children.trim().split(' ').filter(Boolean)].map(one =>
      readFile(`/proc/${one}/status`, 'utf8'),
    ),
  );
  const kilobytes = (name: string) =>
    statuses.reduce(
      (sum, status) => sum + Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0),
      0,
    );
  const text = await (await fetch(metrics!)).text();
  const heap = Number(/^nodejs_heap_size_used_bytes\S* (\S+)/m.exec(text)?.[1] ?? 0);
  return { own: kilobytes('RssAnon') / 1024, mapped: kilobytes('RssFile') / 1024, heap: heap / 1024 ** 2 };
}

/** The least of each window: what was left after a collection. */
function floors(samples: readonly Sample[]): Sample[] {
  const found: Sample[] = [];
  for (let at = 0; at + WINDOW <= samples.length; at += WINDOW) {
    const window = samples.slice(at, at + WINDOW);
    found.push(window.reduce((least, sample) => (sample.own < least.own ? sample : least)));
  }
  return found;
}

/** By least squares: MB in ten minutes, and the standard error of that. */
function slopeOf(samples: readonly Sample[]): { readonly slope: number; readonly error: number } {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ own }) => own))];
  const above = samples.reduce((sum, { at, own }) => sum + (at - x) * (own - y), 0);
  const below = samples.reduce((sum, { at }) => sum + (at - x) ** 2, 0);
  const slope = above / below;
  const left = samples.reduce((sum, { at, own }) => sum + (own - y - slope * (at - x)) ** 2, 0);
  const error = Math.sqrt(left / (samples.length - 2) / below);
  return { slope: slope * 10, error: error * 10 };
}

/** Objects of both kinds, sessions and denials, over and over: what a server holds for each must go again. */
async function work(
  server: ServerProcess,
  { user, roleArn }: Awaited<ReturnType<typeof assumableRole>>,
  number: number,
  isOver: () => boolean,
  done: () => void,
) {
  const { endpoint, credentials } = server;
  const requestHandler = { httpAgent: new Agent({ keepAlive: true, maxSockets: 1 }) };
  const config = { endpoint, credentials, region: 'us-east-1', requestHandler };
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const sts = new STSClient({ ...config, credentials: user });
  const bodies = [Buffer.alloc(1000, number), Buffer.alloc(200_000, number)];
  for (let round = 0; !isOver(); round++) {
    const Key = `${number}/${round % 50}`;
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: bodies[round % 10 === 0 ? 1 : 0]! }));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    await Body!.transformToByteArray();
    if (round % 5 === 0) await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${number}/` }));
    if (round % 7 === 0) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    if (round % 3 === 0) {
      const assumed = await sts.send(
        new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: `s${round}` }),
      );
      const { AccessKeyId, SecretAccessKey, SessionToken } = assumed.Credentials!;
      const session = {
        accessKeyId: AccessKeyId!,
        secretAccessKey: SecretAccessKey!,
        sessionToken: SessionToken!,
      };
      const refused = new S3Client({ ...config, forcePathStyle: true, credentials: session });
      await refused.send(new GetObjectCommand({ Bucket, Key })).catch(() => undefined);
    }
    done();
  }
}

const home = await mkdtemp(join(tmpdir(), 'karikagi-soak-'));
const server = await startServerProcess(join(home, 'data'), [
  '--workers',
  values.workers,
  '--metrics-listen',
  '0',
]);
try {
  const { endpoint, credentials } = server;
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket }));
  s3.destroy();
  const role = await assumableRole(server);
  const began = performance.now();
  const minutes = () => (performance.now() - began) / 60_000;
  let rounds = 0;
  const samples: Sample[] = [];
  const isOver = () => minutes() >= MINUTES;
  const working = Promise.all(
    Array.from({ length: CLIENTS }, (_, number) => work(server, role, number, isOver, () => rounds++)),
  );
  while (!isOver()) {
    await Promise.race([pause(EVERY), working]);
    samples.push({ at: minutes(), ...(await look(server)) });
    if (process.stderr.isTTY)
      process.stderr.write(`\r${minutes().toFixed(1)} min  ${samples.at(-1)!.own.toFixed(0)} MB `);
  }
  await working;
  const counted = samples.filter(({ at }) => at > WARM_UP);
  const range = (of: (sample: Sample) => number) => {
    const sizes = counted.map(of);
    return `${Math.min(...sizes).toFixed(0)} to ${Math.max(...sizes).toFixed(0)} MB`;
  };
  console.log(`${rounds} rounds of ${CLIENTS} clients in ${MINUTES} minutes, of which ${WARM_UP} to warm up`);
  const low = floors(counted);
  if (MINUTES - WARM_UP < FEWEST || low.length < 3) {
    console.log(`no verdict: ${FEWEST} minutes are counted at least`);
    process.exitCode = 2;
  } else {
    const { slope, error } = slopeOf(low);
    console.log(
      `own memory ${range(({ own }) => own)}, heap ${range(({ heap }) => heap)}, file of the store ${range(({ mapped }) => mapped)}`,
    );
    console.log(
      `${slope.toFixed(1)} MB in ten minutes, give or take ${(2 * error).toFixed(1)} (at most ${NOISE})`,
    );
    process.exitCode = slope <= NOISE || slope - 2 * error <= 0 ? 0 : 1;
  }
} finally {
  await server.stop();
  await rm(home, { recursive: true });
}
