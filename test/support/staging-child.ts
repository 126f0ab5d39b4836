/** A process that runs a staging job and is killed, without a chance to clear up, when an event happens, or happens again. */
import { openJob, runJob } from '../../src/staging/index.js';

const [file = '', killAt, times = '1'] = process.argv.slice(2);
let left = Number(times);
await runJob(await openJob(file), {
  hear({ event }) {
    if (event === killAt && --left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
