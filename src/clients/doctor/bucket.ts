/** Whether keys reach a bucket and a KMS key, and what stands in the way. */
import type { KMSClient } from '@aws-sdk/client-kms';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { CredentialsProvider } from '../../credentials/index.js';
import { type DoctorOptions, denialBy, type Finding } from './finding.js';
import { keyPolicyFinding } from './key.js';

interface S3Error extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

interface BucketTarget {
  readonly endpoint?: string | undefined;
  readonly region: string;
  /** Of the role, whose keys reach the bucket. */
  readonly role: string;
  /** Who asks the doctor, where that is of the role's account: may see which buckets the account has. */
  readonly neighbour?: CredentialsProvider | undefined;
  readonly kms: KMSClient;
}

/** With the role's keys. Throws nothing that a service answers. */
export async function bucketFindings(
  options: DoctorOptions,
  credentials: CredentialsProvider,
  target: BucketTarget,
): Promise<Finding[]> {
  const { bucket: Bucket, prefix = '', key } = options;
  if (Bucket === undefined) return [];
  const s3 = clientOf(target, credentials);
  const away = await placeFindings(options, s3, target);
  if (away) return [away];
  const refusals: [string, S3Error][] = [];
  const attempt = (action: string, call: () => Promise<unknown>) =>
    call().catch((thrown: S3Error) => refusals.push([action, thrown]));
  await attempt('s3:ListBucket', () =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix, MaxKeys: 1 })),
  );
  await attempt('s3:PutObject', async () => {
    const Key = `${prefix}karikagi-doctor`;
    const encryption =
      key === undefined ? {} : { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: key };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...encryption }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  });
  s3.destroy();
  const found: Finding[] = [];
  for (const [action, error] of refusals) found.push(await findingOf(error, action, options, target));
  return found;
}

function clientOf({ endpoint, region }: BucketTarget, credentials: CredentialsProvider): S3Client {
  return new S3Client({
    region,
    credentials,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
}

/** A bucket that is nowhere, elsewhere or another account's: nothing else needs to be tried there. */
async function placeFindings(
  { bucket: Bucket, bucketAccount }: DoctorOptions,
  s3: S3Client,
  target: BucketTarget,
): Promise<Finding | undefined> {
  const head = (ExpectedBucketOwner?: string) =>
    s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner })).then(
      () => undefined,
      (thrown: S3Error) => thrown,
    );
  const error = await head();
  if (error === undefined) {
    if (bucketAccount === undefined || !(await head(bucketAccount))) return undefined;
    return otherAccount(Bucket!, `the bucket is not of account ${bucketAccount}`, target);
  }
  const away = placeOf(error, Bucket!, target.region);
  if (away || error.$metadata?.httpStatusCode !== 403 || !target.neighbour) return away;
  const own = await clientOf(target, target.neighbour)
    .send(new ListBucketsCommand({}))
    .catch(() => undefined);
  if (own?.Buckets === undefined || own.Buckets.some(({ Name }) => Name === Bucket)) return undefined;
  const what = "there is a bucket of this name, and it is another account's: names count for all accounts";
  return otherAccount(Bucket!, what, target);
}

function otherAccount(
  bucket: string,
  what: string,
  { role }: BucketTarget,
  sure: Finding['sure'] = 'certain',
): Finding {
  const fix = `check the name, or let the bucket policy in that account allow ${role}`;
  return { code: 'bucket-account', what, where: bucket, fix, sure };
}

/** A bucket that is elsewhere or nowhere; `undefined` for a mere denial, which the next calls explain. */
function placeOf(error: S3Error, bucket: string, region: string): Finding | undefined {
  const status = error.$metadata?.httpStatusCode;
  const real = error.$response?.headers?.['x-amz-bucket-region'];
  if (real !== undefined && real !== region) {
    return {
      code: 'bucket-region',
      what: `the bucket is in ${real}, not in ${region}`,
      where: bucket,
      fix: `use --region ${real}`,
      sure: 'certain',
    };
  }
  if (status !== 404) return undefined;
  return {
    code: 'no-bucket',
    what: 'there is no bucket of this name',
    where: bucket,
    fix: 'check the name',
    sure: 'certain',
  };
}

async function findingOf(
  error: S3Error,
  action: string,
  { bucket: name, key: given, prefix = '' }: DoctorOptions,
  target: BucketTarget,
): Promise<Finding> {
  const bucket = name!;
  const above = denialBy(error, bucket);
  if (above) return above;
  if (/kms:/i.test(error.message) || /^KMS/.test(error.name)) {
    return await keyFindingOf(error, given, bucket, target);
  }
  if (error.message === 'Access Denied' && error.$metadata?.httpStatusCode === 403) {
    // S3 gives its reasons inside one account only ("Troubleshoot access denied (403 Forbidden) errors", S3 User
    // Guide).
    return otherAccount(
      bucket,
      `${action} is denied, and S3 does not say why: so it does for buckets of other accounts`,
      target,
      'likely',
    );
  }
  const resource =
    action === 's3:ListBucket'
      ? `the bucket's own ARN, arn:…:${bucket} without /*`
      : `arn:…:${bucket}/${prefix}*`;
  return {
    code: 'bucket-policy',
    what: `${action}: ${error.message}`,
    where: bucket,
    fix: `allow the role ${action} on ${resource}`,
    sure: 'likely',
  };
}

async function keyFindingOf(
  error: S3Error,
  given: string | undefined,
  bucket: string,
  { role, region, kms }: BucketTarget,
): Promise<Finding> {
  const key = given ?? /arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+/.exec(error.message)?.[0];
  const found = key === undefined ? undefined : await keyPolicyFinding(key, role, region, kms);
  if (found) return found;
  const fix =
    "allow kms:GenerateDataKey and kms:Decrypt to the role in its policy, and in the key's where the key is another account's";
  return { code: 'kms', what: error.message, where: key ?? `the key of ${bucket}`, fix, sure: 'certain' };
}
