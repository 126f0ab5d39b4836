/** What a set-up is: a role for one prefix of one bucket, and who may assume the role. */
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';

/**
 * Who assumes the role. A `user` and an `instance-profile` with its role are made where they are not there; a
 * `principal`, a user or role of any account, is there already; a `service` (`lambda.amazonaws.com`) needs nothing.
 */
export type Source =
  | { readonly kind: 'user' | 'instance-profile' | 'service'; readonly name: string }
  | { readonly kind: 'principal'; readonly arn: string };

/** What the role may do below its prefix: `read` lists and gets, `write` puts, `read-write` deletes too. */
export const ACCESSES = ['read', 'write', 'read-write'] as const;
export type Access = (typeof ACCESSES)[number];

export interface SetupOptions {
  /** Names the role, and the key's alias; the instance's role is `NAME-agent`. 1–50 of letters, digits and `-`. */
  readonly name: string;
  readonly bucket: string;
  /** What the role reaches in the bucket: `staging/`, never empty. */
  readonly prefix: string;
  readonly access: Access;
  readonly source: Source;
  /** Objects are encrypted with a KMS key of the set-up's own; otherwise with S3's. */
  readonly kms: boolean;
  /** What the trust policy asks for; default: what it asks for already, or, where `demandsId`, a random one. */
  readonly externalId?: string | undefined;
  readonly demandsId: boolean;
  /** For a service: the ARN, or a pattern of ARNs, on whose behalf it may assume the role. */
  readonly sourceArn?: string | undefined;
  /** Seconds that a session of the role may last: 3600–43200. */
  readonly maximum: number;
}

/** Where one account's part of the set-up is. */
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

/** The set-up cannot be made or taken away as asked. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** Marks what belongs to a set-up: a tag of this key, whose value is the set-up's name. */
export const TAG = 'karikagi:setup';
