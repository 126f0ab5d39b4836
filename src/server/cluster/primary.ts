/**
 * A server of several processes: workers answer requests on one shared socket and one data directory; the primary
 * starts them, replaces those that end, and does what only one process may do.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LogLevel } from '../../core/log.js';
import type { Cancel } from '../../core/scheduler.js';
import { within } from '../../core/within.js';
import type { ReadElsewhere } from '../../objects/index.js';
import type { OpenServices } from '../compose.js';
import { Totals } from '../metrics/exposition.js';
import type { Family } from '../metrics/families.js';
import type { WatchedWorkers } from '../monitoring.js';
import type { Settings } from '../settings.js';
import { VERSION } from '../version.js';
import { COMMITS, type Question, Questions, type ToPrimary, type ToWorker } from './messages.js';

/**
 * Between the end of a worker and the start of the next in its place, milliseconds: one that cannot live must not take
 * all there is.
 */
const PAUSE = 1000;

/** For a worker that another has replaced: nothing waits for its end. Milliseconds for its requests to end. */
const RETIREMENT = 5 * 60 * 1000;
/**
 * How long its connections have to be quiet: a connection that is in use brings another request within that.
 * Milliseconds.
 */
const STILL = 5000;

/** How much longer than its running requests a worker may take to stop, milliseconds. */
const STOPPING = 5000;

/** How long a worker may take to say what it has counted, milliseconds. */
const COUNTING = 2000;

/** Between two looks at whether the workers still work, milliseconds. */
const LOOK_EVERY = 5000;
/** Looks that a worker may leave unanswered: it is stopped, or hangs, and may hold a lock that all wait for. */
const MOST_UNANSWERED = 6;

/** A worker that has started. */
interface Running {
  readonly worker: Worker;
  unanswered: number;
  readonly questions: Questions;
  /** What it had counted when it last said so. */
  counted: readonly Family[];
  /** Hears of the next time that it says so. */
  hears?: (() => void) | undefined;
  /** It takes messages; what was sent to it before went unheard. */
  isListening?: boolean;
  /** It was asked to end, and is not replaced. */
  isRetired?: boolean;
}

export class Workers implements WatchedWorkers {
  readonly totals = new Totals();
  ends = 0;
  readonly #running = new Map<number, Running>();
  #stopping = false;
  /** Those that workers are started with from now on. */
  #settings: Settings | undefined;
  #replacing: Promise<void> = Promise.resolve();
  #endLooks: Cancel = () => {};

