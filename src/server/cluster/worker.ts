/** A worker process: answers requests on the socket that it shares with the others. Started by `primary.ts`. */
import cluster from 'node:cluster';
import { Socket } from 'node:net';
import { within } from '../../core/within.js';
import { httpLimits } from '../../http/budgets.js';
import { QUIET } from '../../http/idle-connections.js';
import { listen } from '../../http/server.js';
import { certificateFiles } from '../certificate-files.js';
import { type OpenServices, openServices } from '../compose.js';
import { tuneCollector } from '../gc-flags.js';
import { measureProcess, type ProcessMetrics } from '../metrics/exposition.js';
import { processFamilies } from '../metrics/process-metrics.js';
import { proxiesOf, publicHostOf, type Settings } from '../settings.js';
import { VERSION } from '../version.js';
import { COMMITS, Questions, type ToPrimary, type ToWorker } from './messages.js';

/** How long the primary may take to hear the last, milliseconds. */
const HEARING = 1000;

/** For running requests, where no time is given. Milliseconds. */
const GRACE = 10_000;

/** A worker that answers requests. */
interface Serving {
  readonly services: OpenServices;
  readonly connections: () => number;
  /** Ends the requests, then closes the stores. */
  end(grace: number, quiet: number): Promise<void>;
}

/** The primary may have ended. */
const send = (message: ToPrimary): void => {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
};
const primary = new Questions(send);
/** Resolves with nothing where there was no start. */
let starting: Promise<Serving | undefined> | undefined;
let stopping: Promise<void> | undefined;
/** From the first time that somebody asks. */
let measuring: Promise<ProcessMetrics> | undefined;
/** Called once the primary has taken what was counted. */
let heard = (): void => {};
/** Nothing is read before the start. */
let leaveToReaders = (_blobs: readonly string[]): string[] => [];

process.on('message', (message: ToWorker) => {
  switch (message.kind) {
    case 'start':
      starting = start(message.settings, message.handsOver);
      break;
    case 'stop':
      void stop(message.grace, message.quiet);
      break;
    case 'ping':
      send({ kind: 'pong' });
      break;
    case 'heard':
      heard();
      break;
    case 'count':
      void tellCounts();
      break;
    case 'log-level':
      void starting?.then(serving => serving?.services.setLogLevel(message.level));
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
// Ctrl+C reaches the whole group: the primary says when to stop. The same goes for a terminal that is closed.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
process.on('SIGUSR2', () => {});
send({ kind: 'listening', version: VERSION });

async function start(settings: Settings, handsOver: boolean): Promise<Serving | undefined> {
  tuneCollector();
  try {
    const committer = handsOver ? new Socket({ fd: COMMITS, readable: true, writable: true }) : undefined;
    const part = { keeps: false, readElsewhere: primary.ask, committer };
    const services = await openServices(settings, part);
    const { pipeline, log, objects, budgets, close } = services;
    leaveToReaders = blobs => objects.leaveToReaders(blobs);
    const { host, port } = settings;
    const http = await listen({
      pipeline,
      host,
      port,
      limits: httpLimits(settings),
      log,
      counters: budgets.counters,
      proxies: proxiesOf(settings),
      publicHost: publicHostOf(settings),
      tls: certificateFiles(settings),
    });
    services.begin();
    send({ kind: 'ready', port: http.port });
    return {
      services,
      connections: () => http.connections,
      end: (grace, quiet) => http.close(grace, quiet).then(close),
    };
  } catch (error) {
    send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.disconnect?.();
    return undefined;
  }
}

async function tellCounts(): Promise<void> {
  const serving = await starting;
  if (serving === undefined) return;
  const { services, connections } = serving;
  measuring ??= measureProcess(() => processFamilies({ ...services.counts, connections }));
  send({ kind: 'counts', families: await (await measuring).snapshot() });
}

/** Once it has started, lets running requests end for at most `grace` milliseconds; then ends the process. */
async function stop(grace: number, quiet = QUIET): Promise<void> {
  const serving = await starting;
  stopping ??= serving?.end(grace, quiet);
  await stopping;
  if (measuring !== undefined && process.connected) {
    // What it has counted is part of what the server has shown; only who has been asked before has been seen.
    const taken = new Promise<void>(resolve => {
      heard = resolve;
    });
    await tellCounts();
    await within(HEARING, taken);
  }
  process.exit();
}
