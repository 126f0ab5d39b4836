import type { Service } from '../../core/operation.js';
import type { Denials } from '../../events/denials.js';
import { MemoryEvents } from '../../events/memory-events.js';
import { type KeyPair, openWorld, run, type World } from '../harness.test.support.js';
import { karikagiService } from './index.js';

export interface KarikagiWorld extends World {
  readonly service: Service;
  /** Runs an operation, as the first account's root user unless told. */
  ask<O = Record<string, unknown>>(operation: string, input?: object, keys?: KeyPair): Promise<O>;
}

export async function openKarikagi(partition = 'aws'): Promise<KarikagiWorld> {
  const world = await openWorld(partition);
  const service = karikagiService({
    identity: world.identity,
    firstAccount: world.account.id,
    denials: undefined as unknown as Denials,
    events: new MemoryEvents(),
    requirementOn: async () => undefined,
  });
  return {
    ...world,
    service,
    ask: (operation, input = {}, keys = world.root) => run(world, service, keys, operation, input),
  };
}
