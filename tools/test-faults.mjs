/**
 * The tests of faults, with kill -9 as often as one can wait for: for a machine that has the night for it.
 *
 *   npm run test:faults -- --rounds=1000               kills the server a thousand times, and so on: some hours
 *   npm run test:faults -- --rounds=1000 --minutes=30  ends each after half an hour, however often that was
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '600' } },
});
for (const [name, value] of Object.entries(values)) {
  if (/^[1-9]\d*$/.test(value)) continue;
  console.error(`--${name} must be a whole number`);
  process.exit(1);
}

const directory = resolve(import.meta.dirname, '../dist/test/faults');
const files = readdirSync(directory).filter(file => file.endsWith('.test.js'));
const options = ['--test', '--test-reporter=spec', '--test-concurrency=1'];
const child = spawn(process.execPath, [...options, ...files.map(file => join(directory, file))], {
  env: {
    ...process.env,
    KARIKAGI_KILL_ROUNDS: values.rounds,
    KARIKAGI_CLUSTER_ROUNDS: values.rounds,
    KARIKAGI_KILL_MINUTES: values.minutes,
    KARIKAGI_MODEL_RUNS: values.rounds,
    KARIKAGI_MODEL_MINUTES: values.minutes,
  },
  stdio: 'inherit',
});
child.on('exit', (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
