/** What a job would do, without doing it. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type SessionCap, sessionCap } from '../credentials/index.js';
import { StagingError } from './errors.js';
import type { Job } from './job.js';
import { type StagingPolicies, stagingPolicies } from './policies.js';

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
  const files = await Promise.all((job.load?.files ?? []).map(file => sized(job, file)));
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

async function sized(job: Job, file: string) {
  const found = await stat(resolve(job.directory, file)).catch(() => undefined);
  if (!found?.isFile()) throw new StagingError(`load.files: ${file} is not a file`);
  return { file, bytes: found.size };
}

function assumeStep({ connection, duration }: Job): PlannedStep {
  const from = connection.useEc2Role ? 'the EC2 role' : 'the caller';
  return {
    step: `${from} assumes ${connection.s3IamRoleArn} for ${duration} s at a time`,
    calls: ['sts:AssumeRole'],
  };
}

function loadSteps({ connection, prefix, partSize, load }: Job): readonly PlannedStep[] {
  const place = `s3://${connection.bucket}/${prefix}`;
  const mode = load!.mode ?? 'append';
  return [
    { step: `stages the rows in parts of ${partSize / 2 ** 20} MiB under ${place}`, calls: ['s3:PutObject'] },
    {
      step: `loads them into ${load!.table} (${mode}) in one transaction`,
      calls: ['s3:GetObject', 'BEGIN', 'COPY', 'COMMIT'],
    },
    { step: 'removes the parts', calls: ['s3:DeleteObject'] },
  ];
}

function unloadSteps({ connection, prefix, partSize, unload }: Job): readonly PlannedStep[] {
  const place = `s3://${connection.bucket}/${prefix}`;
  return [
    {
      step: `stages the rows in parts of ${partSize / 2 ** 20} MiB under ${place}`,
      calls: ['COPY', 's3:PutObject'],
    },
    { step: `writes them to ${unload!.file}`, calls: ['s3:GetObject'] },
    { step: 'removes the parts', calls: ['s3:DeleteObject'] },
  ];
}
