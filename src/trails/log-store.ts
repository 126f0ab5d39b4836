/** The buckets that trails deliver into, as this room needs them; `server` hands it over. */
import type { Partition } from '../policy/types.js';

/** Who delivers: CloudTrail in the name of a trail. */
export interface DeliveringTrail {
  readonly arn: string;
  readonly account: string;
  readonly partition: Partition;
}

export interface LogWrite {
  readonly trail: DeliveringTrail;
  readonly bucket: string;
  readonly key: string;
  /** Gzip of JSON. */
  readonly body: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Name or ARN of a KMS key; absent for SSE-S3. */
  readonly keyId?: string | undefined;
}

/** Why a file cannot be delivered, as the error codes of S3 have it. The message says more. */
export class LogRefused extends Error {
  override readonly name = 'LogRefused';

  constructor(
    readonly code: 'NoSuchBucket' | 'AccessDenied' | 'KeyNotFound' | 'KeyAccessDenied' | 'KeyUnusable',
    message: string,
  ) {
    super(message);
  }
}

export interface LogStore {
  /**
   * Writes an object where the bucket's policy, and the key's, let CloudTrail. Throws `LogRefused`, and what the engine
   * throws.
   */
  put(write: LogWrite): Promise<void>;
  /**
   * Whether a file could be delivered there, without one. Answers the ARN of the key, where one is named. Throws as
   * `put` does.
   */
  check(write: Omit<LogWrite, 'body' | 'metadata'>): Promise<string | undefined>;
}
