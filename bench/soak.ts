/**
 * `npm run soak`: a server at full load for ten minutes; its memory must not grow. `--minutes=N` for as long as one likes,
 * `--workers=N` for several processes. Prints what was resident, and the slope over the second half; exit status 1 where
 * that is more than the noise of a process of its size.
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
/** MB in ten minutes: less than a leak of 100 bytes a request at some hundred requests a second. */
const NOISE = 15;
const Bucket = 'soak';

interface Sample {
  /** Minutes since the beginning. */
  readonly at: number;
  /** MB. */
  readonly resident: number;
}

/** What the server and its workers hold, MB, but for the file of the store, whose pages are mapped into them. */
async function resident({ pid }: ServerProcess): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const sizes = [String(pid), ...children.trim().split(' ').filter(Boolean)].map(async one =>
    Number(/^RssAnon:\s+(\d+)/m.exec(await readFile(`/proc/${one}/status`, 'utf8'))?.[1] ?? 0),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024;
}

/** MB in ten minutes, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ resident: size }) => size))];
  const above = samples.reduce((sum, { at, resident: size }) => sum + (at - x) * (size - y), 0);
  const below = samples.reduce((sum, { at }) => sum + (at - x) ** 2, 0);
  return (above / below) * 10;
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
    await fetch(server.metrics!).then(reply => reply.text());
    samples.push({ at: minutes(), resident: await resident(server) });
    if (process.stderr.isTTY)
      process.stderr.write(`\r${minutes().toFixed(1)} min  ${samples.at(-1)!.resident.toFixed(0)} MB `);
  }
  await working;
  const half = samples.filter(({ at }) => at > MINUTES / 2);
  const sizes = half.map(({ resident: size }) => size);
  const slope = slopeOf(half);
  console.log(
    `${rounds} rounds of ${CLIENTS} clients in ${MINUTES} minutes: ${Math.min(...sizes).toFixed(0)} to ${Math.max(...sizes).toFixed(0)} MB resident, ${slope.toFixed(1)} MB in ten minutes (at most ${NOISE})`,
  );
  process.exitCode = slope <= NOISE ? 0 : 1;
} finally {
  await server.stop();
  await rm(home, { recursive: true });
}
