/**
 * How a process ends that commits. An exit joins the threads first, and the thread that commits waits for JavaScript,
 * which runs no more then: neither would ever end, with the store locked for all others. So such a process ends at
 * once, as if it were killed.
 */
import { writeSync } from 'node:fs';

const committing = new Set<object>();
let watching = false;
/** What was not caught, in the turn in which that was. */
let uncaught: Error | undefined;

/** Notes that a store commits from now on, or no more. */
export function commits(store: object, now: boolean): void {
  if (!watching) watch();
  if (now) committing.add(store);
  else committing.delete(store);
}

function watch(): void {
  watching = true;
  process.on('exit', () => {
    if (committing.size === 0) return;
    // Node would say it only after this.
    if (uncaught) writeSync(process.stderr.fd, `${uncaught.stack ?? uncaught}\n`);
    process.kill(process.pid, 'SIGKILL');
  });
  process.on('uncaughtExceptionMonitor', error => {
    uncaught = error;
    setImmediate(() => {
      uncaught = undefined;
    });
  });
}
