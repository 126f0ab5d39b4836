/** The staging connection: keys that are renewed, and S3 with them. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  assumeRole,
  type Clock,
  type CredentialsProvider,
  defaultCredentials,
  instanceCredentials,
  type RenewingCredentials,
  renewing,
  systemClock,
} from '../credentials/index.js';
import type { Job } from './job.js';
import { secretOf } from './secrets.js';

/** The codes with which S3 refuses keys that have ended, or a session that was revoked ("Error responses", S3 API Reference). */
const ENDED = /^(ExpiredToken|ExpiredTokenException|InvalidToken|TokenRefreshRequired)$/;

/** Whose keys stand at the beginning: those named in the job, the EC2 role's, or the usual chain. Throws on first use. */
export function sourceKeys(job: Job): CredentialsProvider {
  const { accessKey, secretKey, useEc2Role, profile } = job.connection;
  if (useEc2Role) return instanceCredentials();
  if (!accessKey || !secretKey) return defaultCredentials({ profile });
  return async () => ({
    accessKeyId: await secretOf(accessKey, 'connection.accessKey', job.directory),
    secretAccessKey: await secretOf(secretKey, 'connection.secretKey', job.directory),
  });
}

/** A provider of the job's role; `externalId` in the place of the job's own. */
export function roleKeys(job: Job, externalId: string | undefined): CredentialsProvider {
  const { s3IamRoleArn, endpoint, region } = job.connection;
  return assumeRole({
    roleArn: s3IamRoleArn!,
    externalId,
    duration: job.duration,
    endpoint,
    region,
    source: sourceKeys(job),
    sessionName: `karikagi-staging-${job.job}`.slice(0, 64),
  });
}

/** One object as it lies in the bucket. */
export interface Stored {
  readonly body: Uint8Array;
  readonly etag: string;
}

/** S3 under one prefix of one bucket. Every call is tried again once with new keys where the old ones had ended. */
export class StagingBucket {
  readonly keys: RenewingCredentials;
  readonly #s3: S3Client;
  readonly #job: Job;

  constructor(job: Job, clock: Clock = systemClock) {
    const { s3IamRoleArn, externalId, endpoint, region } = job.connection;
    const provider = s3IamRoleArn === undefined ? sourceKeys(job) : roleKeys(job, externalId);
    this.#job = job;
    this.keys = renewing(provider, { clock });
    this.#s3 = new S3Client({
      region,
      credentials: this.keys.provider,
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    });
  }

  /** Writes an object. `ifMatch`: only over the version with this ETag, or with `null` only where there is none. Returns the ETag. */
  async put(name: string, body: Uint8Array, ifMatch?: string | null): Promise<string> {
    const condition =
      ifMatch === null ? { IfNoneMatch: '*' } : ifMatch === undefined ? {} : { IfMatch: ifMatch };
    const input = {
      ...this.#at(name),
      Body: body,
      ChecksumAlgorithm: 'SHA256' as const,
      ...condition,
      ...this.#encryption(),
    };
    return (await this.#again(() => this.#s3.send(new PutObjectCommand(input)))).ETag!;
  }

  /** The object; `undefined` where there is none. Its checksum is verified. */
  async get(name: string): Promise<Stored | undefined> {
    try {
      return await this.#again(async () => {
        const command = new GetObjectCommand({ ...this.#at(name), ChecksumMode: 'ENABLED' });
        const { Body, ETag } = await this.#s3.send(command);
        return { body: await Body!.transformToByteArray(), etag: ETag! };
      });
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async delete(name: string): Promise<void> {
    await this.#again(() => this.#s3.send(new DeleteObjectCommand(this.#at(name))));
  }

  /** The names under the job's prefix, up to 1000 a page. */
  async *list(): AsyncGenerator<readonly string[]> {
    const { prefix, connection } = this.#job;
    let token: string | undefined;
    do {
      const input = { Bucket: connection.bucket, Prefix: prefix, ContinuationToken: token };
      const page = await this.#again(() => this.#s3.send(new ListObjectsV2Command(input)));
      yield (page.Contents ?? []).map(({ Key = '' }) => Key.slice(prefix.length));
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  close(): void {
    this.#s3.destroy();
  }

  #at(name: string) {
    return { Bucket: this.#job.connection.bucket, Key: `${this.#job.prefix}${name}` };
  }

  #encryption(): Partial<PutObjectCommandInput> {
    const { type, key } = this.#job.connection.encryption ?? { type: 'none' };
    if (type === 'sse-s3') return { ServerSideEncryption: 'AES256' };
    return type === 'sse-kms' ? { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key } : {};
  }

  /** Parts that fail together share one renewal: `renew` fetches only where the refused keys are still those in hand. */
  async #again<T>(call: () => Promise<T>): Promise<T> {
    const used = (await this.keys.get()).accessKeyId;
    try {
      return await call();
    } catch (error) {
      if (this.#job.connection.s3IamRoleArn === undefined || !ENDED.test((error as Error).name)) throw error;
      await this.keys.renew(used);
      return await call();
    }
  }
}
