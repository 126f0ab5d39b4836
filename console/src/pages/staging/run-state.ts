/** The runs of staging jobs as they lie in a bucket: an object of state for each job, which `karikagi staging` writes. */
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { RunState } from '../../../../src/staging/run-state.js';
import { s3 } from '../../api/s3.js';
import { codeOf } from '../../ui/errors.js';
import type { Page } from '../../ui/query.js';

export type { RunState };

/** The last run of a job. */
export interface JobRun {
  /** The prefix under which the job stages, with the slash at its end. */
  readonly job: string;
  readonly state: RunState;
  readonly changed: Date | undefined;
}

const STATE = 'state.json';

/** Reads the state of a job's last run; `undefined` where there is none. */
export async function runOf(Bucket: string, job: string, signal: AbortSignal): Promise<JobRun | undefined> {
  try {
    const { Body, LastModified } = await s3(new GetObjectCommand({ Bucket, Key: `${job}${STATE}` })).send(
      signal,
    );
    const state: unknown = JSON.parse(await Body!.transformToString());
    return isRunState(state) ? { job, state, changed: LastModified } : undefined;
  } catch (error) {
    if (codeOf(error) === 'NoSuchKey' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** An object of that name may be anybody's. */
function isRunState(value: unknown): value is RunState {
  const { format, run, step, parts } = (value ?? {}) as Partial<RunState>;
  return format === 1 && typeof run === 'string' && typeof step === 'string' && Array.isArray(parts);
}

/** Folders that are looked at for a page. */
const FOLDERS = 100;

/** The jobs whose prefixes are folders of `prefix`, and the one whose prefix it is. */
export async function runsUnder(
  Bucket: string,
  prefix: string,
  ContinuationToken: string | undefined,
  signal: AbortSignal,
): Promise<Page<JobRun>> {
  const Prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const input = { Bucket, Prefix, Delimiter: '/', MaxKeys: FOLDERS, ContinuationToken };
  const listed = await s3(new ListObjectsV2Command(input)).send(signal);
  const folders = (listed.CommonPrefixes ?? []).map(folder => folder.Prefix!);
  const own = (listed.Contents ?? []).some(({ Key }) => Key === `${Prefix}${STATE}`) ? [Prefix] : [];
  const runs = await Promise.all([...own, ...folders].map(job => runOf(Bucket, job, signal)));
  return { items: runs.filter(run => run !== undefined), next: listed.NextContinuationToken };
}

/** Bytes of all parts, before compression. */
export function bytesOf({ parts }: RunState): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}
