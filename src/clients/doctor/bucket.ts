/** Whether keys reach a bucket and a KMS key, and what stands in the way. */
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import type { CredentialsProvider } from '../../credentials/index.js';
import { type DoctorOptions, denialBy, type Finding } from './finding.js';

interface S3Error extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

export async function bucketFindings(
  { bucket: Bucket, prefix = '', key }: DoctorOptions,
  credentials: CredentialsProvider,
  { endpoint, region }: { readonly endpoint?: string | undefined; readonly region: string },
): Promise<Finding[]> {
  if (Bucket === undefined) return [];
  const s3 = new S3Client({
    region,
    credentials,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
  const found: Finding[] = [];
  const attempt = async (action: string, call: () => Promise<unknown>) => {
    const error = await call().then(
      () => undefined,
      (thrown: S3Error) => thrown,
    );
    if (error) found.push(findingOf(error, action, Bucket, key));
  };
  const away = await s3.send(new HeadBucketCommand({ Bucket })).then(
    () => undefined,
    (thrown: S3Error) => placeOf(thrown, Bucket, region),
  );
  if (away) return [away];
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
  return found;
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

function findingOf(error: S3Error, action: string, bucket: string, key: string | undefined): Finding {
  const above = denialBy(error, bucket);
  if (above) return above;
  if (/kms:/i.test(error.message) || /^KMS/.test(error.name)) {
    const fix =
      "allow kms:GenerateDataKey and kms:Decrypt to the role in its policy, and in the key's where the key is another account's";
    return { code: 'kms', what: error.message, where: key ?? `the key of ${bucket}`, fix, sure: 'certain' };
  }
  const resource =
    action === 's3:ListBucket'
      ? `the bucket's own ARN, arn:…:${bucket} without /*`
      : `arn:…:${bucket}/PREFIX*`;
  return {
    code: 'bucket-policy',
    what: `${action}: ${error.message}`,
    where: bucket,
    fix: `allow the role ${action} on ${resource}`,
    sure: 'likely',
  };
}
