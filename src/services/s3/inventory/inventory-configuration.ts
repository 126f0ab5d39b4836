/**
 * Inventories: lists of what is in a bucket, as files in another ("Configuring Amazon S3 Inventory", S3 User Guide).
 */
import type {
  DeleteBucketInventoryConfigurationRequest,
  GetBucketInventoryConfigurationOutput,
  GetBucketInventoryConfigurationRequest,
  InventoryConfiguration,
  InventoryDestination,
  InventoryOptionalField,
  ListBucketInventoryConfigurationsOutput,
  ListBucketInventoryConfigurationsRequest,
  PutBucketInventoryConfigurationRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, Inventory } from '../../../objects/index.js';
import { CONFIGURATION_ID } from '../bucket/configurations.js';
import { bucketOperation } from '../bucket-operation.js';
import { openToken, sealToken } from '../listing/tokens.js';
import { notImplemented } from '../object/attributes.js';
import { FIELDS } from './inventory-fields.js';

const PAGE = 100;
/** Bytes of a prefix, so that bucket, id, times and names still fit behind it in a key. */
const LONGEST_PREFIX = 700;

export const PutBucketInventoryConfiguration = bucketOperation<
  PutBucketInventoryConfigurationRequest,
  object
>(
  's3:PutInventoryConfiguration',
  async (bucket, { Id, InventoryConfiguration: asked }, { objects }) => {
    if (!asked) throw s3Errors.MalformedXML();
    const inventory = inventoryOf(asked, bucket);
    if (inventory.id !== Id) throw s3Errors.IdMismatch();
    await objects.inventories.put(bucket, inventory);
    return {};
  },
  {
    keysOfBody: ({ InventoryConfiguration: asked }) => ({
      's3:InventoryAccessibleOptionalFields': asked?.OptionalFields,
    }),
  },
);

export const GetBucketInventoryConfiguration = bucketOperation<
  GetBucketInventoryConfigurationRequest,
  GetBucketInventoryConfigurationOutput
>('s3:GetInventoryConfiguration', async (bucket, { Id = '' }, { objects }) => {
  const inventory = await objects.inventories.find(bucket, Id);
  if (!inventory) throw s3Errors.NoSuchConfiguration();
  return { InventoryConfiguration: shapeOf(inventory, bucket) };
});

export const ListBucketInventoryConfigurations = bucketOperation<
  ListBucketInventoryConfigurationsRequest,
  ListBucketInventoryConfigurationsOutput
>('s3:GetInventoryConfiguration', async (bucket, { ContinuationToken }, { objects }) => {
  const found = await objects.inventories.list(bucket, openToken(ContinuationToken), PAGE + 1);
  const page = found.slice(0, PAGE);
  const isTruncated = found.length > PAGE;
  return {
    ContinuationToken,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: sealToken(page.at(-1)!.id) }),
    ...(page.length > 0 && {
      InventoryConfigurationList: page.map(inventory => shapeOf(inventory, bucket)),
    }),
  };
});

export const DeleteBucketInventoryConfiguration = bucketOperation<
  DeleteBucketInventoryConfigurationRequest,
  object
>('s3:PutInventoryConfiguration', async (bucket, { Id = '' }, { objects }) => {
  if (!(await objects.inventories.delete(bucket, Id))) throw s3Errors.NoSuchConfiguration();
  return {};
});

/**
 * Throws InvalidConfigurationId, MalformedXML, InvalidS3DestinationBucket, KeyTooLongError, and NotImplemented for
 * formats, fields and keys that there are not.
 */
function inventoryOf(asked: InventoryConfiguration, bucket: Bucket): Inventory {
  const { Id, IsEnabled, IncludedObjectVersions: versions, Schedule, OptionalFields = [], Filter } = asked;
  if (!Id || !CONFIGURATION_ID.test(Id)) throw s3Errors.InvalidConfigurationId();
  const frequency = Schedule?.Frequency;
  if (IsEnabled === undefined || !versions || !frequency) throw s3Errors.MalformedXML();
  const missing = OptionalFields.find(field => !FIELDS.has(field));
  if (missing !== undefined) throw notImplemented(missing);
  return {
    id: Id,
    enabled: IsEnabled,
    versions,
    frequency,
    fields: [...new Set(OptionalFields)],
    destination: destinationOf(asked.Destination, bucket),
    ...(Filter?.Prefix !== undefined && { prefix: Filter.Prefix }),
  };
}

function destinationOf(asked: InventoryDestination | undefined, bucket: Bucket): Inventory['destination'] {
  const { Bucket: arn, Format, Encryption, AccountId, Prefix } = asked?.S3BucketDestination ?? {};
  const [, partition, name] = /^arn:([a-z-]+):s3:::([a-z0-9.-]{3,63})$/.exec(arn ?? '') ?? [];
  if (name === undefined || partition !== bucket.partition) throw s3Errors.InvalidS3DestinationBucket();
  if (Format !== 'CSV') throw notImplemented('Format');
  if (Encryption?.SSEKMS) throw notImplemented('SSE-KMS');
  if (Buffer.byteLength(Prefix ?? '') > LONGEST_PREFIX) throw s3Errors.KeyTooLongError();
  return {
    bucket: name,
    encrypted: Encryption?.SSES3 !== undefined,
    ...(AccountId !== undefined && { account: AccountId }),
    ...(Prefix !== undefined && { prefix: Prefix }),
  };
}

/** As it was given. */
function shapeOf(inventory: Inventory, { partition }: Bucket): InventoryConfiguration {
  const { id, enabled, prefix, versions, frequency, fields, destination } = inventory;
  return {
    Destination: {
      S3BucketDestination: {
        AccountId: destination.account,
        Bucket: `arn:${partition}:s3:::${destination.bucket}`,
        Format: 'CSV',
        Prefix: destination.prefix,
        ...(destination.encrypted && { Encryption: { SSES3: {} } }),
      },
    },
    IsEnabled: enabled,
    Id: id,
    IncludedObjectVersions: versions,
    Schedule: { Frequency: frequency },
    ...(prefix !== undefined && { Filter: { Prefix: prefix } }),
    ...(fields.length > 0 && { OptionalFields: [...fields] as InventoryOptionalField[] }),
  };
}
