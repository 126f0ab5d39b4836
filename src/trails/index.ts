/** CloudTrail's trails: what of the events is delivered into buckets, and the digests of that. */
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { EventFeed } from '../events/feed.js';
import type { Kv } from '../store/kv.js';
import { Delivery } from './delivery.js';
import { DigestKeys } from './digest-keys.js';
import { Digests } from './digests.js';
import type { LogStore } from './log-store.js';
import { Trails } from './trails.js';

interface TrailsOptions {
  readonly kv: Kv;
  /** 32 bytes: the keys of digests are sealed under it. */
  readonly rootKey: Uint8Array;
  /** Root keys that were replaced: what they sealed still opens. */
  readonly formerRootKeys?: readonly Uint8Array[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly feed: EventFeed;
  readonly logs: LogStore;
}

export interface OpenTrails {
  readonly trails: Trails;
  readonly keys: DigestKeys;
  readonly logs: LogStore;
  readonly delivery: Delivery;
  readonly digests: Digests;
}

export function openTrails(options: TrailsOptions): OpenTrails {
  const { kv, rootKey, formerRootKeys = [], clock, log, feed, logs } = options;
  const trails = new Trails(kv, clock);
  const keys = new DigestKeys(trails.store, clock, [rootKey, ...formerRootKeys]);
  return {
    trails,
    keys,
    logs,
    delivery: new Delivery({ trails, feed, logs, clock, log }),
    digests: new Digests({ trails, keys, logs, clock, log }),
  };
}
