/** What a set-up is: a role for one prefix of one bucket, and who may assume it. */
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';

export interface SetupOptions {
  /** Names the role, and the key's alias; the instance's role is `NAME-agent`. 1–50 of letters, digits and `-`. */
  readonly name: string;
  readonly bucket: string;
  /** What the role reaches in the bucket: `staging/`, never empty. */
  readonly prefix: string;
  /** Who assumes the role: a user, or the role of an instance profile. */
  readonly source: { readonly kind: 'user' | 'instance-profile'; readonly name: string };
  /** Objects are encrypted with a KMS key of the set-up's own; otherwise with S3's. */
  readonly kms: boolean;
  /** Default: what the role asks for already, or a random one. */
  readonly externalId?: string | undefined;
  /** Seconds that a session of the role may last: 3600–43200. */
  readonly maximum: number;
}

/** Where the set-up is. */
export interface Place {
  readonly partition: string;
  readonly account: string;
  readonly region: string;
}

export interface SetupClients {
  readonly iam: IAMClient;
  readonly s3: S3Client;
  readonly kms: KMSClient;
}

/** One call of the public API. */
export interface Call {
  /** As the AWS CLI calls them: `iam`, `create-role`. */
  readonly service: 'iam' | 's3api' | 'kms';
  readonly operation: string;
  readonly input: object;
  readonly send: () => Promise<unknown>;
}

/** A call that is still to be made, and why. */
export interface Step {
  readonly what: string;
  readonly call: Call;
}

/** The set-up cannot be made or taken away as asked. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** Marks what belongs to a set-up: a tag of this key, whose value is the set-up's name. */
export const TAG = 'karikagi:setup';
