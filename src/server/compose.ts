import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { demandWhole } from '../admin/moving.js';
import { demandSameRootKey, startResealing } from '../admin/root-key-rotation.js';
import { Chores, startChores } from '../core/chores.js';
import { type Clock, systemClock } from '../core/clock.js';
import { lockDirectory } from '../core/directories/directory-lock.js';
import { type LeveledLogger, type Logger, type LogLevel, lineLogger, silentLogger } from '../core/log.js';
import { type Scheduler, systemScheduler } from '../core/scheduler.js';
import { DAY_MS, MINUTE_MS } from '../core/time.js';
import { loadRootKeys } from '../crypto/root-key.js';
import { type AuditLog, openAuditLog } from '../events/audit.js';
import { Denials } from '../events/denials.js';
import { MemoryEvents } from '../events/memory-events.js';
import { RequestCounts } from '../events/request-counts.js';
import { Budgets, type HttpLimits } from '../http/budgets.js';
import { createPipeline, type Pipeline } from '../http/pipeline.js';
import type { Services } from '../http/services.js';
import { type Identity, openIdentity } from '../identity/index.js';
import { DeliveryCounts } from '../notifications/delivery-counts.js';
import { openTargets, startDelivery } from '../notifications/index.js';
import {
  type Objects,
  openObjects,
  type ReadElsewhere,
  startHousekeeping,
  targetName,
} from '../objects/index.js';
import { openKms, startSweeping } from '../services/kms/index.js';
import { AccessLog, InventoryRuns, Replicator, trailLogs } from '../services/s3/index.js';
import { holdsRecords } from '../store/data-directory.js';
import { holdLease } from '../store/lease.js';
import { openStores, type Stores } from '../store/open.js';
import { openTrails } from '../trails/index.js';
import { firstAccount, type RootCredentials } from './bootstrap.js';
import { watchSkew } from './clock-skew.js';
import { demandKnownFormat } from './data-format.js';
import type { Counts } from './metrics/process-metrics.js';
import { readingAhead } from './reading-ahead.js';
import { ReplicationEndpoints } from './replication-endpoints.js';
import { s3PortsOf, served } from './services.js';
import { readSettings, type Settings } from './settings.js';
import { type Left, lookForDamage } from './store-damage.js';
import { openTraces } from './traces.js';

export interface ServerOptions extends Partial<Settings> {
  /** Default: the machine's time. A `ManualClock` stands still until it is moved. */
  readonly clock?: Clock;
  /**
   * When the server does what no request asks for. Default: by the machine's time. A `ManualClock` does it as it is
   * moved.
   */
  readonly scheduler?: Scheduler;
  /** Default: as the setting `log` says, to standard error. */
  readonly logger?: Logger;
  readonly limits?: Partial<HttpLimits>;
}

/** The services over their stores, before anything listens. */
export interface OpenServices {
  readonly settings: Settings;
  readonly services: Services;
  readonly pipeline: Pipeline;
  readonly budgets: Budgets;
  readonly log: Logger;
  readonly objects: Objects;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly audit: AuditLog;
  readonly stores: Pick<Stores, 'kv' | 'blobs' | 'room' | 'isShared' | 'takeOver'>;
  /** What this process counts, but for its connections. */
  readonly counts: Omit<Counts, 'connections'>;
  /** Turns the log up or down; one of the caller's own is left as it is. */
  setLogLevel(level: LogLevel): void;
  /** Begins what no request asks for: once requests are answered, since some of it goes through much of the store. */
  begin(): void;
  readonly accountId: string;
  readonly root: RootCredentials | undefined;
  readonly credentialsFile: string | undefined;
  close(): Promise<void>;
}

/** What a process has to do with a server's data. */
export interface Part {
  /** Keeps other servers off the directory, and does what one process does for all: housekeeping, sweeps, resealing. */
  readonly keeps: boolean;
  /** Asks the server's other processes what they are reading. */
  readonly readElsewhere?: ReadElsewhere;
  /** A channel to the process that commits for this one. Default: it commits by itself. */
  readonly committer?: Duplex | undefined;
  /** Default: true. `false` has no SSE-S3 and stores bodies as they come: for measuring what encryption costs. */
  readonly encrypts?: boolean;
}

const MIB = 1024 * 1024;

