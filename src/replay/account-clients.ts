import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3ControlClient } from '@aws-sdk/client-s3-control';

/** Clients of one account, of AWS or of a Karikagi server. */
export interface AccountClients {
  readonly iam: IAMClient;
  readonly kms: (region: string) => KMSClient;
  readonly s3: (region: string) => S3Client;
  readonly s3control: S3ControlClient;
  readonly organizations: OrganizationsClient;
  /** The region that was asked for. */
  readonly region: string;
}
