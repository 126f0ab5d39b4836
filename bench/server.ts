/** What every request costs: starting, AssumeRole, reading and writing small objects, data keys. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { CreateKeyCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../src/core/clock.js';
import { assumableRole } from '../test/faults/assumable-role.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';
import { bound, type Figure, median, ratio } from './figures.js';
import { measurePolicies } from './policy.js';
import { type Load, load, loadBareServer, residentMegabytes, runScript } from './processes.js';
import { formRequest, presignedGet, signedRequest } from './signed-request.js';

const HOW: Load = { connections: 32, warmUp: 2, seconds: 4 };
const BUCKET = 'bench';
const OBJECT = Buffer.alloc(4096, 'x');

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
      formRequest(
        'sts',
        server.endpoint,
        server.credentials,
        { Action: 'GetCallerIdentity' },
        systemClock.now(),
      ),
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

async function measureAssumeRole(server: ServerProcess): Promise<Figure> {
  const { user, roleArn } = await assumableRole(server);
  const request = formRequest(
    'sts',
    server.endpoint,
    user,
    { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'bench' },
    systemClock.now(),
  );
  const bare = await loadBareServer([request], HOW);
  return ratio(
    'AssumeRole',
    await load(new URL(server.endpoint), [request], HOW),
    bare,
    'bare node:http',
    0.1,
  );
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
  const bare = await loadBareServer(requests, HOW);
  return ratio(
    'presigned GET of 4 KiB',
    await load(new URL(endpoint), requests, HOW),
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
    String(HOW.seconds),
  ]);
  const name = `durable PUT of 4 KiB, ${HOW.connections} clients`;
  return ratio(name, await load(new URL(server.endpoint), requests, HOW), raw, 'raw durable commits', 1 / 3);
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
    const bare = await loadBareServer([request], HOW);
    figures.push(
      ratio(operation, await load(new URL(endpoint), [request], HOW), bare, 'bare node:http', 0.1),
    );
  }
  return figures;
}

/** In a directory for temporary files. */
export async function measureServer(directory: string): Promise<readonly Figure[]> {
  const data = join(directory, 'data');
  const start = await measureStart(data);
  const server = await startServerProcess(data);
  try {
    const assumeRole = await measureAssumeRole(server);
    const get = await measurePresignedGet(server);
    const put = await measurePut(server, directory);
    const dataKeys = await measureDataKeys(server);
    return [...measurePolicies(), assumeRole, get, put, ...dataKeys, ...start];
  } finally {
    await server.kill();
  }
}
