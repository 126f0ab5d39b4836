/** Buckets that are replicated, their roles, and what tests ask of them. */
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  type CreateBucketCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  type ReplicationRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { until } from '../support/until.js';

export const ACCOUNT = '111122223333';

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export const TRUST = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sts:AssumeRole' },
};

/** What the role of a rule needs ("Setting up permissions for live replication", S3 User Guide). */
export const SOURCE_ACTIONS = ['s3:GetReplicationConfiguration', 's3:ListBucket'];
export const OBJECT_ACTIONS = [
  's3:GetObjectVersionForReplication',
  's3:GetObjectVersionAcl',
  's3:GetObjectVersionTagging',
];
export const TARGET_ACTIONS = ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'];

export const allow = (...Action: string[]) => ({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action, Resource: '*' },
});

export const arnOf = (bucket: string) => `arn:aws:s3:::${bucket}`;

/** A rule of the second schema that copies everything. */
export function ruleTo(bucket: string, more: Partial<ReplicationRule> = {}): ReplicationRule {
  const { Destination, ...others } = more;
  return {
    ID: bucket,
    Priority: 1,
    Filter: { Prefix: '' },
    Status: 'Enabled',
    DeleteMarkerReplication: { Status: 'Disabled' },
    Destination: { Bucket: arnOf(bucket), ...Destination },
    ...others,
  };
}

export class Place {
  readonly s3: S3Client;
  readonly iam: IAMClient;

  constructor(endpoint: string, credentials: Keys) {
    const options = { endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
    this.s3 = new S3Client({ ...options, forcePathStyle: true });
    this.iam = new IAMClient(options);
  }

  /** Buckets with versioning. */
  async buckets(names: readonly string[], more: Partial<CreateBucketCommandInput> = {}): Promise<void> {
    for (const Bucket of names) {
      await this.s3.send(new CreateBucketCommand({ Bucket, ...more }));
      const VersioningConfiguration = { Status: 'Enabled' as const };
      await this.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    }
  }

  /** A role for S3; its ARN. */
  async role(RoleName: string, actions: readonly string[], trust: object = TRUST): Promise<string> {
    const AssumeRolePolicyDocument = JSON.stringify(trust);
    const { Role } = await this.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    await this.allowRole(RoleName, actions);
    return Role!.Arn!;
  }

  async allowRole(RoleName: string, actions: readonly string[]): Promise<void> {
    const PolicyDocument = JSON.stringify(allow(...actions));
    await this.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'copies', PolicyDocument }));
  }

  async replicate(Bucket: string, Role: string, Rules: ReplicationRule[]): Promise<void> {
    const ReplicationConfiguration = { Role, Rules };
    await this.s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
  }

  head(Bucket: string, Key: string, VersionId?: string) {
    return this.s3.send(new HeadObjectCommand({ Bucket, Key, VersionId }));
  }

  async text(Bucket: string, Key: string, more: object = {}): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
    return Body!.transformToString();
  }

  /** Ids and kinds of a key's versions, the newest first. */
  async versions(Bucket: string, Key: string): Promise<string[]> {
    const listed = await this.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    const all = [
      ...(listed.Versions ?? []).map(one => ({ ...one, kind: 'object' })),
      ...(listed.DeleteMarkers ?? []).map(one => ({ ...one, kind: 'marker' })),
    ].filter(one => one.Key === Key);
    // Ids sort the newest first.
    return all
      .map(({ kind, VersionId, IsLatest }) => `${VersionId} ${kind}${IsLatest ? ' latest' : ''}`)
      .sort();
  }

  /** Waits until a version has a status of its copies. */
  async settled(Bucket: string, Key: string, VersionId?: string): Promise<string> {
    let status = 'PENDING';
    await until(async () => {
      ({ ReplicationStatus: status = 'none' } = await this.head(Bucket, Key, VersionId));
      return status !== 'PENDING';
    });
    return status;
  }

  destroy(): void {
    this.s3.destroy();
    this.iam.destroy();
  }
}
