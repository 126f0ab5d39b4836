import type { Service } from '../../core/operation.js';
import type { Denials } from '../../events/denials.js';
import { MemoryEvents } from '../../events/memory-events.js';
import { type Kms, openKms } from '../../kms/kms.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { type KeyPair, openWorld, run, type World } from '../harness.test.support.js';
import { karikagiService } from './index.js';

export interface KarikagiWorld extends World {
  readonly service: Service;
  readonly keys: Kms;
  /** Runs an operation, as the first account's root user unless told. */
  ask<O = Record<string, unknown>>(operation: string, input?: object, keys?: KeyPair): Promise<O>;
}

export async function openKarikagi(partition = 'aws'): Promise<KarikagiWorld> {
  const world = await openWorld(partition);
  const { clock, identity } = world;
  const { principals } = identity;
  const keys = await openKms({ kv: openMemoryKv(), rootKey: new Uint8Array(32).fill(9), clock, principals });
  const service = karikagiService({
    identity,
    keys,
    firstAccount: world.account.id,
    denials: undefined as unknown as Denials,
    events: new MemoryEvents(),
    requirementOn: async () => undefined,
  });
  return {
    ...world,
    service,
    keys,
    ask: (operation, input = {}, keys = world.root) => run(world, service, keys, operation, input),
  };
}
