/** Shows that a set-up does what it should, with the keys of who assumes its role: what is granted and what is not. */
import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetRoleCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
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
import type { AwsCredentialIdentity } from '@smithy/types';
import { MINUTE_MS } from '../../core/time.js';
import { type Check, type CheckId, check } from './checks.js';
import { randomHex } from './random.js';
import type { Made } from './steps.js';
import type { SetupClients, SetupOptions } from './types.js';

type Provider = () => Promise<AwsCredentialIdentity>;

export interface ProofTarget {
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** The keys of who assumes the role. */
  readonly source: Provider;
  /**
   * Assumes the role with those keys, for a session of 900 seconds. What it throws has the service's code as
   * `answered`, or else as `name`.
   */
  assume(roleArn: string, externalId?: string): Promise<AwsCredentialIdentity>;
  /** The account of the bucket: puts and takes away what the role itself may not. */
  readonly keeper: S3Client;
  /** A bucket that exists and that the role must not reach; without one that is not tried. */
  readonly otherBucket?: string | undefined;
  /**
   * How long new principals and keys may take until they work, milliseconds; default 60,000, as AWS needs some seconds.
   */
  readonly patience?: number;
  /** Called with each check once it is made. */
  seen?(made: Check): void;
}

const PATIENCE = MINUTE_MS;
const PAUSE = 1_000;

/** Never throws for what a service answers: each answer is a check. */
export async function prove(
  options: SetupOptions,
  { names, externalId }: Made,
  { endpoint, region, source, assume, keeper, otherBucket, patience = PATIENCE, seen }: ProofTarget,
): Promise<Check[]> {
  const checks: Check[] = [];
  const add = (id: CheckId, granted: boolean, outcome: unknown) => {
    const made = checkOf(id, granted, outcome);
    checks.push(made);
    seen?.(made);
  };
  const { roleArn } = names;
  const keys = await patiently(() => assume(roleArn, externalId), patience).catch((error: Error) => error);
  add(externalId === undefined ? 'assumes' : 'assumes-with-id', true, keys);
  if (keys instanceof Error) return checks;
  if (externalId !== undefined) {
    const without = await assume(roleArn).catch((error: Error) => error);
    add('not-without-id', false, without);
  }
  const client = (credentials: Provider) => ({
    region,
    credentials,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
  const config = client(async () => keys);
  await bucketChecks(new S3Client(config), keeper, options, otherBucket, add);
  const iam = new IAMClient(config);
  const asked = iam.send(new GetRoleCommand({ RoleName: names.role }));
  add('no-iam', false, await asked.catch((error: Error) => error));
  const bare = new S3Client(client(source));
  const listed = bare.send(new ListObjectsV2Command({ Bucket: options.bucket, Prefix: options.prefix }));
  const own = `nothing-as-${options.source.kind}` as const;
  add(own, false, await listed.catch((error: Error) => error));
  return checks;
}

/** Has a key of a user made for a proof, and deletes it afterwards. Throws what IAM answers. */
export async function withNewKey<T>(
  { iam }: Pick<SetupClients, 'iam'>,
  UserName: string,
  use: (keys: AwsCredentialIdentity) => Promise<T>,
): Promise<T> {
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const AccessKeyId = AccessKey!.AccessKeyId!;
  try {
    return await use({ accessKeyId: AccessKeyId, secretAccessKey: AccessKey!.SecretAccessKey! });
  } finally {
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  }
}

async function bucketChecks(
  s3: S3Client,
  keeper: S3Client,
  { bucket: Bucket, prefix, access }: SetupOptions,
  otherBucket: string | undefined,
  add: (id: CheckId, granted: boolean, outcome: unknown) => void,
): Promise<void> {
  const tried = async (id: CheckId, granted: boolean, call: () => Promise<unknown>) => {
    add(id, granted, await call().catch((error: Error) => error));
  };
  const [reads, writes] = [access !== 'write', access !== 'read'];
  const stem = `karikagi-proof-${randomHex(6)}`;
  const Key = `${prefix}${stem}`;
  const strange = `${randomHex(4)}-${stem}`;
  const put = new PutObjectCommand({ Bucket, Key, Body: 'proof' });
  const remove = new DeleteObjectCommand({ Bucket, Key });
  await tried(reads ? 'lists' : 'no-list', reads, () =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix })),
  );
  await tried(writes ? 'puts' : 'no-put', writes, () => s3.send(put));
  if (!writes) await keeper.send(put);
  await tried(reads ? 'gets' : 'no-get', reads, async () => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    if ((await Body?.transformToString()) !== 'proof') throw new Error('another content came back');
  });
  await tried(writes ? 'parts' : 'no-parts', writes, () => uploadInParts(s3, Bucket, Key));
  const deletes = access === 'read-write';
  await tried(deletes ? 'deletes' : 'no-delete', deletes, () => s3.send(remove));
  if (!deletes) await keeper.send(remove);
  await tried('no-put-outside', false, () =>
    s3.send(new PutObjectCommand({ Bucket, Key: strange, Body: 'proof' })),
  );
  await tried('no-list-of-all', false, () => s3.send(new ListObjectsV2Command({ Bucket })));
  await tried('no-buckets', false, () => s3.send(new ListBucketsCommand({})));
  if (otherBucket !== undefined) {
    await tried('no-other-bucket', false, () =>
      s3.send(new ListObjectsV2Command({ Bucket: otherBucket, Prefix: prefix })),
    );
  }
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
function checkOf(id: CheckId, granted: boolean, outcome: unknown): Check {
  const refused = outcome instanceof Error;
  if (granted) return check(id, refused ? textOf(outcome) : undefined);
  if (!refused) return check(id, 'it is allowed');
  return check(id, isDenial(outcome) ? undefined : textOf(outcome));
}

/** The code of a service's answer. */
function codeOf(error: Error & { readonly answered?: string | undefined }): string {
  return error.answered ?? error.name;
}

function isDenial(error: Error & { $metadata?: { httpStatusCode?: number } }): boolean {
  return /^AccessDenied/.test(codeOf(error)) || error.$metadata?.httpStatusCode === 403;
}

const textOf = (error: Error) => `${error.name}: ${error.message}`;

async function patiently<T>(ask: () => Promise<T>, patience: number): Promise<T> {
  for (let waited = 0; ; waited += PAUSE) {
    try {
      return await ask();
    } catch (error) {
      const young = /AccessDenied|InvalidClientTokenId/.test(codeOf(error as Error));
      if (!young || waited >= patience) throw error;
      await new Promise(done => setTimeout(done, PAUSE));
    }
  }
}
