/** Where a run is, as one object in S3 that only its present owner can write. */
import { randomBytes } from 'node:crypto';
import { STATE, type StagingBucket } from './connection.js';
import { StagingError } from './errors.js';
import type { RunState } from './run-state.js';

const TAKING_TRIES = 20;
export const newId = () => randomBytes(8).toString('hex');

/** The state of a job's last run; `undefined` where there is none. */
export async function readState(bucket: StagingBucket): Promise<RunState | undefined> {
  return (await read(bucket))?.state;
}

async function read(bucket: StagingBucket) {
  const stored = await bucket.find(STATE);
  if (!stored) return undefined;
  const state = JSON.parse(Buffer.from(stored.body).toString()) as RunState;
  if (state.format !== 1) throw new StagingError(`${STATE} has a format that this version does not know`);
  return { state, etag: stored.etag };
}

/** The state of a run that this process owns. Every write is on the condition that no other process has written. */
export class OwnedState {
  #current: RunState;
  #etag: string;
  readonly #bucket: StagingBucket;

  private constructor(bucket: StagingBucket, state: RunState, etag: string) {
    this.#bucket = bucket;
    this.#current = state;
    this.#etag = etag;
  }

  /** Begins a run. Throws `StagingError` where another one is not done. */
  static async begin(bucket: StagingBucket, state: RunState): Promise<OwnedState> {
    const last = await read(bucket);
    if (last && last.state.step !== 'done') {
      throw new StagingError(
        `run ${last.state.run} of this job is not done: go on with "resume", or give it up with "clean"`,
      );
    }
    return new OwnedState(bucket, state, await write(bucket, state, last?.etag ?? null));
  }

  /** Takes a run over: who had it before cannot write its state any more. `undefined` where there is none. */
  static async take(bucket: StagingBucket): Promise<OwnedState | undefined> {
    for (let tries = 1; ; tries++) {
      const last = await read(bucket);
      if (!last) return undefined;
      const state = { ...last.state, owner: newId() };
      try {
        return new OwnedState(bucket, state, await write(bucket, state, last.etag));
      } catch (error) {
        // Who has the run has written meanwhile.
        if (!(error instanceof StagingError) || tries === TAKING_TRIES) throw error;
      }
    }
  }

  get current(): RunState {
    return this.#current;
  }

  /** Writes the changes. Throws `StagingError` where another process has taken the run over. */
  async save(changes: Partial<RunState>): Promise<void> {
    const state = { ...this.#current, ...changes };
    this.#etag = await write(this.#bucket, state, this.#etag);
    this.#current = state;
  }
}

/** How S3 refuses a conditional write ("Conditional writes", S3 User Guide). */
const OTHERS = /^(PreconditionFailed|ConditionalRequestConflict|NoSuchKey)$/;

async function write(bucket: StagingBucket, state: RunState, etag: string | null): Promise<string> {
  const body = Buffer.from(JSON.stringify(state));
  try {
    return await bucket.put(STATE, body, { ifMatch: etag });
  } catch (error) {
    if (!OTHERS.test((error as Error).name)) throw error;
    // An answer that was lost makes the client write twice: then it is its own object that it meets.
    const stored = await bucket.get(STATE);
    if (stored && body.equals(stored.body)) return stored.etag;
    throw new StagingError(`run ${state.run}: another process has taken this job over; this one stops`);
  }
}
