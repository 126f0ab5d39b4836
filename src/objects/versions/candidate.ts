import { randomBytes } from 'node:crypto';
import type { Check, Write } from '../../store/kv.js';
import type { PlacedContent, Received } from '../bodies/content.js';
import type { Cause } from '../events/events.js';
import type { Encryption, ObjectRecord } from '../records.js';

/** Content and what a commit writes to place it. */
type Placed = PlacedContent | Promise<PlacedContent>;

/** A version that is ready to be committed. */
export interface Candidate {
  /** All of it that does not follow from its place. */
  readonly record: Omit<ObjectRecord, 'marker' | 'id' | 'isNull' | 'modified' | 'content' | 'salt'>;
  /** Absent where it causes no event. */
  readonly cause?: Cause | undefined;
  /** Places the content under the id that the version gets. */
  place(id: string): Placed;
  /** What else the commit must find as it is. */
  readonly checks?: readonly Check[];
  /** What else the commit writes. */
  readonly writes?: readonly Write[];
}

/**
 * The ETag is the MD5, unless the encryption is SSE-KMS, DSSE-KMS or SSE-C: then it says nothing ("Object", S3 API
 * Reference).
 */
export function etagOf({ md5 }: Pick<Received, 'md5'>, encryption: Encryption | undefined): string {
  return (encryption && encryption.kind !== 'AES256' ? randomBytes(md5.length) : md5).toString('hex');
}
