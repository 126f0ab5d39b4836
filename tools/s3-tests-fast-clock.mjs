/**
 * A server whose days last seconds, for those of ceph/s3-tests that wait for lifecycle rules. The server has no switch
 * for this: it is started in this process, as anyone may start one, with a clock that runs fast. Clients must sign by
 * the same clock, and s3_tests_fast_clock.py makes botocore do so; docs/conformance.md shows the whole way.
 *
 *   npm run build && eval "$(node tools/s3-tests-fast-clock.mjs --data DIRECTORY --port 9000 [--day SECONDS])"
 *
 * Prints two lines for a shell, the clock (its start in milliseconds since the epoch, and how much faster it runs) and
 * the process to end, and goes on in the background.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { startServer } from '../dist/src/index.js';

const DAY_SECONDS = 24 * 3600;

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' },
    port: { type: 'string', default: '9000' },
    day: { type: 'string', default: '20' },
    start: { type: 'string' },
  },
});
const rate = DAY_SECONDS / Number(flags.day);

if (flags.start === undefined) {
  const start = String(Date.now());
  const server = spawn(process.execPath, [...process.argv.slice(1), '--start', start], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    server.stdout.once('data', resolve);
    server.once('exit', code => reject(new Error(`the server ended with ${code}`)));
  });
  process.stdout.write(`export KARIKAGI_FAST_CLOCK=${start},${rate}\nfast_clock_server=${server.pid}\n`);
  process.exit();
}

const start = Number(flags.start);
const server = await startServer({
  data: flags.data,
  port: Number(flags.port),
  newBuckets: 'open',
  log: 'none',
  clock: { now: () => start + (Date.now() - start) * rate },
});
process.once('SIGTERM', () => server.close());
process.stdout.write('ready\n');
