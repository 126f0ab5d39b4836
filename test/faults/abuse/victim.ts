/** A server in a process of its own that is abused, and what is seen of it from outside: memory, files, turns, disk. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { until } from '../../support/until.js';
import { type ServerProcess, untilReady } from '../server-process.js';

const cli = fileURLToPath(new URL('../../../src/bundle/karikagi.js', import.meta.url));
const watch = fileURLToPath(new URL('./loop-watch.js', import.meta.url));

export const MIB = 1024 * 1024;

export class Victim {
  readonly data: string;
  readonly server: ServerProcess;
  readonly port: number;
  readonly s3: S3Client;
  readonly #child: ChildProcess;
  readonly #sockets = new Set<Socket>();

  private constructor(data: string, child: ChildProcess, server: ServerProcess) {
    this.data = data;
    this.server = server;
    this.port = Number(new URL(server.endpoint).port);
    this.#child = child;
    this.s3 = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: server.credentials,
    });
  }

  /** Starts a server with further flags. `wrap`: a command that starts it, such as `prlimit`. */
  static async start(flags: readonly string[] = [], wrap: readonly string[] = []): Promise<Victim> {
    const data = await mkdtemp(join(tmpdir(), 'karikagi-abuse-'));
    const command = [...wrap, process.execPath, '--import', watch, cli];
    const serve = ['serve', '--data', data, '--port', '0', '--log', 'none', '--json', ...flags];
    const child = spawn(command[0]!, [...command.slice(1), ...serve], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    return new Victim(data, child, await untilReady(child));
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.s3.destroy();
    await this.server.kill();
    await rm(this.data, { recursive: true });
  }

  /** A bucket that anyone may list, read and write. */
  async openBucket(name: string, objects: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.s3.send(new CreateBucketCommand({ Bucket: name }));
    await this.s3.send(new DeletePublicAccessBlockCommand({ Bucket: name }));
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: '*',
        Action: ['s3:ListBucket', 's3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
      },
    });
    await this.s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
    for (const [Key, Body] of Object.entries(objects)) {
      await this.s3.send(new PutObjectCommand({ Bucket: name, Key, Body }));
    }
  }

  /** Bytes of memory that are the process's own; the mapped store is not among them. */
  memory(): number {
    const status = readFileSync(`/proc/${this.server.pid}/status`, 'utf8');
    return Number(/RssAnon:\s+(\d+)/.exec(status)![1]) * 1024;
  }

  /** Files and sockets that the process has open. */
  files(): number {
    return readdirSync(`/proc/${this.server.pid}/fd`).length;
  }

  /** Of processor time, since it started, milliseconds. */
  processorTime(): number {
    const fields = readFileSync(`/proc/${this.server.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /**
   * The longest turn of its event loop since this was last asked, in units of work: about a millisecond each, on a machine
   * of 2024 that does nothing else.
   */
  async longestTurn(): Promise<number> {
    const answer = once(this.#child, 'message');
    this.#child.send('loop');
    const [{ units }] = (await answer) as [{ units: number }];
    return units;
  }

  /**
   * The longest turn while something goes on: the least of several rounds, which end as soon as one is within `enough`.
   * What falls into a round now and then, such as a collection of garbage, is no part of it.
   */
  async leastLongestTurn(enough: number, round: () => Promise<unknown>): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    for (let rounds = 0; rounds < 4 && least > enough; rounds++) {
      await this.longestTurn();
      await round();
      least = Math.min(least, await this.longestTurn());
    }
    return least;
  }

  /** A connection that has sent these bytes. What it is answered is not read. */
  async send(...packets: readonly (string | Uint8Array)[]): Promise<Socket> {
    const socket = connect(this.port, '127.0.0.1').on('error', () => undefined);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    await once(socket, 'connect');
    for (const packet of packets) socket.write(packet);
    return socket;
  }

  /** What a connection that sends these bytes is answered, until it is closed or has been silent for a while. */
  async ask(...packets: readonly (string | Uint8Array)[]): Promise<string> {
    const socket = await this.send(...packets);
    return answerOf(socket);
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Small requests of another client, one after the other. Throws where one is not answered. */
  async probe(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const socket = connect(this.port, '127.0.0.1').on('error', () => undefined);
      socket.write(`GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
      const [first] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      if (!(first instanceof Uint8Array)) throw new Error('another client is shut out');
      socket.destroy();
    }
  }
}

/** The whole first answer on a connection, as text; empty where there is none. */
export async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  await until(() => socket.destroyed || isWhole(text));
  return text;
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  return length !== undefined && text.length >= end + 4 + Number(length);
}

/** The most that something comes to while work goes on. */
export async function most(measure: () => number, work: () => Promise<unknown>): Promise<number> {
  let found = measure();
  const timer = setInterval(() => (found = Math.max(found, measure())), 20);
  try {
    await work();
    return Math.max(found, measure());
  } finally {
    clearInterval(timer);
  }
}
