/**
 * Server access logging: where the requests to a bucket are logged ("Logging requests with server access logging", S3
 * User Guide).
 */
import type {
  GetBucketLoggingOutput,
  GetBucketLoggingRequest,
  PutBucketLoggingRequest,
  TargetGrant,
  TargetObjectKeyFormat,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, LoggingSetting } from '../../../objects/index.js';
import { aclsEnabled, listsDisabled } from '../acl/acl.js';
import { listedGrants } from '../acl/acl-input.js';
import { shownGrant } from '../acl/acls.js';
import { bucketOperation, ownAccountOnly } from '../bucket-operation.js';
import type { S3Ports } from '../ports.js';

/** Bytes of a prefix, so that account, region, bucket and times still fit behind it in a key. */
const LONGEST_PREFIX = 800;

/** "To set the logging status of a bucket, you must be the bucket owner" (S3 API Reference, PutBucketLogging). */
export const PutBucketLogging = ownAccountOnly(
  'LOGGING_STATUS',
  bucketOperation<PutBucketLoggingRequest, object>(
    's3:PutBucketLogging',
    async (bucket, { BucketLoggingStatus }, ports) => {
      if (!BucketLoggingStatus) throw s3Errors.MalformedXML();
      const asked = BucketLoggingStatus.LoggingEnabled;
      const { TargetBucket: target = '', TargetPrefix: prefix = '' } = asked ?? {};
      const { TargetGrants = [] } = asked ?? {};
      if (asked) await demandTarget(target, bucket, TargetGrants.length > 0, ports);
      if (Buffer.byteLength(prefix) > LONGEST_PREFIX) throw s3Errors.KeyTooLongError();
      const format = formatOf(asked?.TargetObjectKeyFormat);
      const grants = TargetGrants.length > 0 ? await listedGrants(TargetGrants, ports) : undefined;
      await ports.objects.buckets.update(bucket, { logging: asked && { target, prefix, format, grants } });
      return {};
    },
  ),
);

export const GetBucketLogging = bucketOperation<GetBucketLoggingRequest, GetBucketLoggingOutput>(
  's3:GetBucketLogging',
  ({ logging }) => {
    if (!logging) return {};
    const { target, prefix, format, grants } = logging;
    return {
      LoggingEnabled: {
        TargetBucket: target,
        TargetPrefix: prefix,
        ...(format && { TargetObjectKeyFormat: formatShape(format) }),
        ...(grants && { TargetGrants: grants.map(grant => shownGrant(grant) as TargetGrant) }),
      },
    };
  },
);

/**
 * What can be known beforehand; whether its policy lets S3 write to it is looked at with each log, as on AWS, since a
 * policy may be put later. `granting`: whether the logs are to have lists. Throws InvalidTargetBucketForLogging,
 * CrossLocationLoggingProhibitted, and AccessControlListNotSupported where lists are disabled in the target
 * (hashicorp/terraform-provider-aws#31771 has AWS's sentence).
 */
async function demandTarget(
  name: string,
  source: Bucket,
  granting: boolean,
  { objects }: S3Ports,
): Promise<void> {
  const refuse = (why: string) =>
    s3Errors.InvalidTargetBucketForLogging(why, { members: { TargetBucket: name } });
  const target = await objects.buckets.find(name);
  if (!target) throw refuse('The target bucket for logging does not exist');
  if (target.owner !== source.owner) {
    throw refuse('The owner for the bucket to be logged and the target bucket must be the same.');
  }
  if (target.region !== source.region) {
    const members = {
      // Left out where it is the first region (recorded, test_put_bucket_logging_cross_locations).
      ...(source.region !== 'us-east-1' && { SourceBucketLocation: source.region }),
      TargetBucketLocation: target.region,
    };
    throw s3Errors.CrossLocationLoggingProhibitted({
      members,
      advice: `Take a target bucket in the region of the bucket, ${source.region}.`,
    });
  }
  if (granting && !aclsEnabled(target)) {
    throw listsDisabled(target, 'Target grants not allowed for bucket owner enforced buckets');
  }
  if (target.requesterPays) {
    throw refuse('The target bucket for logging must not be one that its requesters pay for.');
  }
  if (target.objectLock?.defaultRetention) {
    throw refuse('The target bucket for logging must not have a default retention of Object Lock.');
  }
  if (target.encryption && target.encryption.kind !== 'AES256') {
    throw refuse('The target bucket for logging must not be encrypted with KMS by default.');
  }
}

/** Throws MalformedXML. */
function formatOf(asked: TargetObjectKeyFormat | undefined): LoggingSetting['format'] {
  if (!asked) return undefined;
  const { SimplePrefix, PartitionedPrefix } = asked;
  if ((SimplePrefix === undefined) === (PartitionedPrefix === undefined)) throw s3Errors.MalformedXML();
  // The User Guide's default ("Log object key format").
  return PartitionedPrefix ? (PartitionedPrefix.PartitionDateSource ?? 'DeliveryTime') : 'simple';
}

function formatShape(format: NonNullable<LoggingSetting['format']>): TargetObjectKeyFormat {
  return format === 'simple' ? { SimplePrefix: {} } : { PartitionedPrefix: { PartitionDateSource: format } };
}
