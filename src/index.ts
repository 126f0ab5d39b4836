import type { Clock } from './core/clock.js';
import { SettingsError } from './core/settings-error.js';
import { httpLimits } from './http/budgets.js';
import type { Transport } from './http/console/door.js';
import { listen } from './http/server.js';
import type { RunningImds } from './imds/index.js';
import type { RootCredentials } from './server/bootstrap.js';
import { type OpenServices, openServices, type ServerOptions } from './server/compose.js';
import { startConsole, transportOf, urlOf } from './server/console.js';
import { authorityFile, certificateFiles } from './server/private-authority.js';
import type { Settings } from './server/settings.js';

export {
  type BackupReport,
  type BackupSettings,
  backUp,
  type RestoreReport,
  restore,
} from './admin/backup.js';
export { type MigrationProgress, type MigrationReport, migrate } from './admin/migrate.js';
export {
  forgetRootKeys,
  type RootKeyStatus,
  rootKeyStatus,
  rotateRootKey,
} from './admin/root-key-rotation.js';
export { type ScrubSettings, scrub } from './admin/scrub.js';
export { type Clock, ManualClock, systemClock } from './core/clock.js';
export { DirectoryInUse } from './core/directories/directory-lock.js';
export { SettingsError } from './core/settings-error.js';
export type { Damage, ScrubProgress, ScrubReport } from './objects/index.js';
export type { RootCredentials } from './server/bootstrap.js';
export { type OpenServices, openServices, type ServerOptions } from './server/compose.js';
export { keepNewObjectsYoung } from './server/gc-flags.js';
export { readSettings, type Settings } from './server/settings.js';

export interface RunningServer {
  /** `http://127.0.0.1:9000`; https with TLS. */
  readonly endpoint: string;
  /** `plain` is a warning: the network that the server listens on may read along. */
  readonly transport: Transport;
  /** The certificate that clients must trust, of the server's own authority; absent without one. */
  readonly authorityFile: string | undefined;
  /** Where the console is; absent where there is none. */
  readonly consoleUrl: string | undefined;
  readonly settings: Settings;
  readonly accountId: string;
  /** The first account's root user; absent where its key was deleted. */
  readonly root: RootCredentials | undefined;
  /** The AWS-style credentials file of the root user; absent for a server in memory. */
  readonly credentialsFile: string | undefined;
  /** The metadata endpoints that the setting `imds` asks for, by their instance profile. */
  readonly imds: ReadonlyMap<string, RunningImds>;
  /** Lets running requests end (for at most `grace` milliseconds, default 10,000), then frees everything. */
  close(grace?: number): Promise<void>;
}

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
  const close = async (grace?: number) => {
    await Promise.all([...imds.values()].map(endpoint => endpoint.close()));
    await server.close(grace);
  };
  try {
    const { endpoint, root: credentials, settings } = server;
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
  return { ...server, imds, close };
}

async function startAlone(options: ServerOptions): Promise<RunningServer> {
  const services = await openServices(options);
  const { pipeline, log, settings, budgets } = services;
  const limits = { ...httpLimits(settings), ...options.limits };
  const { host, port } = settings;
  const http = await orClose(
    services,
    listen({
      pipeline,
      host,
      port,
      limits,
      log,
      counters: budgets.counters,
      tls: certificateFiles(settings),
    }),
  );
  return running(services, http.port, grace => http.close(grace));
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
  return running(services, port, grace => workers.stop(grace));
}

async function orClose<T>(services: OpenServices, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    await services.close();
    throw error;
  }
}

async function running(
  services: OpenServices,
  port: number,
  stop: (grace: number) => Promise<void>,
): Promise<RunningServer> {
  const { settings, accountId, root, credentialsFile, log, close } = services;
  const endpoint = urlOf(settings, port);
  const transport = transportOf(settings);
  if (transport === 'plain') {
    log.warn('listening beyond this machine without TLS: the network can read and change what is sent', {
      host: settings.host,
    });
  }
  const end = async (grace: number) => {
    await stop(grace);
    await close();
  };
  const page = await startConsole(services, port, endpoint).catch(async error => {
    await end(0);
    throw error;
  });
  return {
    endpoint,
    transport,
    authorityFile: authorityFile(settings),
    consoleUrl: page?.url,
    settings,
    accountId,
    root,
    credentialsFile,
    imds: new Map(),
    async close(grace = 10_000) {
      await page?.close(grace);
      await end(grace);
    },
  };
}
