/** The least that the connection needs, as policy documents. */
import type { Job } from './job.js';

/** A policy document as IAM takes it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

/** Each is missing where the job has no use for it. */
export interface StagingPolicies {
  /** Of the user or the EC2 role: it may assume the role, and nothing on S3. */
  readonly caller?: PolicyDocument;
  /** The trust policy of the role. */
  readonly trust?: PolicyDocument;
  /** What the role, or without one the caller, may do on the bucket and with the key. */
  readonly permissions: PolicyDocument;
  /** A policy for a bucket that is another account's than the role. */
  readonly bucket?: PolicyDocument;
  /** A statement for the policy of a KMS key that is another account's than the role. */
  readonly key?: PolicyDocument;
  /** What the warehouse's own role may do, where it reads or writes the bucket itself. */
  readonly warehouse?: PolicyDocument;
}

const document = (...statements: readonly object[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});

/**
 * Computes them without a call. `principal`: ARN of the user or of the EC2 role that assumes the role; the trust policy
 * is left out without it. GetObject and PutObject need `kms:Decrypt` and `kms:GenerateDataKey` of the object's key (S3
 * User Guide, "Using server-side encryption with AWS KMS keys"); parts are single uploads, so that nothing of multipart
 * is needed.
 */
export function stagingPolicies(job: Job, principal?: string): StagingPolicies {
  const { s3IamRoleArn: role, externalId, encryption } = job.connection;
  const kms = encryption?.type === 'sse-kms' ? ['kms:GenerateDataKey', 'kms:Decrypt'] : [];
  const permissions = onPrefix(job, ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'], kms);
  const warehouse = warehouseOf(job, kms);
  const user = role ?? principal;
  const bucket = user === undefined ? {} : { bucket: grantedTo(user, permissions) };
  const key =
    kms.length > 0 && user !== undefined
      ? {
          key: document({
            Sid: 'StagingRole',
            Effect: 'Allow',
            Principal: { AWS: user },
            Action: kms,
            Resource: '*',
          }),
        }
      : {};
  if (role === undefined) return { permissions, ...bucket, ...key, ...warehouse };
  const caller = document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role });
  if (principal === undefined) return { caller, permissions, ...bucket, ...key, ...warehouse };
  const condition =
    externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } };
  const trust = document({
    Effect: 'Allow',
    Principal: { AWS: principal },
    Action: 'sts:AssumeRole',
    ...condition,
  });
  return { caller, trust, permissions, ...bucket, ...key, ...warehouse };
}

/**
 * The same on the bucket, by its own policy: S3 asks both accounts ("Cross-account policy evaluation logic", IAM User
 * Guide).
 */
function grantedTo(user: string, { Statement }: PolicyDocument): PolicyDocument {
  const ofBucket = (Statement as readonly { Resource: string }[]).filter(({ Resource }) =>
    Resource.includes(':s3:::'),
  );
  return document(...ofBucket.map(statement => ({ ...statement, Principal: { AWS: user } })));
}

/** Lists the job's prefix, and does so much with its objects and their key. */
function onPrefix(job: Job, actions: readonly string[], kms: readonly string[]): PolicyDocument {
  const { bucket, encryption } = job.connection;
  const arn = `arn:${job.partition}:s3:::${bucket}`;
  return document(
    {
      Sid: 'ListStagedObjects',
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: arn,
      Condition: { StringLike: { 's3:prefix': `${job.prefix}*` } },
    },
    { Sid: 'StageObjects', Effect: 'Allow', Action: actions, Resource: `${arn}/${job.prefix}*` },
    ...(kms.length > 0
      ? [{ Sid: 'EncryptStagedObjects', Effect: 'Allow', Action: kms, Resource: encryption!.key }]
      : []),
  );
}

/** COPY lists and gets, UNLOAD lists, gets and puts ("IAM permissions for COPY, UNLOAD, and CREATE LIBRARY", RSDG). */
function warehouseOf(job: Job, kms: readonly string[]): Pick<StagingPolicies, 'warehouse'> {
  if (job.warehouse.iamRole === undefined) return {};
  const puts = job.unload ? ['s3:PutObject'] : [];
  const keys = kms.filter(action => job.unload !== undefined || action === 'kms:Decrypt');
  return { warehouse: onPrefix(job, ['s3:GetObject', ...puts], keys) };
}
