/**
 * `npm run bench`: what the server does, as ratios to what the machine can do at most, measured in the same run.
 * Ends after a good minute. `--json` prints the figures alone. See README.md in this directory.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../src/clock.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';
import type { LoadPlan, LoadResult } from './load.js';
import { measurePolicies, type PolicyFigure } from './policy.js';
import { type Credentials, presignedGet, signedRequest } from './signed-request.js';

const CLIENTS = 32;
const SECONDS = 4;
const BUCKET = 'bench';
const OBJECT = Buffer.alloc(4096, 'x');

/** One line of the result: what was measured, and against what; `met`: whether it reached the aim. */
type Figure = PolicyFigure;

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Runs a script of this directory with `input` and reads the JSON that it prints. */
async function runScript<T>(name: string, args: readonly string[], input = ''): Promise<T> {
  const child = spawn(process.execPath, [script(name), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  return (await json(child.stdout)) as T;
}

function load(endpoint: URL, requests: readonly Buffer[]): Promise<LoadResult> {
  const plan: LoadPlan = {
    host: endpoint.hostname,
    port: Number(endpoint.port),
    requests: requests.map(request => request.toString('base64')),
    connections: CLIENTS,
    warmUp: 2,
    seconds: SECONDS,
  };
  return runScript<LoadResult>('load.js', [], JSON.stringify(plan));
}

/** The same load on a server that does nothing else. */
async function loadBareServer(requests: readonly Buffer[]): Promise<LoadResult> {
  const child = spawn(process.execPath, [script('bare-server.js')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  try {
    return await load(new URL(`http://127.0.0.1:${port}`), requests);
  } finally {
    child.kill();
  }
}

const perSecond = (result: { readonly perSecond: number }): string => `${Math.round(result.perSecond)}/s`;

function ratio(
  name: string,
  part: { readonly perSecond: number },
  whole: { readonly perSecond: number },
  of: string,
  aim: number,
): Figure {
  const share = part.perSecond / whole.perSecond;
  return {
    name,
    value: perSecond(part),
    against: `${share.toFixed(2)} of ${of} (${perSecond(whole)}); aim ${aim.toFixed(2)}`,
    met: share >= aim,
  };
}

const bound = (name: string, value: number, unit: string, limit: number): Figure => ({
  name,
  value: `${Math.round(value)} ${unit}`,
  against: `aim under ${limit} ${unit}`,
  met: value < limit,
});

function stsRequest(endpoint: string, credentials: Credentials, parameters: Record<string, string>): Buffer {
  return signedRequest(
    {
      method: 'POST',
      url: new URL('/', endpoint),
      service: 'sts',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString()),
    },
    credentials,
    systemClock.now(),
  );
}

/** Sends one request and resolves with the beginning of its answer. */
async function exchange(endpoint: string, request: Buffer): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  const [answer] = await once(socket, 'data');
  socket.destroy();
  if (!String(answer).startsWith('HTTP/1.1 200')) throw new Error(String(answer));
}

/** Starts the server several times on one directory: how long to its first answer, and how much it then holds. */
async function measureStart(data: string): Promise<readonly Figure[]> {
  const times: number[] = [];
  const sizes: number[] = [];
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    const server = await startServerProcess(data);
    await exchange(
      server.endpoint,
      stsRequest(server.endpoint, server.credentials, { Action: 'GetCallerIdentity' }),
    );
    times.push(performance.now() - begun);
    await new Promise(resolve => setTimeout(resolve, 500));
    sizes.push(await residentMegabytes(server.pid));
    await server.kill();
  }
  return [
    bound('start to first answer', median(times), 'ms', 400),
    bound('idle memory', median(sizes), 'MB', 100),
  ];
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

async function residentMegabytes(pid: number): Promise<number> {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))![1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(kilobytes) / 1024;
}

async function measureAssumeRole(server: ServerProcess): Promise<Figure> {
  const { user, roleArn } = await prepareRole(server);
  const request = stsRequest(server.endpoint, user, {
    Action: 'AssumeRole',
    RoleArn: roleArn,
    RoleSessionName: 'bench',
  });
  const bare = await loadBareServer([request]);
  return ratio('AssumeRole', await load(new URL(server.endpoint), [request]), bare, 'bare node:http', 0.1);
}

async function prepareRole({
  endpoint,
  credentials,
}: ServerProcess): Promise<{ user: Credentials; roleArn: string }> {
  const iam = new IAMClient({ endpoint, credentials, region: 'us-east-1' });
  const UserName = 'bench';
  const { User } = await iam.send(new CreateUserCommand({ UserName }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const allow = (statement: object): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', ...statement },
    });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'bench-role',
      AssumeRolePolicyDocument: allow({ Principal: { AWS: User!.Arn } }),
    }),
  );
  const PolicyDocument = allow({ Resource: Role!.Arn });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'assume', PolicyDocument }));
  iam.destroy();
  const user = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  return { user, roleArn: Role!.Arn! };
}

