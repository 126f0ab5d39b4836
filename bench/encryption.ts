/** What encryption at rest costs: writing and reading with SSE-S3 and SSE-KMS beside the same without. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../src/core/clock.js';
import { type ServerProcess, startServerProcess, untilReady } from '../test/faults/server-process.js';
import { type Figure, ratio } from './figures.js';
import { cipherBytesPerSecond } from './limits.js';
import { type Load, load } from './processes.js';
import { presignedGet, signedRequest } from './signed-request.js';

const BUCKET = 'bench';
const AIM = 0.7;
/** The ways take turns, so that whatever else happens on the machine meets all of them. */
const ROUNDS = 2;

interface Size {
  readonly name: string;
  readonly bytes: number;
  /** Objects that are written and read in turn. */
  readonly objects: number;
  readonly how: Load;
}

const SMALL: Size = {
  name: '4 KiB',
  bytes: 4096,
  objects: 256,
  how: { connections: 32, warmUp: 2, seconds: 2 },
};
const LARGE: Size = {
  name: '64 MiB',
  bytes: 64 * 2 ** 20,
  objects: 1,
  how: { connections: 2, warmUp: 0.5, seconds: 4 },
};

/** Where each way of encryption is had, and the headers that ask for it. */
type Ways = Readonly<
  Record<
    'none' | 'SSE-S3' | 'SSE-KMS' | 'SSE-KMS, bucket key',
    { readonly server: ServerProcess; readonly headers: Readonly<Record<string, string>> }
  >
>;
type Way = keyof Ways;

const OPERATIONS = ['PUT', 'GET'] as const;
/** The rates of all rounds, per operation and way. */
type Rates = Map<string, number>;

/** In a directory for temporary files. */
export async function measureEncryption(directory: string): Promise<readonly Figure[]> {
  const plain = await startPlainServer(join(directory, 'plain'));
  try {
    const server = await startServerProcess(join(directory, 'data'));
    try {
      await makeBucket(plain);
      await makeBucket(server);
      const ways = await waysOf(plain, server);
      const small = figuresOf(SMALL, await loadAll(SMALL, ways));
      const large = figuresOf(LARGE, await loadAll(LARGE, ways), cipherBytesPerSecond());
      return [...small, ...large];
    } finally {
      await server.kill();
    }
  } finally {
    await plain.kill();
  }
}

/** What `karikagi serve` encrypts in any case, this one does not. */
function startPlainServer(data: string): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('plain-server.js', import.meta.url));
  return untilReady(spawn(process.execPath, [script, data], { stdio: ['ignore', 'pipe', 'inherit'] }));
}

async function makeBucket({ endpoint, credentials }: ServerProcess): Promise<void> {
  const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  s3.destroy();
}

async function waysOf(plain: ServerProcess, server: ServerProcess): Promise<Ways> {
  const { endpoint, credentials } = server;
  const kms = new KMSClient({ endpoint, credentials, region: 'us-east-1' });
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  const name = 'x-amz-server-side-encryption';
  const underKms = { [name]: 'aws:kms', [`${name}-aws-kms-key-id`]: KeyMetadata!.KeyId! };
  return {
    none: { server: plain, headers: {} },
    'SSE-S3': { server, headers: {} },
    'SSE-KMS': { server, headers: underKms },
    'SSE-KMS, bucket key': { server, headers: { ...underKms, [`${name}-bucket-key-enabled`]: 'true' } },
  };
}

async function loadAll(size: Size, ways: Ways): Promise<Rates> {
  const rates: Rates = new Map();
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of Object.keys(ways) as Way[]) {
      for (const operation of OPERATIONS) {
        const { server, headers } = ways[way];
        const requests = requestsOf(server, operation, size, way, headers);
        const { perSecond } = await load(new URL(server.endpoint), requests, size.how);
        const name = `${operation} ${way}`;
        rates.set(name, (rates.get(name) ?? 0) + perSecond);
      }
    }
  }
  return rates;
}

function requestsOf(
  { endpoint, credentials }: ServerProcess,
  operation: (typeof OPERATIONS)[number],
  { name, bytes, objects }: Size,
  way: Way,
  headers: Readonly<Record<string, string>>,
): Buffer[] {
  const body = Buffer.alloc(bytes, 'x');
  const now = systemClock.now();
  return Array.from({ length: objects }, (_, number) => {
    const url = new URL(`/${BUCKET}/${`${name}-${way}`.replaceAll(/[ ,]+/g, '-')}-${number}`, endpoint);
    return operation === 'GET'
      ? presignedGet(url, credentials, now)
      : signedRequest({ method: 'PUT', url, service: 's3', headers, body }, credentials, now);
  });
}

/** `limit`: what the cipher can do at most, bytes per second; absent where it is not what bounds. */
function figuresOf({ name, bytes }: Size, rates: Rates, limit?: number): Figure[] {
  const shown = (perSecond: number): string =>
    limit === undefined ? `${Math.round(perSecond)}/s` : megabytes(perSecond * bytes);
  return OPERATIONS.flatMap(operation =>
    (['SSE-S3', 'SSE-KMS', 'SSE-KMS, bucket key'] as const).map(way => {
      const rate = (of: Way) => ({ perSecond: rates.get(`${operation} ${of}`)! / ROUNDS });
      const figure = ratio(
        `${operation} of ${name}, ${way}`,
        rate(way),
        rate('none'),
        'no encryption',
        AIM,
        of => shown(of.perSecond),
      );
      if (limit === undefined) return figure;
      const share = ((rate(way).perSecond * bytes) / limit).toFixed(2);
      return {
        ...figure,
        against: `${figure.against}; ${share} of AES-256-GCM on one core (${megabytes(limit)})`,
      };
    }),
  );
}

const megabytes = (bytesPerSecond: number): string => `${Math.round(bytesPerSecond / 1e6)} MB/s`;
