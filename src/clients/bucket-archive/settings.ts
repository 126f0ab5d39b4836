/** The settings of a bucket that go with it, and how each is read and written. */
import { isDeepStrictEqual } from 'node:util';
import {
  type AccelerateConfiguration,
  type AccessControlPolicy,
  type AnalyticsConfiguration,
  DeleteBucketOwnershipControlsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAbacCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  type IntelligentTieringConfiguration,
  type InventoryConfiguration,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
  type MetricsConfiguration,
  type PublicAccessBlockConfiguration,
  PutBucketAbacCommand,
  PutBucketAccelerateConfigurationCommand,
  PutBucketAclCommand,
  PutBucketAnalyticsConfigurationCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketIntelligentTieringConfigurationCommand,
  PutBucketInventoryConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketMetricsConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketRequestPaymentCommand,
  PutBucketTaggingCommand,
  PutBucketWebsiteCommand,
  PutObjectLockConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
  type ServerSideEncryptionConfiguration,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { bucketAcl, givenBy } from './acl.js';
import { problemOf } from './archive.js';

export interface Setting {
  /** Undefined, or an error of status 404, where it is not set. */
  readonly get: (s3: S3Client, Bucket: string) => Promise<unknown>;
  readonly put: (
    s3: S3Client,
    Bucket: string,
    value: never,
    circumstances: Circumstances,
  ) => Promise<unknown>;
  readonly remove?: (s3: S3Client, Bucket: string) => Promise<unknown>;
}

/** What decides how settings are put. */
export interface Circumstances {
  /** In place of the KMS key that an archive names, which is another store's; absent: the account's key for S3. */
  readonly kmsKeyId?: string | undefined;
}

/** Lists of objects need it, so it is set before there are any. */
export const OWNERSHIP: Setting = {
  get: async (s3, Bucket) =>
    (await s3.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls,
  put: (s3, Bucket, OwnershipControls) =>
    s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls })),
  remove: (s3, Bucket) => s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket })),
};

