/**
 * An exported bucket: a sequence of entries, as files in a directory or in a tar. docs/operating.md describes it for
 * those who read it with other programs.
 */
import type { AccessControlPolicy } from '@aws-sdk/client-s3';
import { gathered } from '../../core/http-message.js';

/** A file of an archive. A reader takes the body of an entry before the next one, or leaves it. */
export interface Entry {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ArchiveWriter {
  /** The records of versions that an earlier run wrote, in order. */
  readonly earlier: readonly VersionRecord[];
  /** Whether the record of a version goes before its body. */
  readonly recordsFirst: boolean;
  /** Writes a file whole or not at all. `size`: bytes. */
  write(name: string, size: number, body: AsyncIterable<Uint8Array>): Promise<void>;
  close(): Promise<void>;
}

/** A version that could not be taken along, or not whole. */
export interface FailedVersion {
  readonly key: string;
  /** As in the archive. */
  readonly versionId?: string | undefined;
  readonly problem: string;
}

export const FORMAT = 'karikagi-bucket';
export const FORMAT_VERSION = 1;
export const BUCKET_FILE = 'bucket.json';
export const END_FILE = 'end.json';

/** The name of a version's files without their endings; `number` counts from 1. */
export function versionFile(number: number): string {
  const folder = String(Math.floor(number / 1000)).padStart(6, '0');
  return `${folder}/${String(number).padStart(9, '0')}`;
}

export interface BucketFile {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly bucket: string;
  /** What the bucket is set to, by the names in `settings.ts`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Absent where versioning was never enabled. */
  readonly versioning?: 'Enabled' | 'Suspended' | undefined;
  /** The old name of eu-west-1, where the bucket was made with it. Absent elsewhere, and where it could not be read. */
  readonly oldLocation?: 'EU' | undefined;
}

export interface EndFile {
  readonly versions: number;
}

/** What is known of a version; its bytes are the file beside it. */
export interface VersionRecord {
  readonly key: string;
  readonly versionId?: string | undefined;
  readonly deleteMarker?: true;
  /** ISO 8601. */
  readonly lastModified: string;
  readonly size: number;
  readonly etag?: string | undefined;
  /** What it was uploaded in, where that was more than one piece. */
  readonly parts?: readonly { readonly size: number; readonly checksum?: string | undefined }[] | undefined;
  readonly checksum?:
    | { readonly algorithm: string; readonly type: string; readonly value: string }
    | undefined;
  /** The members of PutObject that make it again, as the SDK names them. */
  readonly members: Readonly<Record<string, string | boolean>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** As the SDK has it; absent where it grants nothing but full control to the owner of the bucket. */
  readonly acl?: AccessControlPolicy | undefined;
}

/** What the refusing side says of it. */
export function problemOf(error: Error): string {
  const { ArgumentName, ArgumentValue } = error as { ArgumentName?: unknown; ArgumentValue?: unknown };
  return ArgumentName === undefined ? error.message : `${error.message} (${ArgumentName}: ${ArgumentValue})`;
}

export async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

export async function writeJson(archive: ArchiveWriter, name: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await archive.write(name, Buffer.byteLength(text), bytesOf(text));
}

export async function readJson(entry: Entry): Promise<unknown> {
  return JSON.parse(Buffer.from(await gathered(entry.body)).toString());
}
