/** The staging connection: keys that are renewed, and S3 with them. */
import { createHash } from 'node:crypto';
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
import { decrypt, encrypt, masterKeyOf } from './client-encryption.js';
import type { Job } from './job.js';
import { secretOf } from './secrets.js';

/** The object under a job's prefix that says where its run is. */
export const STATE = 'state.json';

/**
 * The codes with which S3 refuses keys that have ended, or a session that was revoked ("Error responses", S3 API
 * Reference).
 */
const ENDED = /^(ExpiredToken|ExpiredTokenException|InvalidToken|TokenRefreshRequired)$/;

/**
 * Whose keys stand at the beginning: those named in the job, the EC2 role's, or the usual chain. Throws on first use.
 */
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

/** One object as it was put. */
export interface Stored {
  readonly body: Uint8Array;
  readonly etag: string;
}

/** The signature covers the body by its SHA-256: the SDK takes a known one from this header, and reads once less. */
function signedAs(command: PutObjectCommand, sha256: Buffer): PutObjectCommand {
  command.middlewareStack.add(
    next => args => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      headers['x-amz-content-sha256'] = sha256.toString('hex');
      return next(args);
    },
    { step: 'build', name: 'known-sha256' },
  );
  return command;
}

/** Tries of one call, with growing waits between them: S3 that is busy for some seconds does not end a job. */
const TRIES = 8;
/** Tries of an answer that breaks off, or that is not what its checksum says. */
const BODY_TRIES = 4;
/** Milliseconds that S3 may take to answer. */
const ANSWER_TIMEOUT = 120_000;

/** S3 under one prefix of one bucket. Every call is tried again once with new keys where the old ones had ended. */
export class StagingBucket {
  readonly keys: RenewingCredentials;
  readonly #s3: S3Client;
  readonly #job: Job;
  readonly #masterKey: Buffer | undefined;
  /** The keys that S3 took last. */
  #worked = '';

  private constructor(job: Job, clock: Clock, masterKey: Buffer | undefined) {
    const { s3IamRoleArn, externalId, endpoint, region } = job.connection;
    const provider = s3IamRoleArn === undefined ? sourceKeys(job) : roleKeys(job, externalId);
    this.#job = job;
    this.#masterKey = masterKey;
    this.keys = renewing(provider, { clock });
    this.#s3 = new S3Client({
      region,
      credentials: this.keys.provider,
      maxAttempts: TRIES,
      requestHandler: { requestTimeout: ANSWER_TIMEOUT, throwOnRequestTimeout: true },
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    });
  }

  /** Reads the master key, where there is one; makes no call. Throws `StagingError`. */
  static async open(job: Job, clock: Clock = systemClock): Promise<StagingBucket> {
    const { masterKey } = job.connection.encryption ?? {};
    if (!masterKey) return new StagingBucket(job, clock, undefined);
    const secret = await secretOf(masterKey, 'connection.encryption.masterKey', job.directory);
    return new StagingBucket(job, clock, masterKeyOf(secret));
  }

  /**
   * Writes an object. `ifMatch`: only over the version with this ETag, or with `null` only where there is none.
   * `sha256`: of the body, where it is known. Returns the ETag.
   */
  async put(
    name: string,
    body: Uint8Array,
    { ifMatch, sha256 }: { readonly ifMatch?: string | null; readonly sha256?: Buffer } = {},
  ): Promise<string> {
    const condition =
      ifMatch === null ? { IfNoneMatch: '*' } : ifMatch === undefined ? {} : { IfMatch: ifMatch };
    const encrypted = this.#masterKey && encrypt(body, this.#masterKey);
    const sent = encrypted?.body ?? body;
    const digest = (!encrypted && sha256) || createHash('sha256').update(sent).digest();
    const input = {
      ...this.#at(name),
      Body: sent,
      ...(encrypted && { Metadata: encrypted.metadata }),
      ChecksumSHA256: digest.toString('base64'),
      ...condition,
      ...this.#encryption(),
    };
    return (await this.#again(() => this.#s3.send(signedAs(new PutObjectCommand(input), digest)))).ETag!;
  }

  /** The object; `undefined` where there is none. Its checksum is verified. */
  async get(name: string): Promise<Stored | undefined> {
    try {
      const { body, etag, metadata } = await this.#again(() => this.#read(name));
      return { body: this.#masterKey ? decrypt(body, metadata, this.#masterKey) : body, etag };
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /**
   * The object where there may be none. It is looked up in the list first: who may list only a prefix is answered
   * AccessDenied for a name that is not there ("GetObject", permissions, and `s3:prefix` is no key of it).
   */
  async find(name: string): Promise<Stored | undefined> {
    for await (const names of this.list(name)) {
      if (names.includes(name)) return this.get(name);
    }
    return undefined;
  }

  /** Whether another job's state is at a prefix; `false` as well where this job may not look. */
  async hasStateAt(prefix: string): Promise<boolean> {
    const input = { Bucket: this.#job.connection.bucket, Prefix: `${prefix}${STATE}`, MaxKeys: 1 };
    try {
      return ((await this.#s3.send(new ListObjectsV2Command(input))).Contents ?? []).length > 0;
    } catch (error) {
      if (/^AccessDenied/.test((error as Error).name)) return false;
      throw error;
    }
  }

  async delete(name: string): Promise<void> {
    await this.#again(() => this.#s3.send(new DeleteObjectCommand(this.#at(name))));
  }

  /** The names under the job's prefix that begin so, up to 1000 a page. */
  async *list(begin = ''): AsyncGenerator<readonly string[]> {
    const { prefix, connection } = this.#job;
    let token: string | undefined;
    do {
      const input = { Bucket: connection.bucket, Prefix: `${prefix}${begin}`, ContinuationToken: token };
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

  /** The SDK tries requests again, but not answers that break off. */
  async #read(name: string) {
    for (let tries = 1; ; tries++) {
      const command = new GetObjectCommand({ ...this.#at(name), ChecksumMode: 'ENABLED' });
      const { Body, ETag, Metadata = {} } = await this.#s3.send(command);
      try {
        return { body: await Body!.transformToByteArray(), etag: ETag!, metadata: Metadata };
      } catch (error) {
        if (tries === BODY_TRIES) throw error;
      }
    }
  }

  /**
   * Parts that fail together share one renewal: `renew` fetches only where the refused keys are still those in hand.
   */
  async #again<T>(call: () => Promise<T>): Promise<T> {
    const used = (await this.keys.get()).accessKeyId;
    try {
      const answer = await call();
      this.#worked = used;
      return answer;
    } catch (error) {
      if (this.#job.connection.s3IamRoleArn === undefined || !this.#mayRenew(error, used)) throw error;
      await this.keys.renew(used);
      return await call();
    }
  }

  /**
   * AWS revokes sessions by a policy that denies the older ones ("Revoking IAM role temporary security credentials").
   */
  #mayRenew(error: unknown, used: string): boolean {
    const { name } = error as Error;
    return ENDED.test(name) || (name === 'AccessDenied' && this.#worked === used);
  }
}
