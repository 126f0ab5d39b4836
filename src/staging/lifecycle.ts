/** The rule of a bucket that takes away what was not cleaned. */
import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { CredentialsProvider } from '../credentials/index.js';
import type { Job } from './job.js';

/** Days after which a broken-off run is given up, where the caller does not say it. */
const DAYS = 7;

/**
 * The rule for a job's prefix: objects go after so many days, what is deleted in a versioned bucket and open uploads
 * after one.
 */
export function lifecycleRule({ job, prefix }: Job, days = DAYS): LifecycleRule {
  return {
    ID: `karikagi-staging-${job}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    Expiration: { Days: days },
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
}

/**
 * Puts the rule into the bucket's configuration, in the place of an earlier one of the job; other rules stay. `keys`:
 * of who may s3:GetLifecycleConfiguration and s3:PutLifecycleConfiguration, which a job itself needs not. Throws what
 * S3 answers.
 */
export async function setLifecycle(job: Job, keys: CredentialsProvider, days = DAYS): Promise<LifecycleRule> {
  const { bucket: Bucket, region, endpoint } = job.connection;
  const rule = lifecycleRule(job, days);
  const s3 = new S3Client({
    region,
    credentials: keys,
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
  try {
    const others = (await rulesOf(s3, Bucket)).filter(({ ID }) => ID !== rule.ID);
    const LifecycleConfiguration = { Rules: [...others, rule] };
    await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    return rule;
  } finally {
    s3.destroy();
  }
}

async function rulesOf(s3: S3Client, Bucket: string): Promise<readonly LifecycleRule[]> {
  try {
    return (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules ?? [];
  } catch (error) {
    if ((error as Error).name === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}
