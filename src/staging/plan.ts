/** What a job would do, without doing it. */
import { type SessionCap, sessionCap } from '../credentials/index.js';
import type { Job } from './job.js';
import { overlaps } from './overlap.js';
import { type StagingPolicies, stagingPolicies } from './policies.js';
import { sizeOf } from './source-files.js';
import { selectOf, tableName } from './warehouses/names.js';
import { copyStatement, unloadStatement } from './warehouses/redshift-sql.js';

/** One step, and the calls that it makes. */
export interface PlannedStep {
  readonly step: string;
  readonly calls: readonly string[];
}

export interface Plan {
  readonly steps: readonly PlannedStep[];
  /** Bytes as they lie on the disk; empty for an unload. */
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
  /** How long one session lasts; absent without a role. The job may take longer: sessions are renewed. */
  readonly session?: SessionCap;
  readonly policies: StagingPolicies;
}

/** Plans a job. Makes no call; `principal` as in `stagingPolicies`. Throws `StagingError` where a file is missing. */
export async function planJob(job: Job, principal?: string): Promise<Plan> {
  const { s3IamRoleArn: role, useEc2Role } = job.connection;
  const files = await Promise.all(
    (job.load?.files ?? []).map(async file => ({ file, bytes: await sizeOf(job, file) })),
  );
  const cap = sessionCap({ source: useEc2Role ? 'role' : 'long-term', asked: job.duration });
  return {
    steps: [
      ...(role === undefined ? [] : [assumeStep(job)]),
      ...(job.load ? loadSteps(job) : unloadSteps(job)),
    ],
    files,
    ...(role !== undefined && { session: cap }),
    policies: stagingPolicies(job, principal),
  };
}

function assumeStep({ connection, duration }: Job): PlannedStep {
  const from = connection.useEc2Role ? 'the EC2 role' : 'the caller';
  return {
    step: `${from} assumes ${connection.s3IamRoleArn} for ${duration} s at a time`,
    calls: ['sts:AssumeRole'],
  };
}

const REMOVES: PlannedStep = { step: 'removes the parts', calls: ['s3:ListBucket', 's3:DeleteObject'] };

function partsOf({ connection, prefix, partSize }: Job): string {
  return `in parts of ${partSize / 2 ** 20} MiB under s3://${connection.bucket}/${prefix}`;
}

function loadSteps(job: Job): readonly PlannedStep[] {
  const { load, warehouse } = job;
  const mode = load!.mode ?? 'append';
  const into = `into ${load!.table} (${mode}) in one transaction`;
  const stages = load!.from
    ? {
        step: `stages the rows of ${load!.from.warehouse.type} ${partsOf(job)}`,
        calls: ['SELECT', 's3:PutObject'],
      }
    : { step: `stages the rows ${partsOf(job)}`, calls: ['s3:PutObject'] };
  const loads =
    warehouse.type === 'redshift'
      ? { step: `lets Redshift load them ${into}`, calls: ['s3:PutObject', 'BEGIN', copyText(job), 'COMMIT'] }
      : { step: `loads them ${into}${when(job)}`, calls: [...reads(job), 'BEGIN', 'COPY', 'COMMIT'] };
  return [stages, loads, REMOVES];
}

function unloadSteps(job: Job): readonly PlannedStep[] {
  const { unload, warehouse } = job;
  const stages =
    warehouse.type === 'redshift'
      ? { step: 'lets Redshift stage the rows', calls: [unloadText(job), 's3:GetObject'] }
      : { step: `stages the rows ${partsOf(job)}`, calls: ['COPY', 's3:PutObject'] };
  return [stages, { step: `writes them to ${unload!.file}${when(job)}`, calls: reads(job) }, REMOVES];
}

const when = (job: Job) => (overlaps(job) ? ' as they are staged; resume reads them back' : '');
const reads = (job: Job) => (overlaps(job) ? [] : ['s3:GetObject']);

/** Keys that are not there yet, for a text that shows none. */
const UNKNOWN = { keys: { accessKeyId: '…', secretAccessKey: '…', sessionToken: '…' } };

const authorizationOf = ({ warehouse }: Job) =>
  warehouse.iamRole === undefined ? UNKNOWN : { role: warehouse.iamRole };

function copyText(job: Job): string {
  return copyStatement(job, job.warehouse, {
    table: tableName(job.load!.table),
    columns: job.load!.columns,
    manifest: `s3://${job.connection.bucket}/${job.prefix}RUN/manifest`,
    authorization: authorizationOf(job),
  }).shown;
}

function unloadText(job: Job): string {
  return unloadStatement(job, {
    select: selectOf(job.unload!),
    to: `s3://${job.connection.bucket}/${job.prefix}RUN/part-`,
    authorization: authorizationOf(job),
  }).shown;
}
