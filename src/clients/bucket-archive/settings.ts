/** The settings of a bucket that go with it, and how they are read and written. */
import {
  DeletePublicAccessBlockCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketWebsiteCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';

interface Setting {
  /** Undefined, or an error of status 404, where it is not set. */
  readonly get: (s3: S3Client, Bucket: string) => Promise<unknown>;
  readonly put: (s3: S3Client, Bucket: string, value: never) => Promise<unknown>;
  readonly remove?: (s3: S3Client, Bucket: string) => Promise<unknown>;
}

/** In the order in which they are written: who may grant what before what is granted, deletions last. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  ownership: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls,
    put: (s3, Bucket, OwnershipControls) =>
      s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls })),
  },
  publicAccessBlock: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration,
    put: (s3, Bucket, PublicAccessBlockConfiguration) =>
      s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
    remove: (s3, Bucket) => s3.send(new DeletePublicAccessBlockCommand({ Bucket })),
  },
  policy: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy,
    put: (s3, Bucket, Policy) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
  },
  tags: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet,
    put: (s3, Bucket, TagSet) => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
  },
  cors: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules,
    put: (s3, Bucket, CORSRules) =>
      s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } })),
  },
  encryption: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration,
    put: (s3, Bucket, ServerSideEncryptionConfiguration) =>
      s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration })),
  },
  website: {
    get: async (s3, Bucket) => {
      const { $metadata: _, ...website } = await s3.send(new GetBucketWebsiteCommand({ Bucket }));
      return website;
    },
    put: (s3, Bucket, WebsiteConfiguration) =>
      s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration })),
  },
  objectLock: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration,
    put: (s3, Bucket, ObjectLockConfiguration) =>
      s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration })),
  },
  lifecycle: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules,
    put: (s3, Bucket, Rules) =>
      s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
  },
};

/** What is set of a bucket. Throws what S3 answers where the caller may not read a setting. */
export async function readSettings(s3: S3Client, bucket: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const [name, { get }] of Object.entries(SETTINGS)) {
    const value = await get(s3, bucket).catch(ifNotSet);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** Sets a bucket so. Answers what could not be set, and why. */
export async function writeSettings(
  s3: S3Client,
  bucket: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<{ readonly setting: string; readonly problem: string }[]> {
  const failed: { setting: string; problem: string }[] = [];
  for (const [setting, { put, remove }] of Object.entries(SETTINGS)) {
    const value = settings[setting];
    const change = value === undefined ? remove?.(s3, bucket) : put(s3, bucket, withDates(value) as never);
    await change?.catch((error: Error) => failed.push({ setting, problem: error.message }));
  }
  return failed;
}

function ifNotSet(error: unknown): undefined {
  if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return undefined;
  throw error;
}

/** The SDK wants the dates of rules as dates. */
function withDates(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (name, member) =>
    name === 'Date' && typeof member === 'string' ? new Date(member) : member,
  );
}
