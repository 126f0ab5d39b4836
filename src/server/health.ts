/** Whether the server lives, and whether it is ready for requests. */
import { randomUUID } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { within } from '../core/within.js';
import type { Kv } from '../store/kv.js';
import type { Room } from '../store/room.js';

/** By the name of a check: `ok`, or why it does not hold. Nothing secret, and no path: anyone may ask. */
export type Checks = Readonly<Record<string, string>>;

interface HealthOptions {
  readonly kv: Kv;
  readonly room: Room | undefined;
  /** The file with the root key; undefined where no file holds it. */
  readonly rootKey: string | undefined;
  /** Processes that answer requests. */
  readonly workers: () => number;
}

const OK = 'ok';
/** Between commits that try whether the store can be written to, milliseconds of the machine's time. */
const PROBE_EVERY = 5000;
/** For how long an answer is waited for, milliseconds. */
const PATIENCE = 5000;

export class Health {
  readonly #options: HealthOptions;
  readonly #row = Buffer.from(randomUUID());
  #draining = false;
  #probed = Number.NEGATIVE_INFINITY;
  #store: Promise<string> = Promise.resolve(OK);

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  /** From now on the server is not ready: it ends. */
  drain(): void {
    this.#draining = true;
  }

  /** Asks everything that has to hold for requests to be answered. */
  async checks(): Promise<Checks> {
    return {
      draining: this.#draining ? 'the server is ending' : OK,
      store: await this.#storeWrites(),
      'root-key': await this.#rootKeyIsThere(),
      disk: this.#diskHasRoom(),
      workers: this.#options.workers() > 0 ? OK : 'no process answers requests',
    };
  }

  /** One small commit for all who ask within a few seconds. */
  #storeWrites(): Promise<string> {
    const now = performance.now();
    if (now - this.#probed >= PROBE_EVERY) {
      this.#probed = now;
      this.#store = this.#probe();
    }
    return this.#store;
  }

  async #probe(): Promise<string> {
    const written = this.#options.kv
      .commit([], [{ key: ['server', 'health'], value: this.#row }])
      .then(() => OK)
      .catch(() => 'the store cannot be written to');
    return (await within(PATIENCE, written)) ?? 'the store does not answer';
  }

  async #rootKeyIsThere(): Promise<string> {
    const { rootKey } = this.#options;
    if (rootKey === undefined) return OK;
    return await access(rootKey, constants.R_OK).then(
      () => OK,
      () => 'the file of the root key cannot be read: the server would not start again',
    );
  }

  #diskHasRoom(): string {
    const disk = this.#options.room?.disk;
    return disk === undefined || disk.free >= disk.reserve
      ? OK
      : 'what is left of the disk is kept for deletions';
  }
}

export function isReady(checks: Checks): boolean {
  return Object.values(checks).every(answer => answer === OK);
}