/** Milliseconds that bodies outlive their last reference where other machines may be reading them. */
const READERS_ELSEWHERE = 15 * MINUTE_MS;

/** Between deliveries of trails, milliseconds: "on average within about 5 minutes of an API call" (User Guide). */
const DELIVERY = 5 * MINUTE_MS;

/** How long what has become a segment may lie beside it where there are no trails, milliseconds. */
const RELEASE = 10_000;

/** The name of what makes copies, among the targets of the delivery. */
const COPIES = 'copies';

/** How long copies are tried, milliseconds: another server may be away for some days. */
const COPIES_LIFETIME = 14 * DAY_MS;

/** Of a server that is one process. */
const ALONE: Part = { keeps: true };

/** Opens everything but the socket. Throws as `startServer` does. */
export async function openServices(
  options: ServerOptions = {},
  { keeps, readElsewhere, committer, encrypts = true }: Part = ALONE,
): Promise<OpenServices> {
  const { clock = systemClock, scheduler = systemScheduler, logger, limits: _, ...flags } = options;
  const settings = readSettings(flags);
  const leveled = logger === undefined && settings.log !== 'none' ? loggerOf(settings, clock) : undefined;
  const log = logger ?? leveled ?? silentLogger;
  const requests = new RequestCounts();
  const chores = new Chores(clock);
  const deliveries = new DeliveryCounts();
  const inMemory = settings.data === 'memory';
  const now = () => clock.now();
  // What was opened, to be closed in reverse order, whether by the owner or by a start that failed midway.
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    while (opened.length > 0) await opened.pop()!();
  };
  let left: Left | undefined;
  try {
    if (!inMemory && keeps) {
      const lock = await lockDirectory(settings.data);
      left = { directory: settings.data, afterCrash: lock.afterCrash };
      opened.push(() => lock.release());
    }
    if (keeps && settings.tls === 'self-signed') {
      // It loads a library of its own.
      const { keepCertificate } = await import('./private-authority.js');
      opened.push(await keepCertificate(settings, clock, log, scheduler));
    }
    const rootKeys = await loadRootKeys(settings, holdsRecords);
    const sealing = { rootKey: rootKeys.current, formerRootKeys: rootKeys.former.map(({ key }) => key) };
    const stores = await openStores(settings, now, scheduler, committer);
    opened.push(() => stores.close());
    const { kv, blobs, room } = stores;
    const look = stores.pages && (await lookForDamage(stores.pages, log, left));
    if (look) opened.push(() => look.ended());
    await demandWhole(kv);
    await demandKnownFormat(kv, keeps);
    if (stores.isShared) await demandSameRootKey(kv, rootKeys);
    if (stores.time) opened.push(await watchSkew({ clock, scheduler, time: stores.time, log }));
    const traces = await openTraces(process.env, log);
    if (traces) opened.push(() => traces.close());
    const identity = await openIdentity({
      kv,
      ...sealing,
      clock,
      oidcKeyFiles: new Map(Object.entries(settings.oidcKeys)),
      oidcAllow: settings.oidcAllow,
    });
    opened.push(() => identity.close());
    const objects = await openObjects({
      kv,
      blobs,
      clock,
      readElsewhere,
      scheduler,
      ...(stores.isShared && { deletionDelay: READERS_ELSEWHERE }),
      demandRoom: room?.demand,
      ...(encrypts && sealing),
    });
    opened.push(() => objects.settle());
    const audit = inMemory
      ? new MemoryEvents()
      : await openAuditLog(join(settings.data, 'events'), {
          space: { keepDays: settings.eventDays, bytes: settings.eventSpace * MIB },
          clock,
          scheduler,
          keeps,
          failed: error => log.error('files of events could not be put in order', { error: String(error) }),
        });
    opened.push(() => audit.close());
    const denials = new Denials(kv);
    opened.push(() => denials.close());
    const kms = await openKms({ kv, ...sealing, clock, principals: identity.principals });
    const targets = openTargets({
      notify: settings.notify,
      secret: settings.notifySecret,
      bridgeDirectory: inMemory ? undefined : join(settings.data, 'eventbridge'),
      keepDays: settings.eventDays,
      clock,
    });
    const servicePorts = { objects, ownerOf: (id: string) => identity.owner(id) };
    const accessLog = new AccessLog(servicePorts, log, scheduler);
    opened.push(() => accessLog.close());
    const endpoints = new ReplicationEndpoints(settings.replicationEndpoints, clock);
    opened.push(() => endpoints.close());
    const s3 = s3PortsOf({
      identity,
      objects,
      kms,
      settings,
      audit,
      log,
      targets: new Set(targets.keys()),
      elsewhere: (account, bucket) => endpoints.find(account, bucket),
    });
    const replicator = new Replicator(s3, log);
    const trails = openTrails({ kv, ...sealing, clock, log, feed: audit, logs: trailLogs(s3) });
    const beginKeeping = () => {
      const { outbox, replications, backlog } = objects;
      const inventories = new InventoryRuns(servicePorts, log);
      const failed = (what: string) => (error: unknown) =>
        log.error(`${what} failed`, { error: String(error) });
      const keepForAll = () => {
        const stops = [
          startHousekeeping(objects, failed('housekeeping of buckets'), chores, scheduler),
          // None waits for lifecycle rules, which take minutes for millions of keys in a busy process.
          startChores({ clock, scheduler, counts: chores, failed: failed('a list, a copy or a digest') }, [
            { name: 'inventories', every: MINUTE_MS, run: signal => inventories.run(signal) },
            { name: 'copies of existing objects', every: MINUTE_MS, run: signal => backlog.run(signal) },
            { name: 'digests of trails', every: MINUTE_MS, run: signal => trails.digests.run(signal) },
          ]),
          startSweeping(kms, failed('a sweep of keys'), chores, scheduler),
          startDelivery({ outbox, clock, scheduler, log, targets, nameOf: targetName, counts: deliveries }),
          startDelivery({
            outbox: replications,
            what: 'copies',
            lifetime: COPIES_LIFETIME,
            clock,
            scheduler,
            log,
            targets: new Map([[COPIES, replicator]]),
            nameOf: () => COPIES,
            givenUp: copies => replicator.giveUp(copies),
          }),
          startResealing(kv, rootKeys, [identity, kms, objects, trails.keys], outcome =>
            reportResealing(log, outcome),
          ),
        ];
        return async () => {
          for (const stop of stops.reverse()) await stop();
        };
      };
      // Of the events of its own directory, each server does it.
      opened.push(
        startChores({ clock, scheduler, counts: chores, failed: failed('the delivery of trails') }, [
          { name: 'trails', every: DELIVERY, run: signal => trails.delivery.run(signal) },
          { name: 'events without trails', every: RELEASE, run: () => trails.delivery.release() },
        ]),
      );
      opened.push(
        stores.isShared
          ? holdLease(kv, {
              name: 'housekeeping',
              begin: keepForAll,
              failed: failed('the lease of housekeeping'),
              scheduler,
            })
          : keepForAll(),
      );
    };
    const first = await firstAccount(kv, identity, settings);
    const services = served({
      identity,
      objects,
      denials,
      events: audit,
      kms,
      trails,
      accessLog,
      settings,
      s3,
      firstAccount: first.accountId,
    });
    const budgets = new Budgets(clock);
    const pipeline = createPipeline({
      services,
      budgets,
      credentials: identity,
      clock,
      denials,
      audit,
      log,
      requests,
      traced: traces?.ended,
      defaultRegion: settings.region,
      readingAhead: readingAhead(stores.readAhead, objects),
      sealMessage: (account, message) => identity.authorizationMessages.encode(account, message),
    });
    const counts = {
      requests,
      limits: budgets.counters,
      sessions: identity.sessions.counts,
      commits: stores.commits,
      chores,
      deliveries,
      copies: replicator.outcomes,
      endpoints: endpoints.counts,
    };
    return {
      settings,
      services,
      pipeline,
      budgets,
      log,
      objects,
      identity,
      clock,
      scheduler,
      audit,
      stores,
      counts,
      setLogLevel: level => {
        if (leveled) leveled.level = level;
      },
      begin: () => {
        look?.begin();
        if (keeps) beginKeeping();
      },
      ...first,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function reportResealing(log: Logger, outcome: number | Error): void {
  if (typeof outcome === 'number') {
    log.info('everything stored is sealed under the current root key', { resealed: outcome });
  } else log.error('resealing under the current root key failed', { error: String(outcome) });
}

function loggerOf({ log, logLevel }: Settings, clock: Clock): LeveledLogger {
  return lineLogger(process.stderr, clock, log === 'json', logLevel);
}
