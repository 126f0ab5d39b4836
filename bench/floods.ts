/**
 * What others wait for while strangers flood the server: one small GET after the other, and the memory that the flood
 * takes. The floods are those of test/faults/abuse.
 */
import { FLOODS, openFloodedBucket } from '../test/faults/abuse/floods.js';
import { MIB, most, Victim } from '../test/faults/abuse/victim.js';
import { until } from '../test/support/until.js';
import { bound, type Figure } from './figures.js';

/** Small GETs under each flood. */
const PROBES = 100;
/** Milliseconds within which 99 of 100 are to be answered. */
const LIMIT = 250;
/** MiB more than one connection after the other takes. */
const ROOM = 64;

export async function measureFloods(): Promise<readonly Figure[]> {
  const victim = await Victim.start();
  try {
    await openFloodedBucket(victim);
    const figures: Figure[] = [bound('without a flood: p99 of a small GET', await p99(victim), 'ms', LIMIT)];
    for (const [name, bytes, connections = 200] of FLOODS) {
      const packets = bytes();
      for (let i = 0; i < 40; i++) {
        const socket = await victim.send(...packets);
        await victim.probe(1);
        socket.destroy();
      }
      const before = victim.memory();
      let slowest = 0;
      const peak = await most(
        () => victim.memory(),
        async () => {
          await Promise.all(Array.from({ length: connections }, () => victim.send(...packets)));
          slowest = await p99(victim);
        },
      );
      victim.hangUp();
      await until(() => victim.files() < 100);
      figures.push(
        bound(`${name}: p99 of a small GET`, slowest, 'ms', LIMIT),
        bound(`${name}: memory`, (peak - before) / MIB, 'MiB', ROOM),
      );
    }
    return figures;
  } finally {
    await victim.stop();
  }
}

async function p99(victim: Victim): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < PROBES; i++) {
    const before = performance.now();
    await victim.probe(1);
    took.push(performance.now() - before);
  }
  return took.sort((a, b) => a - b)[Math.floor(PROBES * 0.99) - 1]!;
}
