/** What a server shows of itself as a whole, whichever process answers: stores, disk, what waits. */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { targetName } from '../../objects/index.js';
import { recordsFile } from '../../store/data-directory.js';
import { certificateFiles } from '../certificate-files.js';
import type { OpenServices } from '../compose.js';
import type { Checks } from '../health.js';
import type { Settings } from '../settings.js';
import { VERSION } from '../version.js';
import { type Family, family } from './families.js';
import { Survey } from './survey.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Milliseconds that a scrape waits for a figure that was never found before. */
const PATIENCE = 2 * SECOND;
/** Events that are counted of one destination. */
const MOST_EVENTS = 10_000;

/** Finds the figures of a server again and again, each as seldom as it is dear, and only while somebody looks. */
export class ServerMetrics {
  readonly #services: OpenServices;
  readonly #sessions: Survey<number>;
  readonly #waiting: Survey<ReadonlyMap<string, number>>;
  readonly #copies: Survey<number>;
  readonly #bodies: Survey<{ count: number; bytes: number }> | undefined;

  constructor(services: OpenServices) {
    this.#services = services;
    const { identity, objects, stores, settings } = services;
    this.#sessions = new Survey({ every: 5 * MINUTE, find: () => identity.sessions.countLive() });
    this.#waiting = new Survey({
      every: 15 * SECOND,
      find: async () => {
        const found = new Map<string, number>();
        for (const destination of await objects.outbox.destinations()) {
          const name = targetName(destination);
          const target = isTarget(settings, name) ? name : 'unknown';
          const waiting = await objects.outbox.count(destination, MOST_EVENTS);
          found.set(target, (found.get(target) ?? 0) + waiting);
        }
        return found;
      },
    });
    this.#copies = new Survey({
      every: 15 * SECOND,
      find: async () => {
        let waiting = 0;
        for (const bucket of await objects.replications.destinations())
          waiting += await objects.replications.count(bucket, MOST_EVENTS);
        return waiting;
      },
    });
    // To list what is in a store of another service takes its money and its time.
    this.#bodies = stores.room && new Survey({ every: 15 * MINUTE, find: () => sizeOf(stores.blobs.list()) });
  }

  /** `checks`: of readiness. */
  async families(checks: Checks, workers: number, workerEnds: number): Promise<Family[]> {
    const [sessions, waiting, copies, bodies, records, expiry] = await Promise.all([
      this.#sessions.look(PATIENCE),
      this.#waiting.look(PATIENCE),
      this.#copies.look(PATIENCE),
      this.#bodies?.look(PATIENCE),
      recordsSize(this.#services.settings),
      certificateEnd(this.#services.settings),
    ]);
    const one = (name: Parameters<typeof family>[0], value: number | undefined) =>
      value === undefined ? [] : [family(name, [[{}, value]])];
    const disk = this.#services.stores.room?.disk;
    return [
      family('karikagi_build_info', [[{ version: VERSION, node: process.version }, 1]]),
      ...one('karikagi_sessions_live', sessions),
      ...one('karikagi_store_bytes', records),
      ...one('karikagi_blobs', bodies?.count),
      ...one('karikagi_blob_bytes', bodies?.bytes),
      ...one('karikagi_disk_size_bytes', disk?.size),
      ...one('karikagi_disk_free_bytes', disk?.free),
      ...one('karikagi_disk_reserve_bytes', disk?.reserve),
      family(
        'karikagi_notifications_waiting',
        [...(waiting ?? [])].map(([target, count]) => [{ target }, count]),
      ),
      ...one('karikagi_replication_waiting', copies),
      ...one('karikagi_workers', workers),
      ...one('karikagi_worker_ends_total', workerEnds),
      family(
        'karikagi_ready',
        Object.entries(checks).map(([check, answer]) => [{ check }, answer === 'ok' ? 1 : 0]),
      ),
      ...one('karikagi_certificate_expiry_timestamp_seconds', expiry),
    ];
  }

  /** Resolves once nothing of the stores is being looked at. */
  async settled(): Promise<void> {
    await Promise.all([
      this.#sessions.settled(),
      this.#waiting.settled(),
      this.#copies.settled(),
      this.#bodies?.settled(),
    ]);
  }
}

function isTarget({ notify }: Settings, name: string): boolean {
  return name === 'eventbridge' || Object.hasOwn(notify, name);
}

async function sizeOf(blobs: AsyncIterable<{ readonly size: number }>) {
  let count = 0;
  let bytes = 0;
  for await (const { size } of blobs) {
    count++;
    bytes += size;
  }
  return { count, bytes };
}

/** Bytes of the records' file; undefined where they are not in one of this machine. */
async function recordsSize({ data, kv }: Settings): Promise<number | undefined> {
  if (kv !== undefined || data === 'memory') return undefined;
  return await stat(recordsFile(data)).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** When the listeners' certificate ends, seconds since the epoch; undefined without TLS. */
async function certificateEnd(settings: Settings): Promise<number | undefined> {
  const files = certificateFiles(settings);
  if (files === undefined) return undefined;
  try {
    return Date.parse(new X509Certificate(await readFile(files.cert)).validTo) / 1000;
  } catch {
    return undefined;
  }
}
