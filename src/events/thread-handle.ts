import { Worker } from 'node:worker_threads';
import type { ThreadAnswer, ThreadTask } from './event-thread.js';

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** The thread of the events: started when it is first needed, and again where it has ended. */
export class EventThread {
  #worker: Worker | undefined;
  /** It answers in the order in which it is asked. */
  #waiting: Waiting[] = [];

  /** Rejects where the thread ends before it answers. */
  ask(task: ThreadTask): Promise<ThreadAnswer> {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      worker.ref();
      worker.postMessage(task);
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./event-thread.js', import.meta.url));
    worker.on('message', (answer: ThreadAnswer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) worker.unref();
    });
    const end = (error: unknown) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const { reject } of waiting) reject(error);
    };
    worker.on('error', end);
    worker.on('exit', () => end(new Error('the thread of the events has ended')));
    return worker;
  }
}
