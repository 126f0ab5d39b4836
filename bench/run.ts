/**
 * `npm run bench`: what the server does, as ratios to what the machine can do at most, measured in the same run.
 * `npm run bench -- objects`, `-- identity`, `-- encryption`, `-- floods`, `-- memory` and `-- staging` look closer at
 * those. Each ends within two minutes; `--json` prints the figures alone. See README.md in this directory.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureEncryption } from './encryption.js';
import { printed } from './figures.js';
import { measureFloods } from './floods.js';
import { measureIdentity } from './identity.js';
import { measureMemory } from './memory.js';
import { measureObjects } from './objects.js';
import { measureServer } from './server.js';
import { measureStaging } from './staging.js';

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const measures = {
  server: measureServer,
  identity: measureIdentity,
  encryption: measureEncryption,
  floods: measureFloods,
  memory: measureMemory,
  objects: measureObjects,
  staging: measureStaging,
};
const [subject = 'server'] = positionals;
if (!Object.hasOwn(measures, subject) || positionals.length > 1) {
  throw new Error(`what to measure is one of ${Object.keys(measures).join(', ')}`);
}

const directory = await mkdtemp(join(tmpdir(), 'karikagi-bench-'));
try {
  const figures = await measures[subject as keyof typeof measures](directory);
  process.stdout.write(printed(figures, values.json ?? false));
} finally {
  await rm(directory, { recursive: true });
}
