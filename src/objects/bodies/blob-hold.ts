/**
 * Keeps blobs from being deleted while somebody copies those that a copy of the records names.
 *
 * A blob is deleted after its last reference went, and only if, after that, no hold was found. So a reader that puts a
 * hold into the store and then copies the records has in the copy no reference to a blob that a hold came too late for.
 * A hold runs out by itself, since its reader may end at any moment.
 */

import { randomUUID } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { type Scheduler, systemScheduler } from '../../core/scheduler.js';
import { MINUTE_MS } from '../../core/time.js';
import type { SpaceOf } from '../../store/keyspace.js';
import { type Key, type Kv, under } from '../../store/kv.js';
import { recordType } from '../../store/records.js';

/** Of a hold that is not renewed, milliseconds. */
const LEASE_MS = 5 * MINUTE_MS;
/** Between renewals, milliseconds. */
const RENEW_MS = 30_000;

const TABLE: SpaceOf<'objects'> = 'blob-hold';
/** `until`: milliseconds since the epoch. */
const holds = recordType<{ readonly until: number }>({ version: 1 });

/** Whether somebody copies blobs. `now`: milliseconds since the epoch. */
export async function areBlobsHeld(kv: Kv, now: number): Promise<boolean> {
  const rows = await kv.list(under([TABLE]));
  return rows.some(row => holds.decode(row.value).until > now);
}

export interface BlobHold {
  /** Throws where the hold ran out meanwhile: then blobs may have been deleted. */
  demand(): void;
  release(): Promise<void>;
}

/** Holds all blobs until it is released, or until this process ends and some minutes have passed. */
export async function holdBlobs(
  kv: Kv,
  clock: Clock,
  scheduler: Scheduler = systemScheduler,
): Promise<BlobHold> {
  const key: Key = [TABLE, randomUUID()];
  let until = clock.now() + LEASE_MS;
  await kv.commit([], [{ key, value: holds.encode({ until }) }, ...(await expired(kv, clock.now()))]);
  let lost = false;
  const renew = async (): Promise<void> => {
    const entry = await kv.get(key);
    const now = clock.now();
    if (!entry || now >= until) {
      lost = true;
      return;
    }
    const value = holds.encode({ until: now + LEASE_MS });
    if (await kv.commit([{ key, version: entry.version }], [{ key, value }])) until = now + LEASE_MS;
  };
  let renewing = Promise.resolve();
  const cancel = scheduler.every(RENEW_MS, () => {
    // What fails is tried again, until the hold has run out.
    renewing = renewing.then(renew).catch(() => undefined);
  });
  return {
    demand() {
      if (lost || clock.now() >= until)
        throw new Error('it took so long that blobs may have been deleted meanwhile');
    },
    async release() {
      cancel();
      await renewing;
      await kv.commit([], [{ key, value: undefined }]);
    },
  };
}

async function expired(kv: Kv, now: number) {
  const rows = await kv.list(under([TABLE]));
  return rows
    .filter(row => holds.decode(row.value).until <= now)
    .map(row => ({ key: row.key, value: undefined }));
}
