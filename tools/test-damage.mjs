/**
 * Damages the store's file in many thousand ways and looks whether each is noticed.
 *
 *   npm run test:damage                      a thousand of each kind: about ten minutes
 *   npm run test:damage -- --cases=50000     so many of each kind
 *   npm run test:damage -- --seed=7          others than in every run before
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});
for (const [name, value] of Object.entries(values)) {
  if (/^[1-9]\d*$/.test(value)) continue;
  console.error(`--${name} must be a whole number`);
  process.exit(1);
}
const file = resolve(import.meta.dirname, '../dist/src/store/lmdb/lmdb-damage.test.js');
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', file], {
  env: { ...process.env, KARIKAGI_DAMAGE_CASES: values.cases, KARIKAGI_DAMAGE_SEED: values.seed },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
