/** The servers that `peers.ts` compares: how each is started, and who sends the requests to it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { VERSION } from '../src/server/version.js';
import { startServerProcess } from '../test/faults/server-process.js';
import { BUCKET, prepareRole } from './role-session.js';
import type { Credentials } from './signed-request.js';

/** A server that runs and has the bucket. */
export interface Peer {
  readonly title: string;
  readonly version: string;
  /** What it is that makes a difference. */
  readonly settings: string;
  readonly pid: number;
  readonly endpoint: URL;
  /** Of who reads, writes and lists. */
  readonly credentials: Credentials;
  /** Who assumes which role; absent where the server has none. */
  readonly role?: { readonly arn: string; readonly user: Credentials };
  stop(): Promise<void>;
}

interface OtherServer {
  readonly title: string;
  readonly settings: string;
  readonly hasRoles: boolean;
  /** The arguments that make the program tell its version. */
  readonly version: readonly string[];
  /** How it is started on a directory that is its own; `ports`: free ones. */
  start(directory: string, ports: readonly number[]): Promise<Start> | Start;
}

interface Start {
  readonly port: number;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const ROOT: Credentials = { accessKeyId: 'benchroot', secretAccessKey: 'bench-secret-key-of-root' };
/** Ports that a server may need. */
const PORTS = 9;
/** Milliseconds. */
const [READY_WITHIN, ASK_EVERY] = [60_000, 200];

/** The others, by the flag that gives the path of their program. */
const others = {
  minio: {
    title: 'MinIO',
    settings: 'the key of its root, no encryption',
    hasRoles: true,
    version: ['--version'],
    start: (directory, [port, console]) => ({
      port: port!,
      arguments: [
        'server',
        directory,
        '--quiet',
        '--address',
        `127.0.0.1:${port}`,
        '--console-address',
        `127.0.0.1:${console}`,
      ],
      environment: { MINIO_ROOT_USER: ROOT.accessKeyId, MINIO_ROOT_PASSWORD: ROOT.secretAccessKey },
    }),
  },
  weed: {
    title: 'SeaweedFS',
    settings: 'an administrator’s key, no encryption; it answers before data is on disk',
    hasRoles: false,
    version: ['version'],
    start: startWeed,
  },
  versitygw: {
    title: 'versitygw',
    settings: 'the key of its root, no encryption; it answers before data is on disk',
    hasRoles: false,
    version: ['--version'],
    async start(directory, [port]) {
      const { accessKeyId, secretAccessKey } = ROOT;
      const keys = ['--access', accessKeyId, '--secret', secretAccessKey];
      return {
        port: port!,
        arguments: [...keys, '--keep-alive', '--quiet', '--port', `127.0.0.1:${port}`, 'posix', directory],
      };
    },
  },
} satisfies Record<string, OtherServer>;

export type OtherName = keyof typeof others;
export const otherNames = Object.keys(others) as OtherName[];

async function startWeed(directory: string, ports: readonly number[]): Promise<Start> {
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = ROOT;
  const identity = { name: 'root', credentials: [{ accessKey, secretKey }], actions: ['Admin'] };
  const config = join(directory, 's3.json');
  await writeFile(config, JSON.stringify({ identities: [identity] }));
  const parts = ['master', 'volume', 'filer', 's3'].flatMap((part, index) => [
    `-${part}.port=${ports[2 * index]}`,
    `-${part}.port.grpc=${ports[2 * index + 1]}`,
  ]);
  const own = [`-dir=${directory}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-volume.max=100'];
  return {
    port: ports[6]!,
    arguments: ['server', ...own, ...parts, '-s3', `-s3.config=${config}`, '-master.telemetry=false'],
  };
}

/** This server, with a role's temporary keys. It encrypts what it stores, and answers once it is on disk. */
export async function startOwn(directory: string): Promise<Peer> {
  const server = await startServerProcess(directory);
  const { session, user, roleArn } = await prepareRole(server);
  return {
    title: 'Karikagi',
    version: VERSION,
    settings: 'temporary keys of a role, its policy in force, SSE-S3; it answers once data is on disk',
    pid: server.pid,
    endpoint: new URL(server.endpoint),
    credentials: session,
    role: { arn: roleArn, user },
    stop: () => server.kill(),
  };
}

/** Starts another server. `program`: its path. Rejects where it ends or is not ready within a minute. */
export async function startOther(name: OtherName, program: string, directory: string): Promise<Peer> {
  const { title, settings, hasRoles, version, start } = others[name];
  await mkdir(directory, { recursive: true });
  const how: Start = await start(directory, await freePorts(PORTS));
  const child = spawn(program, how.arguments, {
    cwd: directory,
    stdio: 'ignore',
    env: { ...process.env, ...how.environment },
  });
  await once(child, 'spawn');
  const endpoint = new URL(`http://127.0.0.1:${how.port}`);
  await createBucket(child, title, endpoint);
  return {
    title,
    version: versionIn(execFileSync(program, version, { encoding: 'utf8' })),
    settings,
    pid: child.pid!,
    endpoint,
    credentials: ROOT,
    // Who assumes none that is named gets one with the rights of who asks.
    ...(hasRoles && { role: { arn: 'arn:aws:iam::000000000000:role/bench', user: ROOT } }),
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** As soon as the server answers. */
async function createBucket(child: ChildProcess, title: string, { origin }: URL): Promise<void> {
  const s3 = new S3Client({
    endpoint: origin,
    region: 'us-east-1',
    credentials: ROOT,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  const until = performance.now() + READY_WITHIN;
  try {
    for (;;) {
      try {
        await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
        return;
      } catch (cause) {
        if (child.exitCode !== null)
          throw new Error(`${title} ended with status ${child.exitCode}`, { cause });
        if (performance.now() < until) await sleep(ASK_EVERY);
        else {
          child.kill('SIGKILL');
          throw new Error(`${title} is not ready after ${READY_WITHIN / 1000} s`, { cause });
        }
      }
    }
  } finally {
    s3.destroy();
  }
}

/** What looks like a version in what a program says of itself; without one, its first line. */
function versionIn(said: string): string {
  const version = /\bv?\d+\.\d+[\w.-]*|RELEASE\.[\w-]+|DEVELOPMENT\.[\w-]+/.exec(said);
  return version ? version[0] : said.split('\n', 1)[0]!.replace(/^version[\s:]*/i, '');
}

/** Different ports that are free now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(server => once(server, 'listening')));
  const ports = servers.map(server => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}
