/** Starts the console beside a server. */
import { defaultHttpLimits } from '../http/budgets.js';
import { consoleDoor, type Transport } from '../http/console/door.js';
import { ConsoleFiles } from '../http/console/files.js';
import { SignInEndpoint } from '../http/console/sign-in.js';
import type { Monitor } from '../http/monitor.js';
import { type HttpServer, listen } from '../http/server.js';
import { isLoopback } from '../http/sources.js';
import { certificateFiles } from './certificate-files.js';
import type { OpenServices } from './compose.js';
import { proxiesOf, type Settings } from './settings.js';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

interface RunningConsole {
  /** `http://127.0.0.1:9001` */
  readonly url: string;
  readonly listener: HttpServer;
}

/**
 * Listens on the console's port; `undefined` where there is to be no console or it was not built. Rejects where the
 * port cannot be had, unless the port was left to the server: then it logs that there is no console.
 * `endpoint`: where the API is, for a server that has no other name for it.
 */
export async function startConsole(
  services: OpenServices,
  monitor: Monitor,
  apiPort: number,
  endpoint: string,
): Promise<RunningConsole | undefined> {
  const { settings, log, pipeline, budgets, identity, clock, audit, counts } = services;
  const { counters } = budgets;
  const { consolePort, host } = settings;
  if (consolePort === 'off') return undefined;
  const files = ConsoleFiles.open();
  if (files === undefined) {
    log.error('the console was not built: npm run build builds it', {});
    return undefined;
  }
  const door = consoleDoor({
    pipeline,
    monitor,
    files,
    signIn: new SignInEndpoint({
      identity,
      clock,
      audit,
      requests: counts.requests,
      region: settings.region,
    }),
    hosts: hostsOf(settings),
    about: {
      region: settings.region,
      partition: settings.partition,
      endpoint: settings.publicEndpoint ?? endpoint,
      issuers: settings.consoleIssuers,
      transport: transportOf(settings),
    },
  });
  const port = consolePort === 'beside' ? besides(settings.port, apiPort) : consolePort;
  const tls = certificateFiles(settings);
  try {
    const listener = await listen({
      pipeline: door,
      host,
      port,
      limits: defaultHttpLimits,
      log,
      counters,
      proxies: proxiesOf(settings),
      tls,
    });
    return { url: urlOf(settings, listener.port), listener };
  } catch (error) {
    if (consolePort !== 'beside' || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    log.error('there is no console: its port is in use', { port });
    return undefined;
  }
}

/** Who may read along: none (`tls`), processes of this machine (`loopback`), or the network (`plain`). */
export function transportOf(settings: Settings): Transport {
  if (certificateFiles(settings) !== undefined) return 'tls';
  return isLoopback(settings.host) ? 'loopback' : 'plain';
}

/** One above the API's port, or any free one where that was any free one. */
function besides(asked: number, port: number): number {
  return asked === 0 || port === 65_535 ? 0 : port + 1;
}

/** `https://127.0.0.1:9001` */
export function urlOf(settings: Settings, port: number): string {
  const { host } = settings;
  return `${certificateFiles(settings) ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/**
 * On loopback the console answers to loopback's names and those of the setting alone, so that a page of a foreign name
 * that points to this machine (DNS rebinding) gets nothing. Elsewhere to every name, unless the setting names some.
 */
function hostsOf({ host, consoleHosts }: Settings): ReadonlySet<string> | undefined {
  if (!isLoopback(host) && consoleHosts.length === 0) return undefined;
  return new Set([...LOOPBACK, host.includes(':') ? `[${host}]` : host, ...consoleHosts]);
}
