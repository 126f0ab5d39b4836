/** Runs a job, goes on with one after a crash, and clears up. */
import { createHash } from 'node:crypto';
import type { Clock } from '../credentials/index.js';
import { explained } from './advice.js';
import { StagingBucket } from './connection.js';
import { StagingError } from './errors.js';
import type { Hear, StagingEvent } from './events.js';
import type { Job } from './job.js';
import { landFile, landRows, readBack } from './land.js';
import { overlaps } from './overlap.js';
import { ahead } from './parallel.js';
import type { RowsInParts } from './part-content.js';
import type { RunState } from './run-state.js';
import { stage } from './stage.js';
import { newId, OwnedState, readState } from './state.js';
import type { Loaded } from './warehouses/index.js';
import type { Work } from './work.js';

export interface RunOptions {
  /** By which keys are renewed; default the machine's. */
  readonly clock?: Clock;
  readonly hear?: Hear;
}

export interface RunResult {
  readonly run: string;
  /** In the table, or in the file. */
  readonly rows: number;
  /** In the error file. */
  readonly refused: number;
  readonly parts: number;
}

/**
 * Loads or unloads. Throws `StagingError`, where a run of this job is not done, and what S3, STS and the disk throw.
 */
export function runJob(job: Job, options: RunOptions = {}): Promise<RunResult> {
  return withBucket(job, options, async bucket => {
    await refuseNested(job, bucket);
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
 * Goes on with the last run, from any machine that has the job file, and for a load the same source files. A process
 * that still works on the run stops at its next step. Throws as `runJob`, and `StagingError` where there is nothing to
 * go on with.
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
    const { run, step, parts } = state.current;
    const sum = (what: 'rows' | 'bytes') => parts.reduce((total, part) => total + part[what], 0);
    options.hear?.({
      event: 'resumed',
      run,
      step,
      parts: parts.length,
      rows: sum('rows'),
      bytes: sum('bytes'),
    });
    return goOn({ job, bucket, state, hear: options.hear ?? (() => undefined) });
  });
}

/** The same as `runJob` or `resumeJob`, as events; it throws what they throw. Leaving the loop does not end the run. */
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

/**
 * Gives the last run up: removes everything of the job in the bucket. Returns how many objects. Rows that are loaded
 * stay.
 */
export function cleanJob(job: Job, options: RunOptions = {}): Promise<number> {
  return withBucket(job, options, async bucket => {
    // A process that still works on the run stops at its next step.
    await OwnedState.take(bucket);
    return removeAll(bucket, job.parallel, name => OWN.test(name));
  });
}

async function withBucket<T>(
  job: Job,
  { clock }: RunOptions,
  work: (bucket: StagingBucket) => Promise<T>,
): Promise<T> {
  const bucket = await StagingBucket.open(job, clock);
  try {
    return await work(bucket);
  } catch (error) {
    throw explained(error, job);
  } finally {
    bucket.close();
  }
}

async function goOn(work: Work): Promise<RunResult> {
  const { job, bucket, state, hear } = work;
  const land = job.load ? landRows : landFile;
  let landed: Loaded | undefined;
  if (state.current.step === 'staging') {
    landed = await stage(work, rows => (overlaps(job) ? land(work, rows) : readAll(rows)));
  }
  if (state.current.step === 'staged') {
    landed ??= await land(work, { header: state.current.header, parts: readBack(work) });
    await state.save({ step: 'landed', ...(landed.refused > 0 && { refused: landed.refused }) });
    hear({ event: 'landed', rows: state.current.rows - landed.refused });
  }
  const { run, parts, refused = 0 } = state.current;
  const rows = state.current.rows - refused;
  if (!job.staging?.keep) {
    const objects = await removeAll(bucket, job.parallel, name => name.startsWith(`${run}/`));
    hear({ event: 'removed', objects });
  }
  await state.save({ step: 'done' });
  hear({ event: 'done', run, rows, refused });
  return { run, rows, refused, parts: parts.length };
}

async function readAll({ parts }: RowsInParts): Promise<undefined> {
  while (!(await parts.next()).done);
}

/** What a job makes under its prefix: its state, its runs, and what `validate` tries. */
const OWN = /^(state\.json$|[0-9a-f]{16}\/|validate-[0-9a-f]{16}[/]?)/;

/**
 * Two jobs whose prefixes lie in each other would be listed, and expire, together. Throws `StagingError` where another
 * job's state is inside of this one's prefix, or the other way round as far as this job may read it.
 */
async function refuseNested({ prefix }: Job, bucket: StagingBucket): Promise<void> {
  for await (const names of bucket.list()) {
    const other = names.find(name => !OWN.test(name) && name.endsWith('/state.json'));
    if (other === undefined) continue;
    throw new StagingError(
      `another job works inside of this one's prefix, at ${prefix}${other}: give one of them another prefix or name`,
    );
  }
  // The prefix `staging/` and a job's name make two steps: a job above has one less.
  const steps = prefix.split('/').slice(0, -2);
  for (let length = 2; length <= steps.length; length++) {
    const above = `${steps.slice(0, length).join('/')}/`;
    if (!(await bucket.hasStateAt(above))) continue;
    throw new StagingError(
      `this job's prefix lies inside of another job's, ${above}: give one of them another prefix or name`,
    );
  }
}

/** The state goes last: while anything else is left, it says so. */
async function removeAll(
  bucket: StagingBucket,
  parallel: number,
  which: (name: string) => boolean,
): Promise<number> {
  let removed = 0;
  const last: string[] = [];
  for await (const names of bucket.list()) {
    const own = names.filter(which);
    last.push(...own.filter(name => !name.includes('/')));
    const inRuns = own.filter(name => name.includes('/'));
    for await (const _ of ahead(inRuns, parallel, name => bucket.delete(name))) removed++;
  }
  for (const name of last) await bucket.delete(name);
  return removed + last.length;
}

/** What must not change within a run; keys and endpoints may. */
function fingerprintOf(of: Job): string {
  const { job, load, unload, dialect, partSize, compression, connection, warehouse } = of;
  const { type, path } = warehouse;
  const what = JSON.stringify([
    job,
    load,
    unload,
    dialect,
    partSize,
    compression,
    connection.bucket,
    type,
    path,
  ]);
  return createHash('sha256').update(what).digest('hex');
}
