import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { s3 } from '../api/s3.js';

const MIB = 1024 * 1024;
/** Larger files go in parts. What is signed is hashed: up to 8 MiB the browser does that, beyond a script would. */
const PART = 6 * MIB;
/** S3 takes no more parts than that (S3 User Guide, "Amazon S3 multipart upload limits"). */
const MOST_PARTS = 10_000;
/** Parts of a file that are sent together. */
const TOGETHER = 4;

/**
 * One file on its way. Each request is signed with the keys of its moment, so a session that is renewed in between
 * breaks nothing.
 */
export class Transfer {
  readonly #bucket: string;
  readonly #key: string;
  readonly #file: File;
  readonly #partSize: number;
  readonly #onProgress: (sent: number) => void;
  /** ETags of the parts that have arrived, by number from 1. */
  readonly #parts = new Map<number, string>();
  #uploadId: string | undefined;
  #stopping = new AbortController();

  constructor(bucket: string, key: string, file: File, onProgress: (sent: number) => void) {
    this.#bucket = bucket;
    this.#key = key;
    this.#file = file;
    this.#onProgress = onProgress;
    this.#partSize = Math.max(PART, Math.ceil(file.size / MOST_PARTS / MIB) * MIB);
  }

  /** Sends what is missing; resolves with whether all has arrived. Throws what S3 answers. */
  async send(): Promise<boolean> {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    if (this.#file.size <= PART) {
      await s3(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: this.#key,
          Body: this.#file,
          ...this.#type(),
        }),
      ).send(signal);
      this.#onProgress(this.#file.size);
      return true;
    }
    await this.#sendParts(signal);
    return !signal.aborted;
  }

  /** What has arrived stays, for `send` to go on from. */
  stop(): void {
    this.#stopping.abort();
  }

  async abort(): Promise<void> {
    this.stop();
    if (this.#uploadId === undefined) return;
    await s3(new AbortMultipartUploadCommand(this.#upload())).send();
  }

  async #sendParts(signal: AbortSignal): Promise<void> {
    if (this.#uploadId === undefined) {
      const input = { Bucket: this.#bucket, Key: this.#key, ...this.#type() };
      this.#uploadId = (await s3(new CreateMultipartUploadCommand(input)).send(signal)).UploadId!;
    }
    const missing = Array.from(
      { length: Math.ceil(this.#file.size / this.#partSize) },
      (_, i) => i + 1,
    ).filter(number => !this.#parts.has(number));
    const work = async () => {
      for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
        await this.#sendPart(number, signal);
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    const Parts = [...this.#parts]
      .sort(([a], [b]) => a - b)
      .map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
    const MultipartUpload = { Parts };
    await s3(new CompleteMultipartUploadCommand({ ...this.#upload(), MultipartUpload })).send(signal);
    this.#uploadId = undefined;
  }

  async #sendPart(PartNumber: number, signal: AbortSignal): Promise<void> {
    const start = (PartNumber - 1) * this.#partSize;
    const Body = this.#file.slice(start, start + this.#partSize);
    const { ETag } = await s3(new UploadPartCommand({ ...this.#upload(), PartNumber, Body })).send(signal);
    this.#parts.set(PartNumber, ETag!);
    this.#onProgress(Math.min(this.#file.size, this.#parts.size * this.#partSize));
  }

  #upload() {
    return { Bucket: this.#bucket, Key: this.#key, UploadId: this.#uploadId };
  }

  #type() {
    return this.#file.type === '' ? {} : { ContentType: this.#file.type };
  }
}
