import type { Clock } from './core/clock.js';
import { SettingsError } from './core/settings-error.js';
import { httpLimits } from './http/budgets.js';
import { listen } from './http/server.js';
import type { RunningImds } from './imds/index.js';
import { certificateFiles } from './server/certificate-files.js';
import { type OpenServices, openServices, type ServerOptions } from './server/compose.js';
import { type RunningServer, runServer } from './server/running.js';
import { proxiesOf, publicHostOf, type Settings } from './server/settings.js';

export { type BackupReport, type BackupSettings, backUp } from './admin/backup.js';
export { type MigrationProgress, type MigrationReport, migrate } from './admin/migrate.js';
export { type RestoreReport, restore } from './admin/restore.js';
export {
  forgetRootKeys,
  type RootKeyStatus,
  rootKeyStatus,
  rotateRootKey,
} from './admin/root-key-rotation.js';
export { type ScrubSettings, scrub } from './admin/scrub.js';
export { type Clock, ManualClock, systemClock } from './core/clock.js';
export { DirectoryInUse } from './core/directories/directory-lock.js';
export type { Scheduler } from './core/scheduler.js';
export { SettingsError } from './core/settings-error.js';
export type { Damage, ScrubProgress, ScrubReport } from './objects/index.js';
export type { RootCredentials } from './server/bootstrap.js';
export { type OpenServices, openServices, type ServerOptions } from './server/compose.js';
export { tuneCollector } from './server/gc-flags.js';
export type { RunningServer } from './server/running.js';
export { readSettings, type Settings } from './server/settings.js';

/**
 * Starts a server, in this process unless it is to have several `workers`. Without options: in `./karikagi-data`, on
 * port 9000 of loopback. `data: 'memory'` keeps everything in memory, `port: 0` takes a free port. Throws
 * `SettingsError`, `DirectoryInUse`, and what the operating system says of the directory and the port.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await ((options.workers ?? 1) > 1 ? startWorkers(options) : startAlone(options));
  return Object.keys(server.settings.imds).length === 0 ? server : await withImds(server, options.clock);
}

/** Starts the metadata endpoints, which are clients of the server. Closes everything where one cannot listen. */
async function withImds(server: RunningServer, clock: Clock | undefined): Promise<RunningServer> {
  const imds = new Map<string, RunningImds>();
  const closeImds = () => Promise.all([...imds.values()].map(endpoint => endpoint.close()));
  const close = async (grace?: number) => {
    await closeImds();
    await server.close(grace);
  };
  const drain = async (grace?: number) => {
    await server.drain(grace);
    await closeImds();
  };
  try {
    const { ownEndpoint: endpoint, root: credentials, settings } = server;
    if (credentials === undefined)
      throw new SettingsError("imds: the first account's root user has no access key");
    const { stableInstanceId, startImds } = await import('./imds/index.js');
    for (const [instanceProfile, listen] of Object.entries(settings.imds)) {
      const instanceId = stableInstanceId(server.accountId, instanceProfile);
      const target = { endpoint, region: settings.region, credentials };
      imds.set(instanceProfile, await startImds({ target, instanceProfile, instanceId, listen, clock }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ...server, imds, close, drain };
}

async function startAlone(options: ServerOptions): Promise<RunningServer> {
  const services = await openServices(options);
  const { pipeline, log, settings, budgets } = services;
  const limitsOf = (settings: Settings) => ({ ...httpLimits(settings), ...options.limits });
  const http = await orClose(
    services,
    listen({
      pipeline,
      host: settings.host,
      port: settings.port,
      limits: limitsOf(settings),
      log,
      counters: budgets.counters,
      proxies: proxiesOf(settings),
      publicHost: publicHostOf(settings),
      tls: certificateFiles(settings),
    }),
  );
  return await runServer(services, {
    port: http.port,
    listener: http,
    stop: (grace, quiet) => http.close(grace, quiet),
    adjust: async changed => http.adjust({ limits: limitsOf(changed), proxies: proxiesOf(changed) }),
    setLogLevel: () => undefined,
  });
}

async function startWorkers({ clock, limits, logger, ...given }: ServerOptions): Promise<RunningServer> {
  if (given.data === 'memory') throw new SettingsError('workers: data in memory is for one process alone');
  if (clock ?? limits ?? logger) {
    throw new SettingsError('workers: a clock, a logger and limits of your own are for one process alone');
  }
  const { Workers } = await import('./server/cluster/primary.js');
  const workers = new Workers();
  const services = await openServices(given, { keeps: true, readElsewhere: workers.reading });
  const port = await orClose(services, workers.start(services));
  return await runServer(services, {
    port,
    workers,
    stop: (grace, quiet) => workers.stop(grace, quiet),
    adjust: changed => workers.replaceAll(services, changed),
    setLogLevel: level => workers.setLogLevel(level),
  });
}

async function orClose<T>(services: OpenServices, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    await services.close();
    throw error;
  }
}
