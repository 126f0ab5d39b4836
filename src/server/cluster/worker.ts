/** A worker process: answers requests on the socket that it shares with the others. Started by `workers.ts`. */
import cluster from 'node:cluster';
import { httpLimits } from '../../http/budgets.js';
import { listen } from '../../http/server.js';
import { openServices } from '../compose.js';
import { keepNewObjectsYoung } from '../gc-flags.js';
import { certificateFiles } from '../private-authority.js';
import type { Settings } from '../settings.js';
import { Questions, type ToPrimary, type ToWorker } from './messages.js';

/** For running requests, where nobody says how long. Milliseconds. */
const GRACE = 10_000;

/** Where the primary has ended, nobody listens. */
const send = (message: ToPrimary): void => {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
};
const primary = new Questions(send);
/** Resolves with what ends the requests and closes the stores, or with nothing where there was no start. */
let starting: Promise<((grace: number) => Promise<void>) | undefined> | undefined;
let stopping: Promise<void> | undefined;
/** Nobody reads anything before the start. */
let leaveToReaders = (_blobs: readonly string[]): string[] => [];

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      starting = start(message.settings);
      break;
    case 'stop':
      void stop(message.grace);
      break;
    case 'ping':
      send({ kind: 'pong' });
      break;
    case 'question':
      send({ kind: 'answer', number: message.number, read: leaveToReaders(message.blobs) });
      break;
    case 'answer':
      primary.take(message);
  }
});
// Else the cluster module exits as soon as the primary is gone, in the midst of requests.
cluster.worker!.exitedAfterDisconnect = true;
process.on('disconnect', () => {
  primary.end();
  void stop(GRACE);
});
process.on('SIGTERM', () => void stop(GRACE));
// Ctrl+C reaches the whole group: the primary says when to stop.
process.on('SIGINT', () => {});
send({ kind: 'listening' });

async function start(settings: Settings): Promise<((grace: number) => Promise<void>) | undefined> {
  keepNewObjectsYoung();
  try {
    const part = { keeps: false, readElsewhere: primary.ask };
    const { pipeline, log, objects, budgets, close } = await openServices(settings, part);
    leaveToReaders = blobs => objects.leaveToReaders(blobs);
    const { host, port } = settings;
    const { counters } = budgets;
    const tls = certificateFiles(settings);
    const http = await listen({ pipeline, host, port, limits: httpLimits(settings), log, counters, tls });
    send({ kind: 'ready', port: http.port });
    return grace => http.close(grace).then(close);
  } catch (error) {
    send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.disconnect?.();
    return undefined;
  }
}

/** Once it has started, lets running requests end for at most `grace` milliseconds; then ends the process. */
async function stop(grace: number): Promise<void> {
  const end = await starting;
  stopping ??= end?.(grace);
  await stopping;
  process.exit();
}