  /** Of the blobs, those that are being read in a worker. */
  readonly reading: ReadElsewhere = blobs => readBy([...this.#running.values()], blobs);

  get count(): number {
    return this.#running.size;
  }

  /** What each has counted: of one that does not say so in time, what it said last. */
  async snapshots(): Promise<(readonly Family[])[]> {
    return await Promise.all(
      [...this.#running.values()].map(async running => {
        const heard = new Promise<void>(resolve => {
          const before = running.hears;
          running.hears = () => {
            before?.();
            resolve();
          };
        });
        tell(running.worker, { kind: 'count' });
        await within(COUNTING, heard);
        return running.counted;
      }),
    );
  }

  setLogLevel(level: LogLevel): void {
    for (const { worker } of this.#running.values()) tell(worker, { kind: 'log-level', level });
  }

  /**
   * Replaces the workers one by one: each ends its requests once another answers in its place. `settings`: of the new
   * ones. Rejects where one cannot be started; those that are not replaced by then go on.
   */
  replaceAll(services: OpenServices, settings: Settings): Promise<void> {
    const replace = async () => {
      this.#settings = settings;
      for (const former of [...this.#running.values()]) {
        if (this.#stopping) return;
        // One that ends by itself from now on has a successor already.
        former.isRetired = true;
        try {
          await this.#startOne(services, settings.port);
        } catch (error) {
          former.isRetired = false;
          throw error;
        }
        if (this.#running.has(former.worker.id)) await this.#end(former, RETIREMENT, STILL);
      }
    };
    // One after the other, also where it is asked for again meanwhile.
    const replaced = this.#replacing.then(replace);
    this.#replacing = replaced.catch(() => undefined);
    return replaced;
  }

  /** Starts all of them; answers the port that they share. Throws the message of a worker that cannot start. */
  async start(services: OpenServices): Promise<number> {
    const { workers, port } = services.settings;
    this.#settings = services.settings;
    this.#endLooks = services.scheduler.every(LOOK_EVERY, () => this.#look(services));
    const exec = fileURLToPath(new URL('./worker.js', import.meta.url));
    cluster.setupPrimary({ exec, args: [], stdio: ['inherit', 'inherit', 'inherit', 'ipc', 'pipe'] });
    try {
      // A port of 0 is a free one, which the first worker settles for all.
      let shared = port;
      for (let count = 0; count < workers; count++) shared = await this.#startOne(services, port);
      return shared;
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  /** Lets running requests end for at most `grace` milliseconds. */
  async stop(grace: number, quiet = 0): Promise<void> {
    this.#stopping = true;
    this.#endLooks();
    await Promise.all([...this.#running.values()].map(running => this.#end(running, grace, quiet)));
  }

  async #end({ worker }: Running, grace: number, quiet: number): Promise<void> {
    const ended = once(worker, 'exit');
    tell(worker, { kind: 'stop', grace, quiet });
    const cut = setTimeout(() => worker.process.kill('SIGKILL'), grace + STOPPING);
    await ended;
    clearTimeout(cut);
  }

  /** Ends a worker that no longer answers: the next takes its place. SIGKILL reaches one that is stopped, too. */
  #look({ log }: OpenServices): void {
    for (const running of this.#running.values()) {
      const { worker } = running;
      if (running.unanswered++ < MOST_UNANSWERED) tell(worker, { kind: 'ping' });
      else {
        log.error('a worker does not answer and is ended', { pid: worker.process.pid });
        worker.process.kill('SIGKILL');
      }
    }
  }

  async #startOne(services: OpenServices, port: number): Promise<number> {
    const worker = cluster.fork();
    // Of those that it was started with: a socket that the two share and that has no name.
    const commits = worker.process.stdio[COMMITS] as Duplex;
    const takeOver = services.settings.commits === 'together' ? services.stores.takeOver : undefined;
    if (takeOver) takeOver(commits);
    else commits.destroy();
    const questions = new Questions(question => tell(worker, question));
    const running: Running = { worker, questions, unanswered: 0, counted: [] };
    this.#running.set(worker.id, running);
    worker.on('exit', () => {
      this.#running.delete(worker.id);
      questions.end();
      running.hears?.();
      this.totals.end(running.counted);
    });
    const shared = await new Promise<number>((resolve, reject) => {
      worker.on('message', (message: ToPrimary) => {
        switch (message.kind) {
          case 'listening':
            running.isListening = true;
            if (message.version === VERSION) {
              tell(worker, {
                kind: 'start',
                settings: { ...this.#settings!, port },
                handsOver: takeOver !== undefined,
              });
              break;
            }
            worker.process.kill('SIGKILL');
            reject(new Error(otherVersion(message.version)));
            break;
          case 'counts':
            running.counted = message.families;
            running.hears?.();
            running.hears = undefined;
            tell(worker, { kind: 'heard' });
            break;
          case 'pong':
            running.unanswered = 0;
            break;
          case 'ready':
            resolve(message.port);
            break;
          case 'failed':
            reject(new Error(message.message));
            break;
          case 'question':
            void this.#answer(services, worker, message);
            break;
          case 'answer':
            questions.take(message);
        }
      });
      worker.on('exit', (status, signal) => reject(new Error(`a worker ended with ${signal ?? status}`)));
    });
    worker.on('exit', (status, signal) => {
      if (!running.isRetired) this.#replace(services, shared, signal ?? `status ${status}`);
    });
    return shared;
  }

  /** A worker that ended is followed by another, however often. */
  #replace(services: OpenServices, port: number, why: string): void {
    if (this.#stopping) return;
    this.ends++;
    services.log.error('a worker ended; another takes its place', { why });
    void services.scheduler.pause(PAUSE).then(() => {
      if (this.#stopping) return;
      // The socket lives as long as a worker does; with the last one, a free port would become another.
      const asked = this.#running.size === 0 ? port : services.settings.port;
      this.#startOne(services, asked).catch(error => this.#replace(services, port, String(error)));
    });
  }

  async #answer({ objects }: OpenServices, asking: Worker, { number, blobs }: Question): Promise<void> {
    const others = [...this.#running.values()].filter(({ worker }) => worker !== asking);
    const elsewhere = await readBy(others, blobs);
    tell(asking, { kind: 'answer', number, read: [...elsewhere, ...objects.leaveToReaders(blobs)] });
  }
}

async function readBy(workers: readonly Running[], blobs: readonly string[]): Promise<ReadonlySet<string>> {
  // One that does not listen yet reads nothing, and would never answer.
  const listening = workers.filter(({ isListening }) => isListening);
  const answers = await Promise.all(listening.map(({ questions }) => questions.ask(blobs)));
  return new Set(answers.flatMap(read => [...read]));
}

function otherVersion(version: string): string {
  return `the package on disk is version ${version}, and this server runs ${VERSION}: it must be stopped and started again`;
}

/** One that is ending hears nothing more. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
