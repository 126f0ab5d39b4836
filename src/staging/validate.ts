/** Proves a connection before a job needs it, and takes away what it made for that. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  CredentialsError,
  callerIdentity,
  roleMaximum,
  sessionCap,
  sourceKindOf,
  systemClock,
} from '../credentials/index.js';
import { roleKeys, StagingBucket, sourceKeys } from './connection.js';
import type { Job } from './job.js';
import type { WarehouseSettings } from './job-schema.js';
import { placeAt } from './place.js';
import { openWarehouse, type Unloaded } from './warehouses/index.js';

/**
 * One proof. `warning`: the job runs, but something is not as it should be. `skipped`: another one that failed is in
 * the way.
 */
export interface Check {
  /** The action where it is one, `s3:PutObject`, else what is proved, `external ID`. */
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'warning' | 'skipped';
  readonly message: string;
}

type Outcome = Pick<Check, 'result' | 'message'>;

/** Runs every check that the ones before it leave possible. Never throws: what fails is a check that failed. */
export async function* validateJob(job: Job): AsyncGenerator<Check> {
  const known: Check[] = [];
  const check = async (name: string, prove: () => Promise<Outcome | string>): Promise<Check> => {
    const outcome = await prove().catch(failed);
    const whole = typeof outcome === 'string' ? { result: 'passed' as const, message: outcome } : outcome;
    known.push({ name, ...whole });
    return known.at(-1)!;
  };
  const usable = () => known.every(({ result }) => result !== 'failed');
  const { s3IamRoleArn: role } = job.connection;
  yield await check('credentials', async () => (await callerIdentity(sourceKeys(job), job.connection)).arn);
  if (role !== undefined) {
    if (usable()) {
      yield await check('duration', () => provedDuration(job));
      yield await check('sts:AssumeRole', () => provedAssume(job));
      yield await check('external ID', () => provedExternalId(job));
    } else yield skipped('sts:AssumeRole');
  }
  if (usable()) yield* proveBucket(job, check);
  else yield skipped('the bucket');
  const { load, unload } = job;
  if (load?.from) yield await check('source', () => provedWarehouse(job, load.from!, load.from!.warehouse));
  const last = await check('warehouse', () => provedWarehouse(job, unload ?? {}, job.warehouse));
  yield last;
  if (job.warehouse.type !== 'redshift') return;
  if (usable()) yield await check('bucket of the warehouse', () => provedReach(job));
  else yield skipped('bucket of the warehouse');
}

const skipped = (name: string): Check => ({
  name,
  result: 'skipped',
  message: 'not tried: what it needs has failed',
});

function failed(error: unknown): Outcome {
  const { name, message } = error as Error;
  const code = error instanceof CredentialsError ? error.answered : name;
  return { result: 'failed', message: code && code !== 'Error' ? `${code}: ${message}` : message };
}

async function provedDuration(job: Job): Promise<Outcome | string> {
  const { connection, duration } = job;
  const { s3IamRoleArn: role = '' } = connection;
  const source = sourceKeys(job);
  const keys = await source();
  const { arn } = await callerIdentity(async () => keys, connection);
  const cap = sessionCap({
    source: sourceKindOf(arn, keys.accessKeyId),
    asked: duration,
    roleMaximum: await roleMaximum(async () => keys, role, connection),
  });
  return cap.refused ? { result: 'failed', message: cap.text } : cap.text;
}

async function provedAssume(job: Job): Promise<string> {
  const { expiration } = await roleKeys(job, job.connection.externalId)();
  return `a session until ${expiration?.toISOString()}`;
}

/**
 * A trust policy that lets callers in without the ID does not protect ("The confused deputy problem", IAM User Guide).
 */
async function provedExternalId(job: Job): Promise<Outcome | string> {
  const { externalId } = job.connection;
  if (externalId === undefined) return 'the job gives none, and the role asks for none';
  try {
    await roleKeys(job, undefined)();
  } catch (error) {
    if (error instanceof CredentialsError && error.problem === 'Refused')
      return 'refused without it, as it should';
    throw error;
  }
  return {
    result: 'warning',
    message: 'the role may be assumed without it: its trust policy does not ask for it',
  };
}

type Prove = (name: string, prove: () => Promise<Outcome | string>) => Promise<Check>;

async function* proveBucket(job: Job, check: Prove): AsyncGenerator<Check> {
  const bucket = await StagingBucket.open(job, systemClock);
  const probe = `validate-${randomBytes(8).toString('hex')}`;
  const body = randomBytes(64);
  const kms = job.connection.encryption?.type === 'sse-kms';
  try {
    yield await check('s3:ListBucket', async () => {
      for await (const names of bucket.list()) return `${names.length} objects of this job at present`;
      return 'nothing of this job at present';
    });
    const put = await check(kms ? 's3:PutObject, kms:GenerateDataKey' : 's3:PutObject', async () => {
      await bucket.put(probe, body, { ifMatch: null });
      return 'an object was made, on the condition that there is none';
    });
    yield put;
    if (put.result === 'failed') {
      yield skipped('s3:GetObject');
      yield skipped('s3:DeleteObject');
      return;
    }
    yield await check(kms ? 's3:GetObject, kms:Decrypt' : 's3:GetObject', async () => {
      const found = await bucket.get(probe);
      if (!found || Buffer.compare(found.body, body) !== 0) throw new Error('not what was written');
      return 'read as it was written';
    });
    yield await check('s3:DeleteObject', async () => {
      await bucket.delete(probe).catch((error: Error) => {
        error.message += `; s3://${job.connection.bucket}/${job.prefix}${probe} is left behind`;
        throw error;
      });
      return 'the object is gone';
    });
  } finally {
    bucket.close();
  }
}

async function provedWarehouse(
  job: Job,
  what: Unloaded,
  settings: WarehouseSettings,
): Promise<Outcome | string> {
  const { path } = settings;
  if (path !== undefined && !existsSync(resolve(job.directory, path))) {
    // Opening it would make it.
    const makes = settings === job.warehouse && job.load !== undefined;
    const message = `${path} is not there${makes ? ': the load makes it, and needs preSql for the table' : ''}`;
    return { result: makes ? 'warning' : 'failed', message };
  }
  const warehouse = await openWarehouse(job, what, settings);
  try {
    const missing = await warehouse.missingRights();
    if (missing.length > 0) return { result: 'failed', message: `missing: ${missing.join(', ')}` };
    return 'open, with the rights that the job needs';
  } finally {
    await warehouse.close();
  }
}

/** For a warehouse that works on the bucket itself, with its own role or with the connection's keys. */
async function provedReach(job: Job): Promise<string> {
  const bucket = await StagingBucket.open(job, systemClock);
  const name = `validate-${randomBytes(8).toString('hex')}/`;
  const warehouse = await openWarehouse(job, job.unload ?? {}, job.warehouse);
  try {
    return await warehouse.prove!(placeAt({ job, bucket }, name));
  } finally {
    await warehouse.close();
    for await (const names of bucket.list(name)) for (const each of names) await bucket.delete(each);
    bucket.close();
  }
}
