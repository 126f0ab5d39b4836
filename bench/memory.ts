/**
 * Memory under many streams at once: uploads and downloads as fast as they go, and with clients that hardly read or
 * write. `KARIKAGI_BENCH_STREAMS`, `KARIKAGI_BENCH_MEGABYTES`: how many at once (default 100), of how much each (default
 * 16); more bytes take longer, and should take no more memory.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../src/core/clock.js';
import { type ServerProcess, startServerProcess } from '../test/faults/server-process.js';
import { bound, type Figure } from './figures.js';
import { presigned } from './signed-request.js';

const STREAMS = Number(process.env['KARIKAGI_BENCH_STREAMS'] ?? 100);
const MEGABYTE = 2 ** 20;
const SIZE = Number(process.env['KARIKAGI_BENCH_MEGABYTES'] ?? 16) * MEGABYTE;
/** MB of resident memory that the server is to stay under. */
const LIMIT = 400;
const BUCKET = 'bench';
const PIECE = Buffer.alloc(MEGABYTE, 'x');
/** How long slow clients keep at it, and between which bytes they wait; milliseconds. */
const SLOW = { time: 8000, wait: 100, bytes: 64 * 1024 };

/** In a directory for temporary files. */
export async function measureMemory(directory: string): Promise<readonly Figure[]> {
  const server = await startServerProcess(join(directory, 'data'));
  try {
    const { endpoint, credentials } = server;
    const s3 = new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    s3.destroy();
    const all = Array.from({ length: STREAMS }, (_, number) => number);
    const each = `${STREAMS} of ${SIZE / MEGABYTE} MiB at once`;
    await Promise.all(all.map(number => upload(server, number)));
    const uploads = await peakMegabytes(server);
    await Promise.all(all.map(number => download(server, number)));
    const downloads = await peakMegabytes(server);
    await Promise.all(all.map(number => (number % 2 ? slowUpload : slowDownload)(server, number)));
    const slow = await peakMegabytes(server);
    return [
      bound(`uploads, ${each}`, uploads, 'MB', LIMIT),
      bound(`then downloads, ${each}`, downloads, 'MB', LIMIT),
      bound(`then ${STREAMS} slow readers and writers`, slow, 'MB', LIMIT),
    ];
  } finally {
    await server.kill();
  }
}

/** The most that was resident since the process began, in MB (Linux's VmHWM). */
async function peakMegabytes({ pid }: ServerProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)![1]) / 1024;
}

/** Sends the head of a request for one object. */
function begin({ endpoint, credentials }: ServerProcess, method: string, number: number): Socket {
  const url = new URL(`/${BUCKET}/object-${number}`, endpoint);
  const socket = connect(Number(url.port), url.hostname);
  const length = method === 'PUT' ? { 'content-length': String(SIZE) } : {};
  socket.write(presigned(method, url, credentials, systemClock.now(), length));
  return socket;
}

async function upload(server: ServerProcess, number: number): Promise<void> {
  const socket = begin(server, 'PUT', number);
  const answer = once(socket, 'data');
  for (let sent = 0; sent < SIZE; sent += PIECE.length) {
    if (!socket.write(PIECE)) await once(socket, 'drain');
  }
  demandSuccess((await answer)[0]);
  socket.destroy();
}

async function download(server: ServerProcess, number: number): Promise<void> {
  const socket = begin(server, 'GET', number);
  let bytes = 0;
  for await (const chunk of socket) {
    if (bytes === 0) demandSuccess(chunk);
    bytes += chunk.length;
    if (bytes >= SIZE) break;
  }
}

/** Sends a little now and then. */
async function slowUpload(server: ServerProcess, number: number): Promise<void> {
  const socket = begin(server, 'PUT', number);
  for (let time = 0; time < SLOW.time; time += SLOW.wait) {
    // Never all that was announced.
    socket.write(PIECE.subarray(0, Math.min(SLOW.bytes, (SIZE * SLOW.wait) / SLOW.time / 2)));
    await sleep(SLOW.wait);
  }
  socket.destroy();
}

/** Takes a little now and then, of what would come at once. */
async function slowDownload(server: ServerProcess, number: number): Promise<void> {
  const socket = begin(server, 'GET', number);
  await once(socket, 'readable');
  for (let time = 0; time < SLOW.time; time += SLOW.wait) {
    socket.read(SLOW.bytes);
    await sleep(SLOW.wait);
  }
  socket.destroy();
}

function demandSuccess(answer: Buffer): void {
  if (!answer.toString('latin1', 0, 12).endsWith(' 200')) throw new Error(answer.toString());
}
