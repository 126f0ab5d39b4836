import { randomUUID } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { DAY_MS } from '../../core/time.js';
import type { Database } from '../../store/tables.js';
import { type AccessJob, tables } from '../model.js';

/** How long a job is kept (IAM API Reference, GetServiceLastAccessedDetails: its report is available for 7 days). */
const LIFE = 7 * DAY_MS;

/** Jobs that report when services were last used. A job is a question; it is answered when it is asked for. */
export class AccessJobs {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Resolves with the job's id. Jobs that are over are forgotten at the same time. */
  async create(home: Account, { arn, granularity }: Pick<AccessJob, 'arn' | 'granularity'>): Promise<string> {
    const id = randomUUID();
    const created = this.#clock.now();
    await this.#db.transact(home.id, async transaction => {
      for (const { parts, value } of await transaction.list(tables.accessJobs, [home.id])) {
        if (value.created + LIFE <= created) transaction.delete(tables.accessJobs, ...parts);
      }
      transaction.put(tables.accessJobs, [home.id, id], { arn, granularity, created });
    });
    return id;
  }

  async find(home: Account, id: string): Promise<AccessJob | undefined> {
    const job = await this.#db.get(tables.accessJobs, home.id, id);
    return job !== undefined && job.created + LIFE > this.#clock.now() ? job : undefined;
  }
}
