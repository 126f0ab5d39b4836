/**
 * Reads what identity providers write on a thread of its own, one document at a time: a response takes up to some ten
 * milliseconds for every sender. Addresses, and accounts, take turns.
 */

import { Worker } from 'node:worker_threads';
import { ApiError, type ApiErrorDetail } from '../../core/errors.js';
import { FairQueue, QueueFull } from '../../core/fair-queue.js';
import { MINUTE_MS } from '../../core/time.js';
import { errors } from '../errors.js';
import type { SamlIdentity } from './saml-assertion.js';
import type { SamlMetadata } from './saml-metadata.js';
import type { SamlAnswer, SamlQuestion } from './saml-thread.js';

const queue = new FairQueue({ width: 1, perOwner: 32, total: 1000 });

/** Milliseconds until an idle thread ends: most servers need it never, and it takes some ten MiB. */
const IDLE = MINUTE_MS;
/** Milliseconds that a document may take, with the start of the thread: all are bounded, so that is a fault of ours. */
const LONGEST = MINUTE_MS;

type ValueOf<Q extends SamlQuestion> = Q['kind'] extends 'response' ? SamlIdentity : SamlMetadata;

/**
 * What a document says. `owner`: who waits behind others of the same name. Throws what reading it throws, and
 * `Throttling` where too much waits.
 */
export async function askReader<Q extends SamlQuestion>(owner: string, question: Q): Promise<ValueOf<Q>> {
  const answer = await queue
    .run(owner, () => ask(question))
    .catch(error => {
      throw error instanceof QueueFull ? errors.Throttling() : error;
    });
  if (answer.kind === 'read') return answer.value as ValueOf<Q>;
  if (answer.kind === 'failed') throw new Error(answer.error);
  throw new ApiError(answer.code, answer.status, answer.message, answer.detail as ApiErrorDetail);
}

/** What one who waits hears of the thread. */
interface Asker {
  answered(answer: SamlAnswer): void;
  failed(error: Error): void;
}

class Reader {
  readonly #worker = new Worker(new URL('./saml-thread.js', import.meta.url));
  #asker: Asker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    this.#worker.on('message', (answer: SamlAnswer) => this.#asker?.answered(answer));
    this.#worker.on('error', error => this.#end(error));
    this.#worker.on('exit', status => this.#end(new Error(`a thread ended with status ${status}`)));
  }

  async ask(question: SamlQuestion): Promise<SamlAnswer> {
    clearTimeout(this.#idle);
    // A process may end under an idle thread, but not under one that somebody waits for.
    this.#worker.ref();
    const late = setTimeout(() => this.#retire(), LONGEST);
    try {
      return await new Promise<SamlAnswer>((answered, failed) => {
        this.#asker = { answered, failed };
        this.#worker.postMessage(question);
      });
    } finally {
      clearTimeout(late);
      this.#asker = undefined;
      this.#worker.unref();
      this.#idle = setTimeout(() => this.#retire(), IDLE).unref();
    }
  }

  /** The next question goes to another thread. */
  #retire(): void {
    if (reader === this) reader = undefined;
    void this.#worker.terminate();
  }

  #end(error: Error): void {
    if (reader === this) reader = undefined;
    clearTimeout(this.#idle);
    this.#asker?.failed(error);
  }
}

let reader: Reader | undefined;

function ask(question: SamlQuestion): Promise<SamlAnswer> {
  reader ??= new Reader();
  return reader.ask(question);
}
