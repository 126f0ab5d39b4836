/**
 * A server of several processes: workers answer requests on one shared socket and one data directory; the primary
 * starts them, starts anew what ends, and does what only one process may do.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ReadElsewhere } from '../../objects/index.js';
import type { OpenServices } from '../compose.js';
import { type Question, Questions, type ToPrimary, type ToWorker } from './messages.js';

/** Between the end of a worker and the start of the next in its place, milliseconds: one that cannot live must not take all there is. */
const PAUSE = 1000;

/** How much longer than its running requests a worker may take to stop, milliseconds. */
const STOPPING = 5000;

/** Between two looks at whether the workers still work, milliseconds. */
const LOOK_EVERY = 5000;
/** Looks that a worker may leave unanswered: it is stopped, or hangs, and may hold a lock that all wait for. */
const MOST_UNANSWERED = 6;

/** A worker that has started. */
interface Running {
  readonly worker: Worker;
  unanswered: number;
  readonly questions: Questions;
}

export class Workers {
  readonly #running = new Map<number, Running>();
  #stopping = false;
  #looks: NodeJS.Timeout | undefined;

  /** Of the blobs, those that are being read in a worker. */
  readonly reading: ReadElsewhere = blobs => readBy([...this.#running.values()], blobs);

  /** Starts all of them; answers the port that they share. Throws the message of a worker that cannot start. */
  async start(services: OpenServices): Promise<number> {
    const { workers, port } = services.settings;
    this.#looks = setInterval(() => this.#look(services), LOOK_EVERY);
    cluster.setupPrimary({ exec: fileURLToPath(new URL('./worker.js', import.meta.url)), args: [] });
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
  async stop(grace: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#looks);
    await Promise.all(
      [...this.#running.values()].map(async ({ worker }) => {
        const ended = once(worker, 'exit');
        tell(worker, { kind: 'stop', grace });
        const cut = setTimeout(() => worker.process.kill('SIGKILL'), grace + STOPPING);
        await ended;
        clearTimeout(cut);
      }),
    );
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
    const questions = new Questions(question => tell(worker, question));
    const running = { worker, questions, unanswered: 0 };
    this.#running.set(worker.id, running);
    worker.on('exit', () => {
      this.#running.delete(worker.id);
      questions.end();
    });
    const shared = await new Promise<number>((resolve, reject) => {
      worker.on('message', (message: ToPrimary) => {
        switch (message.kind) {
          case 'listening':
            tell(worker, { kind: 'start', settings: { ...services.settings, port } });
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
    worker.on('exit', (status, signal) => this.#replace(services, shared, signal ?? `status ${status}`));
    return shared;
  }

  /** A worker that ended is followed by another, however often. */
  #replace(services: OpenServices, port: number, why: string): void {
    if (this.#stopping) return;
    services.log.error('a worker ended; another takes its place', { why });
    setTimeout(() => {
      if (this.#stopping) return;
      // The socket lives as long as a worker does; with the last one, a free port would become another.
      const asked = this.#running.size === 0 ? port : services.settings.port;
      this.#startOne(services, asked).catch(error => this.#replace(services, port, String(error)));
    }, PAUSE);
  }

  async #answer({ objects }: OpenServices, asking: Worker, { number, blobs }: Question): Promise<void> {
    const others = [...this.#running.values()].filter(({ worker }) => worker !== asking);
    const elsewhere = await readBy(others, blobs);
    tell(asking, { kind: 'answer', number, read: [...elsewhere, ...objects.leaveToReaders(blobs)] });
  }
}

async function readBy(workers: readonly Running[], blobs: readonly string[]): Promise<ReadonlySet<string>> {
  const answers = await Promise.all(workers.map(({ questions }) => questions.ask(blobs)));
  return new Set(answers.flatMap(read => [...read]));
}

/** One that is ending hears nothing more. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