/** Set last of all: until then, `MEANWHILE` holds. */
export const PUBLIC_ACCESS_BLOCK: Setting = {
  get: async (s3, Bucket) =>
    (await s3.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration,
  put: (s3, Bucket, PublicAccessBlockConfiguration) =>
    s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
  remove: (s3, Bucket) => s3.send(new DeletePublicAccessBlockCommand({ Bucket })),
};

/** Lets every list and policy be put that was there before the block was, and none of them make anything public. */
export const MEANWHILE: PublicAccessBlockConfiguration = {
  BlockPublicAcls: false,
  IgnorePublicAcls: true,
  BlockPublicPolicy: false,
  RestrictPublicBuckets: true,
};

/**
 * In the order in which they are written: who may grant what before what is granted, deletions and what may refuse
 * the others behind them.
 */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  ownership: OWNERSHIP,
  acl: {
    get: bucketAcl,
    async put(s3, Bucket, acl: AccessControlPolicy) {
      const { Owner, Grants } = await bucketAcl(s3, Bucket);
      const wanted = givenBy(acl, { before: acl.Owner!.ID!, now: Owner!.ID! });
      if (isDeepStrictEqual(givenBy({ Grants }, { before: Owner!.ID!, now: Owner!.ID! }), wanted)) return;
      await s3.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy: wanted }));
    },
  },
  tags: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet,
    put: (s3, Bucket, TagSet) => s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
  },
  // Behind the tags, which it closes.
  abac: {
    get: async (s3, Bucket) => {
      const { AbacStatus } = await s3.send(new GetBucketAbacCommand({ Bucket }));
      return AbacStatus?.Status === 'Enabled' ? AbacStatus : undefined;
    },
    put: (s3, Bucket, AbacStatus) => s3.send(new PutBucketAbacCommand({ Bucket, AbacStatus })),
  },
  cors: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules,
    put: (s3, Bucket, CORSRules) =>
      s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } })),
  },
  encryption: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration,
    put: (s3, Bucket, encryption: ServerSideEncryptionConfiguration, { kmsKeyId }) =>
      s3.send(
        new PutBucketEncryptionCommand({
          Bucket,
          ServerSideEncryptionConfiguration: {
            Rules: encryption.Rules?.map(rule => underKey(rule, kmsKeyId)),
          },
        }),
      ),
  },
  website: {
    get: async (s3, Bucket) => contentOf(await s3.send(new GetBucketWebsiteCommand({ Bucket }))),
    put: (s3, Bucket, WebsiteConfiguration) =>
      s3.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration })),
  },
  requestPayment: {
    get: async (s3, Bucket) => {
      const { Payer } = await s3.send(new GetBucketRequestPaymentCommand({ Bucket }));
      return Payer === 'Requester' ? { Payer } : undefined;
    },
    put: (s3, Bucket, RequestPaymentConfiguration) =>
      s3.send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration })),
  },
  acceleration: {
    get: async (s3, Bucket) => {
      const { Status } = await s3.send(new GetBucketAccelerateConfigurationCommand({ Bucket }));
      return Status && { Status };
    },
    async put(s3, Bucket, wanted: AccelerateConfiguration) {
      // What was never on cannot be suspended.
      const steps = wanted.Status === 'Suspended' ? (['Enabled', 'Suspended'] as const) : [wanted.Status];
      for (const Status of steps) {
        const AccelerateConfiguration = { Status };
        await s3.send(new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration }));
      }
    },
  },
  objectLock: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration,
    put: (s3, Bucket, ObjectLockConfiguration) =>
      s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration })),
  },
  logging: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled,
    put: (s3, Bucket, LoggingEnabled) =>
      s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } })),
  },
  notifications: {
    get: async (s3, Bucket) => {
      const found = contentOf(await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket })));
      return Object.values(found).some(part => part !== undefined) ? found : undefined;
    },
    put: (s3, Bucket, NotificationConfiguration) =>
      s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration })),
  },
  inventories: {
    get: (s3, Bucket) =>
      everyPage(async ContinuationToken => {
        const page = await s3.send(
          new ListBucketInventoryConfigurationsCommand({ Bucket, ContinuationToken }),
        );
        return { found: page.InventoryConfigurationList, next: page.NextContinuationToken };
      }),
    put: (s3, Bucket, inventories: readonly InventoryConfiguration[]) =>
      each(inventories, InventoryConfiguration => {
        const { Id } = InventoryConfiguration;
        return s3.send(new PutBucketInventoryConfigurationCommand({ Bucket, Id, InventoryConfiguration }));
      }),
  },
  analytics: {
    get: (s3, Bucket) =>
      everyPage(async ContinuationToken => {
        const page = await s3.send(
          new ListBucketAnalyticsConfigurationsCommand({ Bucket, ContinuationToken }),
        );
        return { found: page.AnalyticsConfigurationList, next: page.NextContinuationToken };
      }),
    put: (s3, Bucket, analytics: readonly AnalyticsConfiguration[]) =>
      each(analytics, AnalyticsConfiguration => {
        const { Id } = AnalyticsConfiguration;
        return s3.send(new PutBucketAnalyticsConfigurationCommand({ Bucket, Id, AnalyticsConfiguration }));
      }),
  },
  metrics: {
    get: (s3, Bucket) =>
      everyPage(async ContinuationToken => {
        const page = await s3.send(new ListBucketMetricsConfigurationsCommand({ Bucket, ContinuationToken }));
        return { found: page.MetricsConfigurationList, next: page.NextContinuationToken };
      }),
    put: (s3, Bucket, metrics: readonly MetricsConfiguration[]) =>
      each(metrics, MetricsConfiguration => {
        const { Id } = MetricsConfiguration;
        return s3.send(new PutBucketMetricsConfigurationCommand({ Bucket, Id, MetricsConfiguration }));
      }),
  },
  intelligentTiering: {
    get: (s3, Bucket) =>
      everyPage(async ContinuationToken => {
        const page = await s3.send(
          new ListBucketIntelligentTieringConfigurationsCommand({ Bucket, ContinuationToken }),
        );
        return { found: page.IntelligentTieringConfigurationList, next: page.NextContinuationToken };
      }),
    put: (s3, Bucket, tiers: readonly IntelligentTieringConfiguration[]) =>
      each(tiers, IntelligentTieringConfiguration => {
        const { Id } = IntelligentTieringConfiguration;
        return s3.send(
          new PutBucketIntelligentTieringConfigurationCommand({
            Bucket,
            Id,
            IntelligentTieringConfiguration,
          }),
        );
      }),
  },
  replication: {
    get: async (s3, Bucket) =>
      (await s3.send(new GetBucketReplicationCommand({ Bucket }))).ReplicationConfiguration,
    put: (s3, Bucket, ReplicationConfiguration) =>
      s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration })),
  },
  lifecycle: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules,
    put: (s3, Bucket, Rules) =>
      s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } })),
  },
  mfaDelete: {
    get: async (s3, Bucket) => {
      const { MFADelete } = await s3.send(new GetBucketVersioningCommand({ Bucket }));
      return MFADelete === 'Enabled' ? MFADelete : undefined;
    },
    async put() {
      throw new Error('it takes a device of the root user: set it with PutBucketVersioning and x-amz-mfa');
    },
  },
  policy: {
    get: async (s3, Bucket) => (await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy,
    put: (s3, Bucket, Policy) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
  },
  publicAccessBlock: PUBLIC_ACCESS_BLOCK,
};

function contentOf<T extends { readonly $metadata: object }>({ $metadata: _, ...content }: T) {
  return content;
}

/** The settings of a kind that a bucket has by id; undefined where it has none. */
async function everyPage<T>(
  list: (token: string | undefined) => Promise<{
    readonly found: readonly T[] | undefined;
    readonly next: string | undefined;
  }>,
): Promise<T[] | undefined> {
  const all: T[] = [];
  let token: string | undefined;
  do {
    const { found = [], next } = await list(token);
    all.push(...found);
    token = next;
  } while (token !== undefined);
  return all.length > 0 ? all : undefined;
}

/** Puts them all, whatever becomes of the others. Throws an error that names each refusal. */
async function each<T extends { readonly Id: string | undefined }>(
  settings: readonly T[],
  put: (setting: T) => Promise<unknown>,
): Promise<void> {
  const refused: string[] = [];
  for (const setting of settings) {
    await put(setting).catch(error => refused.push(`${setting.Id}: ${problemOf(error)}`));
  }
  if (refused.length > 0) throw new Error(refused.join('; '));
}

/** A default of SSE-KMS under another key, as its objects are put. */
function underKey(
  { ApplyServerSideEncryptionByDefault: byDefault, ...rule }: ServerSideEncryptionRule,
  kmsKeyId: string | undefined,
): ServerSideEncryptionRule {
  if (!byDefault) return rule;
  const KMSMasterKeyID = byDefault.KMSMasterKeyID === undefined ? undefined : kmsKeyId;
  return { ...rule, ApplyServerSideEncryptionByDefault: { ...byDefault, KMSMasterKeyID } };
}
