/** The vocabulary of handing out and using temporary credentials. Works against AWS and Karikagi alike. */

/** A set of keys, in the form in which the AWS SDK's clients take them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Absent for long-term keys. */
  readonly sessionToken?: string;
  /** When the keys end, by the clock of who issued them; absent for keys that do not. */
  readonly expiration?: Date;
  /** The account that the keys belong to, 12 digits, where who issued them says it. */
  readonly accountId?: string;
}

/** Keys of a role, and what STS said of them. */
export interface RoleCredentials extends Credentials {
  readonly sessionToken: string;
  readonly expiration: Date;
  /** `arn:aws:sts::111122223333:assumed-role/staging/job-7` */
  readonly assumedRoleArn: string;
  /** Seconds of life that STS gave. */
  readonly duration: number;
  /** Percentage of the room for session policies and tags that is used; absent where there are none. */
  readonly packedPolicySize?: number;
}

/**
 * Fetches keys: a new set on every call. Every credential provider of the AWS SDK is one.
 * Throws `CredentialsError`, and what a provider of others throws.
 */
export type CredentialsProvider<C extends Credentials = Credentials> = () => Promise<C>;
