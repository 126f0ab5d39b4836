/** Runs a job, goes on with one after a crash, and clears up. */
import { createHash } from 'node:crypto';
import type { Clock } from '../credentials/index.js';
import { StagingBucket } from './connection.js';
import { StagingError } from './errors.js';
import type { Hear, StagingEvent } from './events.js';
import type { Job } from './job.js';
import { landFile, landRows } from './land.js';
import { stageFiles, stageRows } from './stage.js';
import { newId, OwnedState, type RunState, readState } from './state.js';
import type { Work } from './work.js';

export interface RunOptions {
  /** By which keys are renewed; default the machine's. */
  readonly clock?: Clock;
  readonly hear?: Hear;
}

export interface RunResult {
  readonly run: string;
  readonly rows: number;
  readonly parts: number;
}

/** Loads or unloads. Throws `StagingError`, where a run of this job is not done, and what S3, STS and the disk throw. */
export function runJob(job: Job, options: RunOptions = {}): Promise<RunResult> {
  return withBucket(job, options, async bucket => {
    const state = await OwnedState.begin(bucket, {
      format: 1,
      run: newId(),
      owner: newId(),
      fingerprint: fingerprintOf(job),
      step: 'staging',
      parts: [],
      rows: 0,
    });
    options.hear?.({ event: 'started', run: state.current.run, step: 'staging' });
    return goOn({ job, bucket, state, hear: options.hear ?? (() => undefined) });
  });
}

/**
 * Goes on with the last run, from any machine that has the job file, and for a load the same source files. A process that
 * still works on the run stops at its next step. Throws as `runJob`, and `StagingError` where there is nothing to go on with.
 */
export function resumeJob(job: Job, options: RunOptions = {}): Promise<RunResult> {
  return withBucket(job, options, async bucket => {
    const last = await readState(bucket);
    if (!last || last.step === 'done') throw new StagingError('there is no run to go on with');
    if (last.fingerprint !== fingerprintOf(job)) {
      throw new StagingError(
        `the job file has changed since run ${last.run} began: change it back, or give the run up with "clean"`,
      );
    }
    const state = await OwnedState.take(bucket);
    if (!state) throw new StagingError('there is no run to go on with');
    const { run, step } = state.current;
    options.hear?.({ event: 'resumed', run, step });
    return goOn({ job, bucket, state, hear: options.hear ?? (() => undefined) });
  });
}

/** The same as `runJob` or `resumeJob`, told as events; it throws what they throw. Leaving the loop does not end the run. */
export function jobEvents(
  job: Job,
  { resume = false, clock }: { readonly resume?: boolean; readonly clock?: Clock } = {},
): AsyncIterable<StagingEvent> {
  return new ReadableStream<StagingEvent>({
    start(controller) {
      const hear: Hear = event => controller.enqueue(event);
      (resume ? resumeJob : runJob)(job, { hear, ...(clock && { clock }) }).then(
        () => controller.close(),
        (error: unknown) => controller.error(error),
      );
    },
  });
}

/** The state of the last run; `undefined` where there is none. */
export function jobStatus(job: Job, options: RunOptions = {}): Promise<RunState | undefined> {
  return withBucket(job, options, readState);
}

/** Gives the last run up: removes everything of the job in the bucket. Returns how many objects. Rows that are loaded stay. */
export function cleanJob(job: Job, options: RunOptions = {}): Promise<number> {
  return withBucket(job, options, async bucket => {
    // A process that still works on the run stops at its next step.
    await OwnedState.take(bucket);
    return removeAll(bucket, () => true);
  });
}

async function withBucket<T>(
  job: Job,
  { clock }: RunOptions,
  work: (bucket: StagingBucket) => Promise<T>,
): Promise<T> {
  const bucket = new StagingBucket(job, clock);
  try {
    return await work(bucket);
  } finally {
    bucket.close();
  }
}

async function goOn(work: Work): Promise<RunResult> {
  const { job, bucket, state, hear } = work;
  if (state.current.step === 'staging') {
    const staged = await (job.load ? stageFiles(work) : stageRows(work));
    await state.save({ ...staged, step: 'staged' });
    hear({ event: 'staged', parts: staged.parts.length, rows: staged.rows });
  }
  if (state.current.step === 'staged') {
    await (job.load ? landRows(work) : landFile(work));
    await state.save({ step: 'landed' });
    hear({ event: 'landed', rows: state.current.rows });
  }
  const { run, rows, parts } = state.current;
  if (!job.staging?.keep) {
    const objects = await removeAll(bucket, name => name.startsWith(`${run}/`));
    hear({ event: 'removed', objects });
  }
  await state.save({ step: 'done' });
  hear({ event: 'done', run, rows });
  return { run, rows, parts: parts.length };
}

/** The state goes last: while anything else is left, it says so. */
async function removeAll(bucket: StagingBucket, which: (name: string) => boolean): Promise<number> {
  let removed = 0;
  const last: string[] = [];
  for await (const names of bucket.list()) {
    for (const name of names.filter(which)) {
      if (name.includes('/')) {
        await bucket.delete(name);
        removed++;
      } else last.push(name);
    }
  }
  for (const name of last) await bucket.delete(name);
  return removed + last.length;
}

/** What must not change within a run; keys and endpoints may. */
function fingerprintOf({ job, load, unload, dialect, partSize, connection }: Job): string {
  const what = JSON.stringify([job, load, unload, dialect, partSize, connection.bucket]);
  return createHash('sha256').update(what).digest('hex');
}
