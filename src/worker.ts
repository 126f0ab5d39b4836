/** A worker process: answers requests on the socket that it shares with the others. Started by `workers.ts`. */
import { defaultHttpLimits, listen } from './http/server.js';
import { openServices } from './open-services.js';
import type { Settings } from './settings.js';
import { keepNewObjectsYoung } from './tuning.js';
import { Questions, type ToPrimary, type ToWorker } from './worker-messages.js';

/** For running requests, where nobody says how long. Milliseconds. */
const GRACE = 10_000;

/** Where the primary has ended, nobody listens. */
const send = (message: ToPrimary): void => {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
};
const primary = new Questions(send);
let stop = async (_grace: number): Promise<void> => process.exit();
/** Nobody reads anything before the start. */
let leaveToReaders = (_blobs: readonly string[]): string[] => [];

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      void start(message.settings);
      break;
    case 'stop':
      void stop(message.grace);
      break;
    case 'question':
      send({ kind: 'answer', number: message.number, read: leaveToReaders(message.blobs) });
      break;
    case 'answer':
      primary.take(message);
  }
});
process.on('disconnect', () => {
  primary.end();
  void stop(GRACE);
});
process.on('SIGTERM', () => void stop(GRACE));
// Ctrl+C reaches the whole group: the primary says when to stop.
process.on('SIGINT', () => {});
send({ kind: 'listening' });

async function start(settings: Settings): Promise<void> {
  keepNewObjectsYoung();
  try {
    const part = { keeps: false, readElsewhere: primary.ask };
    const { pipeline, log, objects, close } = await openServices(settings, part);
    leaveToReaders = blobs => objects.leaveToReaders(blobs);
    const { host, port } = settings;
    const http = await listen({ pipeline, host, port, limits: defaultHttpLimits, log });
    let stopping: Promise<void> | undefined;
    stop = grace =>
      (stopping ??= http
        .close(grace)
        .then(close)
        .then(() => process.exit()));
    send({ kind: 'ready', port: http.port });
  } catch (error) {
    send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.disconnect?.();
  }
}
