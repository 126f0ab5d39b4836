/** A key service in memory and callers to use it as. For tests. */
import type { Call, Service } from '../../operation.js';
import { openMemoryKv } from '../../store/memory.js';
import { type KeyPair, openWorld, run, type World } from '../harness.test.support.js';
import { type Kms, kmsService, openKms } from './index.js';

export const ROOT_KEY = new Uint8Array(32).fill(9);
export const ACCOUNT = '111122223333';

export interface KmsWorld {
  readonly world: World;
  readonly kms: Kms;
  readonly service: Service;
  /** The root user of account 111122223333. */
  readonly root: KeyPair;
  /** Calls an operation in us-east-1. */
  call<O>(keys: KeyPair, operation: string, input?: object): Promise<O>;
  /** Calls an operation in another region. */
  callIn<O>(region: string, keys: KeyPair, operation: string, input?: object): Promise<O>;
}

export async function openKmsWorld(partition = 'aws', kv = openMemoryKv()): Promise<KmsWorld> {
  const world = await openWorld(partition);
  const { principals } = world.identity;
  const kms = await openKms({ kv, rootKey: ROOT_KEY, clock: world.clock, principals });
  const service = kmsService({ kms });
  return {
    world,
    kms,
    service,
    root: world.root,
    call: (keys, operation, input = {}) => run(world, service, keys, operation, input),
    callIn: (region, keys, operation, input = {}) =>
      run(world, inRegion(service, region), keys, operation, input),
  };
}

/** The service as it is called in a region. */
export function inRegion(service: Service, region: string): Service {
  const calls = new WeakMap<Call, Call>();
  const moved = (call: Call) => {
    const known = calls.get(call) ?? { ...call, region };
    calls.set(call, known);
    return known;
  };
  const operations = [...service.operations].map(
    ([name, operation]) =>
      [
        name,
        {
          name,
          requires: (input: never, call: Call) => operation.requires(input, moved(call)),
          run: (input: never, call: Call) => operation.run(input, moved(call)),
        },
      ] as const,
  );
  return { id: service.id, operations: new Map(operations) };
}

export const bytes = (text: string): Uint8Array => Buffer.from(text);
