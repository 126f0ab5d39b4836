/** Shows that a set-up does what it should, with the keys of who assumes its role: what is granted and what is not. */

import { randomBytes } from 'node:crypto';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { MINUTE_MS } from '../../core/time.js';
import { assumeRole, CredentialsError, type CredentialsProvider } from '../../credentials/index.js';
import type { Made } from './steps.js';
import type { SetupOptions, Source } from './types.js';

export interface Check {
  readonly what: string;
  readonly good: boolean;
  /** What was answered instead, where it is not good. */
  readonly answer?: string;
}

export interface ProofTarget {
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Who assumes the role. */
  readonly source: CredentialsProvider;
  /** The account of the bucket: puts and takes away what the role itself may not. */
  readonly keeper: S3Client;
  /** A bucket that exists and that the role must not reach; without one that is not tried. */
  readonly otherBucket?: string | undefined;
  /**
   * How long new principals and keys may take until they work, milliseconds; default 60,000, as AWS needs some seconds.
   */
  readonly patience?: number;
}

const PATIENCE = MINUTE_MS;
const PAUSE = 1_000;

/** Never throws for what a service answers: each answer is a check. */
export async function prove(
  options: SetupOptions,
  { names, externalId }: Made,
  { endpoint, region, source, keeper, otherBucket, patience = PATIENCE }: ProofTarget,
): Promise<Check[]> {
  const target = { endpoint, region, source, roleArn: names.roleArn, duration: 900 };
  const checks: Check[] = [];
  const keys = await patiently(assumeRole({ ...target, externalId }), patience).catch(
    (error: Error) => error,
  );
  const withId = externalId === undefined ? '' : ' with the external ID';
  checks.push(checkOf(`assumes the role${withId}`, true, keys));
  if (keys instanceof Error) return checks;
  if (externalId !== undefined) {
    const without = await assumeRole(target)().catch((error: Error) => error);
    checks.push(checkOf('is refused without the external ID', false, without));
  }
  const client = (credentials: CredentialsProvider) => ({
    region,
    credentials,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
  const config = client(async () => keys);
  checks.push(...(await bucketChecks(new S3Client(config), keeper, options, otherBucket)));
  const iam = new IAMClient(config);
  const asked = iam.send(new GetRoleCommand({ RoleName: names.role }));
  checks.push(checkOf('the role cannot read IAM', false, await asked.catch((error: Error) => error)));
  const bare = new S3Client(client(source));
  const listed = bare.send(new ListObjectsV2Command({ Bucket: options.bucket, Prefix: options.prefix }));
  const who = WHO[options.source.kind];
  checks.push(checkOf(`${who} reaches nothing in S3`, false, await listed.catch((error: Error) => error)));
  return checks;
}

const WHO: Readonly<Record<Source['kind'], string>> = {
  user: 'the user itself',
  'instance-profile': "the instance's own role",
  principal: 'the principal itself',
  service: 'the service',
};

async function bucketChecks(
  s3: S3Client,
  keeper: S3Client,
  { bucket: Bucket, prefix, access }: SetupOptions,
  otherBucket: string | undefined,
): Promise<Check[]> {
  const checks: Check[] = [];
  const check = async (what: string, granted: boolean, call: () => Promise<unknown>) => {
    checks.push(checkOf(what, granted, await call().catch((error: Error) => error)));
  };
  /** One of two names: for what is granted, and for what must be refused. */
  const checkIf = (granted: boolean, does: string, what: string, call: () => Promise<unknown>) =>
    check(granted ? does : `is refused ${what}`, granted, call);
  const [reads, writes] = [access !== 'write', access !== 'read'];
  const stem = `karikagi-proof-${randomBytes(6).toString('hex')}`;
  const Key = `${prefix}${stem}`;
  const strange = `${randomBytes(4).toString('hex')}-${stem}`;
  const put = new PutObjectCommand({ Bucket, Key, Body: 'proof' });
  const remove = new DeleteObjectCommand({ Bucket, Key });
  await checkIf(reads, 'lists the prefix', 'a list of the prefix', () =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix })),
  );
  await checkIf(writes, 'puts an object', 'a put', () => s3.send(put));
  if (!writes) await keeper.send(put);
  await checkIf(reads, 'gets it', 'its content', async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    if ((await Body?.transformToString()) !== 'proof') throw new Error('another content came back');
  });
  await checkIf(writes, 'uploads in parts', 'an upload in parts', () => uploadInParts(s3, Bucket, Key));
  await checkIf(access === 'read-write', 'deletes', 'a deletion', () => s3.send(remove));
  if (access !== 'read-write') await keeper.send(remove);
  await check('is refused a put outside the prefix', false, () =>
    s3.send(new PutObjectCommand({ Bucket, Key: strange, Body: 'proof' })),
  );
  await check('is refused a list of the whole bucket', false, () =>
    s3.send(new ListObjectsV2Command({ Bucket })),
  );
  await check('is refused the names of other buckets', false, () => s3.send(new ListBucketsCommand({})));
  if (otherBucket !== undefined) {
    await check('is refused another bucket', false, () =>
      s3.send(new ListObjectsV2Command({ Bucket: otherBucket, Prefix: prefix })),
    );
  }
  return checks;
}

async function uploadInParts(s3: S3Client, Bucket: string, Key: string): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  try {
    const part = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'proof' }));
    const Parts = [{ PartNumber: 1, ETag: part.ETag }];
    await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  } catch (error) {
    await s3.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  }
}

/** A refusal counts only where it is one of rights: an answer that something is missing would prove nothing. */
function checkOf(what: string, granted: boolean, outcome: unknown): Check {
  const refused = outcome instanceof Error;
  if (granted) return refused ? { what, good: false, answer: textOf(outcome) } : { what, good: true };
  if (!refused) return { what, good: false, answer: 'it is allowed' };
  return isDenial(outcome) ? { what, good: true } : { what, good: false, answer: textOf(outcome) };
}

function isDenial(error: Error & { $metadata?: { httpStatusCode?: number } }): boolean {
  if (error instanceof CredentialsError) return error.answered === 'AccessDenied';
  return /^AccessDenied/.test(error.name) || error.$metadata?.httpStatusCode === 403;
}

const textOf = (error: Error) => `${error.name}: ${error.message}`;

async function patiently<T>(ask: () => Promise<T>, patience: number): Promise<T> {
  for (let waited = 0; ; waited += PAUSE) {
    try {
      return await ask();
    } catch (error) {
      const young =
        error instanceof CredentialsError && /AccessDenied|InvalidClientTokenId/.test(error.answered ?? '');
      if (!young || waited >= patience) throw error;
      await new Promise(done => setTimeout(done, PAUSE));
    }
  }
}
