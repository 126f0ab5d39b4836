/**
 * Settings that a bucket has by id, and that nothing here acts on: storage class analyses, metrics, and tiers of
 * S3 Intelligent-Tiering. They are stored, checked and given back, so that tools which manage a bucket whole find what
 * they put (docs/s3.md says that no analysis, metric or tier comes of them).
 */
import type {
  AnalyticsConfiguration,
  IntelligentTieringConfiguration,
  MetricsConfiguration,
  Tag,
  Tiering,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, ConfigurationKind, Objects, SettingsById } from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';
import { openToken, sealToken } from '../listing/tokens.js';
import { notImplemented } from '../object/attributes.js';
import type { BucketInput } from '../target.js';

/** "The ID must … contain up to 64 characters: letters, numbers, periods, dashes, and underscores". */
export const CONFIGURATION_ID = /^[\w.-]{1,64}$/;
/** "This action supports list pagination and does not return more than 100 configurations at a time". */
const PAGE = 100;

interface Configuration {
  readonly Id: string | undefined;
}

type Input = BucketInput & {
  readonly Id?: string | undefined;
  readonly ContinuationToken?: string | undefined;
};

/** What each operation does, of one kind. `demand` throws what S3 answers to one that cannot be. */
function operationsOn<T extends Configuration>(
  kind: ConfigurationKind,
  demand: (asked: T, bucket: Bucket) => void,
) {
  const settings = ({ configurations }: Objects) => configurations[kind] as SettingsById<T>;
  const member = `${kind}Configuration`;
  const read = `s3:Get${member}`;
  const write = `s3:Put${member}`;
  return {
    put: bucketOperation<Input, object>(write, async (bucket, input, { objects }) => {
      const asked = (input as unknown as Record<string, T | undefined>)[member];
      // Another id in the document than in the query (recorded: test_s3_analytics_configurations,
      // test_s3_intelligent_tier_config).
      if (!asked || asked.Id !== input.Id) throw s3Errors.MalformedXML();
      if (!CONFIGURATION_ID.test(asked.Id ?? '')) throw s3Errors.InvalidConfigurationId();
      demand(asked, bucket);
      await settings(objects).put(bucket, asked.Id!, () => asked);
      return {};
    }),
    get: bucketOperation<Input, object>(read, async (bucket, { Id = '' }, { objects }) => {
      const found = await settings(objects).find(bucket, Id);
      if (!found) throw s3Errors.NoSuchConfiguration();
      return { [member]: found };
    }),
    list: bucketOperation<Input, object>(read, async (bucket, { ContinuationToken }, { objects }) => {
      const found = await settings(objects).list(bucket, openToken(ContinuationToken), PAGE + 1);
      const page = found.slice(0, PAGE);
      const isTruncated = found.length > PAGE;
      return {
        ContinuationToken,
        IsTruncated: isTruncated,
        ...(isTruncated && { NextContinuationToken: sealToken(page.at(-1)!.Id!) }),
        ...(page.length > 0 && { [`${member}List`]: page }),
      };
    }),
    delete: bucketOperation<Input, object>(write, async (bucket, { Id = '' }, { objects }) => {
      if (!(await settings(objects).delete(bucket, Id))) throw s3Errors.NoSuchConfiguration();
      return {};
    }),
  };
}

interface Filter {
  readonly Prefix?: string | undefined;
  readonly Tag?: Tag | undefined;
  readonly And?:
    | { readonly Prefix?: string | undefined; readonly Tags?: readonly Tag[] | undefined }
    | undefined;
}

/**
 * One condition, or several in `And` ("The filter must have exactly one prefix, one tag, or one conjunction",
 * AnalyticsFilter, S3 API Reference). Throws MalformedXML.
 */
function demandFilter(filter: object | undefined): void {
  if (!filter) return;
  const { Prefix, Tag: tag, And } = filter as Filter;
  const given = [Prefix, tag, And].filter(condition => condition !== undefined);
  if (given.length > 1) throw s3Errors.MalformedXML();
}

function demandAnalytics(
  { Filter: filter, StorageClassAnalysis: analysis }: AnalyticsConfiguration,
  bucket: Bucket,
): void {
  demandFilter(filter);
  const arn = analysis?.DataExport?.Destination?.S3BucketDestination?.Bucket;
  if (arn === undefined) return;
  const [, partition, service, , , name] = arn.split(':');
  if (partition !== bucket.partition || service !== 's3' || !name)
    throw s3Errors.InvalidS3DestinationBucket();
}

/**
 * "ARCHIVE_ACCESS … a minimum of 90 days", "DEEP_ARCHIVE_ACCESS … a minimum of 180", "The maximum is 730" ("Managing S3
 * Intelligent-Tiering", S3 User Guide; Tiering, S3 API Reference).
 */
const FEWEST_DAYS: Readonly<Record<string, number>> = { ARCHIVE_ACCESS: 90, DEEP_ARCHIVE_ACCESS: 180 };
const MOST_DAYS = 730;

function demandTiers({ Filter: filter, Tierings = [] }: IntelligentTieringConfiguration): void {
  demandFilter(filter);
  if (Tierings.length === 0) throw s3Errors.MalformedXML();
  const tiers = new Set(Tierings.map(({ AccessTier }) => AccessTier));
  if (tiers.size < Tierings.length || !Tierings.every(isTier)) {
    throw s3Errors.InvalidArgument(
      'The Days of a tier are at least 90 for ARCHIVE_ACCESS, at least 180 for DEEP_ARCHIVE_ACCESS, and at most 730, and no tier is named twice.',
    );
  }
}

function isTier({ AccessTier, Days = 0 }: Tiering): boolean {
  return Days >= FEWEST_DAYS[AccessTier ?? '']! && Days <= MOST_DAYS;
}

function demandMetrics({ Filter: filter }: MetricsConfiguration): void {
  const accessPoint = filter?.AccessPointArn ?? filter?.And?.AccessPointArn;
  if (accessPoint !== undefined) throw notImplemented('AccessPointArn');
  demandFilter(filter);
}

const analytics = operationsOn('Analytics', demandAnalytics);
const tiering = operationsOn('IntelligentTiering', demandTiers);
const metrics = operationsOn('Metrics', demandMetrics);

export const configurationOperations = {
  DeleteBucketAnalyticsConfiguration: analytics.delete,
  DeleteBucketIntelligentTieringConfiguration: tiering.delete,
  DeleteBucketMetricsConfiguration: metrics.delete,
  GetBucketAnalyticsConfiguration: analytics.get,
  GetBucketIntelligentTieringConfiguration: tiering.get,
  GetBucketMetricsConfiguration: metrics.get,
  ListBucketAnalyticsConfigurations: analytics.list,
  ListBucketIntelligentTieringConfigurations: tiering.list,
  ListBucketMetricsConfigurations: metrics.list,
  PutBucketAnalyticsConfiguration: analytics.put,
  PutBucketIntelligentTieringConfiguration: tiering.put,
  PutBucketMetricsConfiguration: metrics.put,
};
