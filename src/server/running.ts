/** A server that answers requests: what belongs to it beside the API, and how it changes and ends. */
import { setTimeout as delay } from 'node:timers/promises';
import type { LogLevel } from '../core/log.js';
import { rootKeyPath } from '../crypto/root-key.js';
import { httpLimits } from '../http/budgets.js';
import type { Transport } from '../http/console/door.js';
import { QUIET } from '../http/idle-connections.js';
import { type HttpServer, listen } from '../http/server.js';
import type { RootCredentials } from './bootstrap.js';
import { authorityFile, certificateFiles } from './certificate-files.js';
import type { OpenServices } from './compose.js';
import { startConsole, transportOf, urlOf } from './console.js';
import { listenForMetrics, openMonitoring, type WatchedWorkers } from './monitoring.js';
import { CHANGEABLE, proxiesOf, type Settings } from './settings.js';

/** For running requests, where no time is given. Milliseconds. */
const GRACE = 10_000;

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
  readonly imds: ReadonlyMap<string, { readonly endpoint: string }>;
  /**
   * Where this process itself asks the API: without TLS, on loopback alone. The server's own certificate has the names
   * that clients use, and a client within the server would have to trust each that follows again.
   */
  readonly ownEndpoint: string;
  /** Where the metrics have a listener of their own; absent without one. */
  readonly metricsUrl: string | undefined;
  /** Lets running requests end (for at most `grace` milliseconds, default 10,000), then frees everything. */
  close(grace?: number): Promise<void>;
  /**
   * As `close`, in peace with who is before the server: it says first that it is not ready any more, goes on for
   * `drainDelay`, and leaves connections open on which a request may be under way.
   */
  drain(grace?: number): Promise<void>;
  /**
   * Takes over the settings that a running server can (`CHANGEABLE`), and replaces each worker process by a new one;
   * no request fails. Answers the names of settings that differ and want a start. Rejects where a new worker does not
   * start: those that are left go on.
   */
  reload(settings: Settings): Promise<readonly string[]>;
  /** Turns the log up or down. */
  setLogLevel(level: LogLevel): void;
}

/** What answers the API: this process, or workers. */
interface Front {
  readonly port: number;
  /** The listener, where it is in this process. */
  readonly listener?: HttpServer;
  readonly workers?: WatchedWorkers;
  /** Ends as `HttpServer.close` does. */
  stop(grace: number, quiet?: number): Promise<void>;
  /** Takes over the settings that may change. */
  adjust(settings: Settings): Promise<void>;
  setLogLevel(level: LogLevel): void;
}

/** Starts what belongs to a server beside its API, which answers already. Closes everything where that fails. */
export async function runServer(services: OpenServices, front: Front): Promise<RunningServer> {
  const { settings, accountId, root, credentialsFile, log } = services;
  const endpoint = urlOf(settings, front.port);
  const transport = transportOf(settings);
  if (transport === 'plain') {
    log.warn('listening beyond this machine without TLS: the network can read and change what is sent', {
      host: settings.host,
    });
  }
  const monitoring = openMonitoring(services, rootKeyPath(settings), front.workers);
  if (front.listener) monitoring.watch(front.listener);
  // Ended in this order: probes of readiness are answered until the API is at its end.
  const listeners: Pick<HttpServer, 'close'>[] = [{ close: front.stop }];
  const end = async (grace: number, quiet?: number) => {
    const ends = performance.now() + grace;
    for (const listener of listeners) await listener.close(Math.max(0, ends - performance.now()), quiet);
    await monitoring.settled();
    await services.close();
  };
  try {
    const page = await startConsole(services, monitoring, front.port, endpoint);
    if (page) {
      monitoring.watch(page.listener);
      listeners.push(page.listener);
    }
    const metrics = await listenForMetrics(services, monitoring);
    if (metrics) {
      monitoring.watch(metrics.server);
      listeners.push(metrics.server);
    }
    const own = await listenForOwn(services);
    if (own) listeners.push(own);
    services.begin();
    let current = settings;
    return {
      endpoint,
      transport,
      authorityFile: authorityFile(settings),
      consoleUrl: page?.url,
      ownEndpoint: own ? `http://127.0.0.1:${own.port}` : endpoint,
      metricsUrl: metrics && `${urlOf({ ...settings, host: metrics.host }, metrics.server.port)}/metrics`,
      settings,
      accountId,
      root,
      credentialsFile,
      imds: new Map(),
      close: (grace = GRACE) => end(grace),
      async drain(grace = GRACE) {
        monitoring.health.drain();
        log.info('the server ends: it is not ready any more', { delay: current.drainDelay });
        if (current.drainDelay > 0) await delay(current.drainDelay * 1000);
        await end(grace, QUIET);
      },
      async reload(asked) {
        const { changed, left } = mergeChanges(current, asked);
        current = changed;
        services.setLogLevel(changed.logLevel);
        await front.adjust(changed);
        page?.listener.adjust({ proxies: proxiesOf(changed) });
        return left;
      },
      setLogLevel(level) {
        services.setLogLevel(level);
        front.setLogLevel(level);
      },
    };
  } catch (error) {
    await end(0);
    throw error;
  }
}

/** A listener for the metadata endpoints of a server with TLS; nothing where there are none. */
async function listenForOwn({ settings, pipeline, log, budgets }: OpenServices) {
  if (certificateFiles(settings) === undefined || Object.keys(settings.imds).length === 0) return undefined;
  return await listen({
    pipeline,
    host: '127.0.0.1',
    port: 0,
    limits: httpLimits(settings),
    log,
    counters: budgets.counters,
  });
}

/** The settings with what may change of others, and the names of what else differs. */
function mergeChanges(settings: Settings, asked: Settings) {
  const isChangeable = (name: string) => (CHANGEABLE as readonly string[]).includes(name);
  const differs = Object.keys(asked).filter(
    name =>
      JSON.stringify(asked[name as keyof Settings]) !== JSON.stringify(settings[name as keyof Settings]),
  );
  const taken = differs.filter(isChangeable).map(name => [name, asked[name as keyof Settings]]);
  const changed: Settings = { ...settings, ...Object.fromEntries(taken) };
  return { changed, left: differs.filter(name => !isChangeable(name)) };
}
