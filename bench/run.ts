/**
 * `npm run bench`: what the server does, as ratios to what the machine can do at most, measured in the same run.
 * `npm run bench -- objects`, `-- identity`, `-- encryption`, `-- floods`, `-- memory`, `-- staging`, `-- growth` and
 * `-- cluster` look closer at those, and `-- peers` at other servers. Each ends within two minutes, `-- cluster` and
 * `-- growth` within four (with `--keys`: and one for every million more), `-- peers` within one for each server;
 * `--json` prints the figures alone. See README.md in this directory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/core/clock.js';
import { measureCluster } from './cluster.js';
import { measureEncryption } from './encryption.js';
import { printed } from './figures.js';
import { measureFloods } from './floods.js';
import { measureGrowth } from './growth.js';
import { measureIdentity } from './identity.js';
import { measureMemory } from './memory.js';
import { measureObjects } from './objects.js';
import { measurePeers, peersTable } from './peers.js';
import { measureServer } from './server.js';
import { measureStaging } from './staging.js';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    // Of `growth`: that its bucket holds.
    keys: { type: 'string', default: '300000' },
    // Of `peers`: the programs of other servers.
    minio: { type: 'string' },
    weed: { type: 'string' },
    versitygw: { type: 'string' },
  },
  allowPositionals: true,
});
const measures = {
  server: measureServer,
  cluster: measureCluster,
  identity: measureIdentity,
  encryption: measureEncryption,
  floods: measureFloods,
  growth: (path: string) => measureGrowth(path, Number(values.keys)),
  memory: measureMemory,
  objects: measureObjects,
  staging: measureStaging,
};
const [subject = 'server'] = positionals;
if ((subject !== 'peers' && !Object.hasOwn(measures, subject)) || positionals.length > 1) {
  throw new Error(`what to measure is one of ${Object.keys(measures).join(', ')}, peers`);
}

const directory = await mkdtemp(join(tmpdir(), 'karikagi-bench-'));
try {
  if (subject === 'peers') process.stdout.write(await comparePeers(directory));
  else {
    const figures = await measures[subject as keyof typeof measures](directory);
    process.stdout.write(printed(figures, values.json ?? false));
  }
} finally {
  await rm(directory, { recursive: true });
}

async function comparePeers(path: string): Promise<string> {
  const measured = await measurePeers(path, values);
  if (values.json) return `${JSON.stringify(measured, undefined, 2)}\n`;
  const machine = `${cpus()[0]!.model}, Linux ${release()}, Node ${process.versions.node}`;
  return peersTable(measured, machine, systemClock.now());
}
