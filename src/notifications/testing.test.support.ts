/** For tests: events in an outbox in memory. */
import { ManualClock } from '../core/clock.js';
import type { ObjectEvent, Objects } from '../objects/index.js';
import { openObjects } from '../objects/index.js';
import type { Kv } from '../store/kv.js';
import { openMemoryKv } from '../store/memory/memory.js';
import { openMemoryBlobs } from '../store/memory/memory-blobs.js';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
export const HOOKS = 'arn:aws:sqs:us-east-1:111122223333:hooks';

const origin = {
  requestId: 'REQUEST',
  principalId: 'AWS:AIDA',
  requester: '111122223333',
  sourceIp: '192.0.2.1',
};

export interface Stage {
  readonly objects: Objects;
  readonly clock: ManualClock;
  readonly kv: Kv;
  /** Makes an event of a key that waits for every destination of the bucket. */
  happen(key: string, more?: Partial<ObjectEvent>): Promise<void>;
  /** Keys and events that still wait. */
  waiting(destination?: string): Promise<string[]>;
}

/** A bucket that tells `destinations` of everything that is created. */
export async function openOutbox(destinations: readonly string[] = [HOOKS]): Promise<Stage> {
  const clock = new ManualClock(START);
  const kv = openMemoryKv();
  const objects = await openObjects({ kv, blobs: openMemoryBlobs(() => clock.now()), clock });
  const rules = destinations.map((destination, n) => ({ id: `r${n}`, destination, events: ['s3:*'] }));
  const bucket = await objects.buckets.create({
    name: 'bucket',
    owner: '111122223333',
    partition: 'aws',
    region: 'us-east-1',
    notifications: { rules, bridge: false },
  });
  return {
    objects,
    clock,
    kv,
    async happen(key, more = {}) {
      const event = { event: 'ObjectCreated:Put', key, origin, ...more } as const;
      const { checks, writes } = (await objects.outbox.announce(bucket, event, 0))!;
      await kv.commit(checks, writes);
      objects.outbox.committed();
    },
    async waiting(destination = HOOKS) {
      const found = await objects.outbox.waiting(destination, undefined, 10_000, () => {});
      return found.map(({ event }) => event.key);
    },
  };
}