const objectUrl = (server: ServerProcess, number: number): URL =>
  new URL(`/${BUCKET}/object-${number}`, server.endpoint);

async function measurePresignedGet(server: ServerProcess): Promise<Figure> {
  const { endpoint, credentials } = server;
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const numbers = Array.from({ length: 64 }, (_, number) => number);
  for (const number of numbers) {
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: `object-${number}`, Body: OBJECT }));
  }
  s3.destroy();
  const requests = numbers.map(number =>
    presignedGet(objectUrl(server, number), credentials, systemClock.now()),
  );
  const bare = await loadBareServer(requests);
  return ratio(
    'presigned GET of 4 KiB',
    await load(new URL(endpoint), requests),
    bare,
    'bare node:http',
    0.2,
  );
}

async function measurePut(server: ServerProcess, directory: string): Promise<Figure> {
  const requests = Array.from({ length: 512 }, (_, number) =>
    signedRequest(
      { method: 'PUT', url: objectUrl(server, number), service: 's3', body: OBJECT },
      server.credentials,
      systemClock.now(),
    ),
  );
  const raw = await runScript<{ perSecond: number }>('commits.js', [
    join(directory, 'commits'),
    String(SECONDS),
  ]);
  const name = `durable PUT of 4 KiB, ${CLIENTS} clients`;
  return ratio(name, await load(new URL(server.endpoint), requests), raw, 'raw durable commits', 1 / 3);
}

/** A data key is made and opened with each object of a bucket under SSE-KMS. */
async function measureDataKeys({ endpoint, credentials }: ServerProcess): Promise<readonly Figure[]> {
  const kms = new KMSClient({ endpoint, credentials, region: 'us-east-1' });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const KeyId = KeyMetadata!.KeyId!;
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  kms.destroy();
  const CiphertextBlob = Buffer.from(made.CiphertextBlob!).toString('base64');
  const figures: Figure[] = [];
  for (const [operation, input] of [
    ['GenerateDataKey', { KeyId, KeySpec: 'AES_256' }],
    ['Decrypt', { CiphertextBlob }],
  ] as const) {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `TrentService.${operation}`,
    };
    const body = Buffer.from(JSON.stringify(input));
    const url = new URL('/', endpoint);
    const request = signedRequest(
      { method: 'POST', url, service: 'kms', headers, body },
      credentials,
      systemClock.now(),
    );
    const bare = await loadBareServer([request]);
    figures.push(ratio(operation, await load(new URL(endpoint), [request]), bare, 'bare node:http', 0.1));
  }
  return figures;
}

async function measure(directory: string): Promise<readonly Figure[]> {
  const data = join(directory, 'data');
  const start = await measureStart(data);
  const server = await startServerProcess(data);
  try {
    const assumeRole = await measureAssumeRole(server);
    const get = await measurePresignedGet(server);
    const put = await measurePut(server, directory);
    const dataKeys = await measureDataKeys(server);
    return [assumeRole, get, put, ...dataKeys, ...start];
  } finally {
    await server.kill();
  }
}

const directory = await mkdtemp(join(tmpdir(), 'karikagi-bench-'));
try {
  const figures = [...measurePolicies(), ...(await measure(directory))];
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
  else {
    for (const { name, value, against, met } of figures) {
      process.stdout.write(`${met ? '✓' : '✗'} ${name.padEnd(34)} ${value.padStart(9)}   ${against}\n`);
    }
  }
} finally {
  await rm(directory, { recursive: true });
}
