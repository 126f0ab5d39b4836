/** A bucket with an object of every kind in which bytes are kept, and whether all of them come back. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

export interface Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function s3Of({ endpoint, credentials }: Server): S3Client {
  return new S3Client({ endpoint, credentials, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 });
}

/** What is kept under a key, and what a GET needs beside the bucket and the key. */
interface Kept {
  readonly key: string;
  readonly body: Buffer;
  readonly get: { readonly VersionId?: string; readonly SSECustomerKey?: string };
}

const SMALL = 1000;
const LARGE = 200_000;
const PART = 5 * 1024 * 1024;

export class AllKinds {
  readonly kept: Kept[] = [];
  readonly #customerKey = randomBytes(32);

  constructor(readonly bucket: string) {}

  /** Makes the bucket, with versioning, and everything in it; leaves one upload unfinished. */
  async fill(server: Server): Promise<void> {
    const s3 = s3Of(server);
    const Bucket = this.bucket;
    await s3.send(new CreateBucketCommand({ Bucket }));
    await this.#put(s3, 'before versioning', LARGE, {}, false);
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    for (const [name, size] of [
      ['small', SMALL],
      ['large', LARGE],
      ['empty', 0],
    ] as const) {
      await this.#put(s3, name, size);
      await this.#put(s3, `${name} SSE-S3`, size, { ServerSideEncryption: 'AES256' });
    }
    await this.#put(s3, 'large', LARGE);
    await this.#underKms(s3, server);
    await this.#inParts(s3);
    const copied = this.kept.find(({ key }) => key === 'large')!;
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'copy',
        CopySource: `${Bucket}/large?versionId=${copied.get.VersionId}`,
      }),
    );
    this.kept.push({ key: 'copy', body: copied.body, get: {} });
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'small' }));
    s3.destroy();
  }

  /** Every object is whole. */
  async check(server: Server): Promise<void> {
    const s3 = s3Of(server);
    for (const kept of this.kept) {
      assert.ok(kept.body.equals(await this.read(s3, kept)), `${kept.key} is not what was put`);
    }
    s3.destroy();
  }

  async read(s3: S3Client, { key, get }: Kept): Promise<Buffer> {
    const customer = get.SSECustomerKey && customerMembers(this.#customerKey);
    const { Body } = await s3.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key, VersionId: get.VersionId, ...customer }),
    );
    return Buffer.from(await Body!.transformToByteArray());
  }

  async #put(
    s3: S3Client,
    key: string,
    size: number,
    members: Partial<PutObjectCommandInput> = {},
    versioned = true,
  ): Promise<void> {
    const body = randomBytes(size);
    const { VersionId } = await s3.send(
      new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body, ...members }),
    );
    const customer = members.SSECustomerKey ? { SSECustomerKey: 'its own' } : {};
    this.kept.push({ key, body, get: { ...(versioned && { VersionId: VersionId! }), ...customer } });
  }

  async #underKms(s3: S3Client, { endpoint, credentials }: Server): Promise<void> {
    const kms = new KMSClient({ endpoint, credentials, region: 'us-east-1' });
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    kms.destroy();
    const SSEKMSKeyId = KeyMetadata!.Arn!;
    await this.#put(s3, 'SSE-KMS', LARGE, { ServerSideEncryption: 'aws:kms', SSEKMSKeyId });
    await this.#put(s3, 'DSSE-KMS', LARGE, { ServerSideEncryption: 'aws:kms:dsse', SSEKMSKeyId });
    await this.#put(s3, 'SSE-C', LARGE, customerMembers(this.#customerKey));
  }

  async #inParts(s3: S3Client): Promise<void> {
    for (const [Key, ServerSideEncryption, finished] of [
      ['parts', undefined, true],
      ['parts SSE-S3', 'AES256', true],
      ['unfinished', 'AES256', false],
    ] as const) {
      const target = { Bucket: this.bucket, Key };
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({ ...target, ServerSideEncryption }),
      );
      const bodies = [randomBytes(PART), randomBytes(SMALL)];
      const Parts: { PartNumber: number; ETag: string }[] = [];
      for (const [index, Body] of bodies.entries()) {
        const PartNumber = index + 1;
        const { ETag } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body }));
        Parts.push({ PartNumber, ETag: ETag! });
      }
      if (!finished) continue;
      await s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
      this.kept.push({ key: Key, body: Buffer.concat(bodies), get: {} });
    }
  }
}

function customerMembers(key: Buffer) {
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  };
}
