/** What watches a running server: its health, its metrics, and the listener of their own. */
import { httpLimits } from '../http/budgets.js';
import { type Monitor, monitorDoor } from '../http/monitor.js';
import { type HttpServer, listen } from '../http/server.js';
import { certificateFiles } from './certificate-files.js';
import type { OpenServices } from './compose.js';
import { Health, isReady } from './health.js';
import { measureProcess, type ProcessMetrics, TEXT_TYPE, Totals } from './metrics/exposition.js';
import type { Family } from './metrics/families.js';
import { processFamilies } from './metrics/process-metrics.js';
import { ServerMetrics } from './metrics/server-metrics.js';

/** The processes that answer requests; absent where that is this one. */
export interface WatchedWorkers {
  readonly count: number;
  /** Those that ended though nothing had asked them to. */
  readonly ends: number;
  /** What those that have ended had counted. */
  readonly totals: Totals;
  /** What each of the others has counted. */
  snapshots(): Promise<(readonly Family[])[]>;
}

interface Monitoring extends Monitor {
  readonly health: Health;
  /** Counts the connections of this listener, too. */
  watch(listener: Pick<HttpServer, 'connections'>): void;
  /** Resolves once nothing of the stores is being looked at. */
  settled(): Promise<void>;
}

export function openMonitoring(
  services: OpenServices,
  rootKey: string | undefined,
  workers?: WatchedWorkers,
): Monitoring {
  const { stores, counts } = services;
  const count = () => workers?.count ?? 1;
  const health = new Health({ ...stores, rootKey, workers: count });
  const listeners: Pick<HttpServer, 'connections'>[] = [];
  const connections = () => listeners.reduce((sum, listener) => sum + listener.connections, 0);
  const whole = new ServerMetrics(services);
  const totals = workers?.totals ?? new Totals();
  let own: Promise<ProcessMetrics> | undefined;
  return {
    health,
    watch: listener => void listeners.push(listener),
    settled: () => whole.settled(),
    async readiness() {
      const checks = await health.checks();
      return { ready: isReady(checks), checks };
    },
    async metrics() {
      own ??= measureProcess(() => processFamilies({ ...counts, connections }));
      const [mine, others, shared] = await Promise.all([
        own.then(process => process.snapshot()),
        workers?.snapshots() ?? [],
        health.checks().then(checks => whole.families(checks, count(), workers?.ends ?? 0)),
      ]);
      return { type: TEXT_TYPE, text: await totals.text([mine, shared, ...others]) };
    },
  };
}

/**
 * Listens at the setting `metricsListen`, with TLS where the server has it. Rejects where the address cannot be had.
 */
export async function listenForMetrics(
  { settings, log, budgets }: OpenServices,
  monitor: Monitor,
): Promise<{ readonly server: HttpServer; readonly host: string } | undefined> {
  if (settings.metricsListen === undefined) return undefined;
  const [, host = '127.0.0.1', port] = /^(?:(.+):)?(\d+)$/.exec(settings.metricsListen)!;
  const bare = host.replace(/^\[|\]$/g, '');
  const server = await listen({
    pipeline: monitorDoor(monitor),
    host: bare,
    port: Number(port),
    limits: httpLimits(settings),
    log,
    counters: budgets.counters,
    tls: certificateFiles(settings),
  });
  return { server, host: bare };
}
