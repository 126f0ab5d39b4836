import { s3Errors } from '../../core/s3-errors.js';
import type { Cause, RemovalName } from '../events/events.js';
import type { ObjectRecord } from '../records.js';

/** What a write demands of the object that it replaces or deletes. ETags without quotes; `*` is any object. */
export interface WriteConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  /**
   * The id of the object that stood there when the upload was begun, null for none: what happened in between makes a
   * conditional completion fail, even where the condition holds again.
   */
  readonly onto?: string | null | undefined;
}

/** What a delete demands, and why it is made. */
export interface DeleteConditions extends Pick<WriteConditions, 'ifMatch'> {
  /** Nothing is done unless the version of this id is current. */
  readonly ifId?: string | undefined;
  /** Absent where it causes no event. */
  readonly cause?: Cause<RemovalName> | undefined;
}

/**
 * Throws PreconditionFailed; NoSuchKey for If-Match on a key without object ("How to prevent object overwrites
 * with conditional writes", S3 User Guide); ConditionalRequestConflict where another object stands there than `onto`.
 */
export function demandConditions(
  { ifMatch, ifNoneMatch, onto }: WriteConditions,
  key: string,
  object: ObjectRecord | undefined,
): void {
  if (ifNoneMatch !== undefined && object && (ifNoneMatch === '*' || ifNoneMatch === object.etag)) {
    throw s3Errors.PreconditionFailed({ members: { Condition: 'If-None-Match' } });
  }
  if (ifMatch !== undefined && !object) throw s3Errors.NoSuchKey({ members: { Key: key } });
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== object?.etag) {
    throw s3Errors.PreconditionFailed({ members: { Condition: 'If-Match' } });
  }
  if (onto === undefined || (ifMatch ?? ifNoneMatch) === undefined || onto === (object?.id ?? null)) return;
  const Condition = ifMatch === undefined ? 'If-None-Match' : 'If-Match';
  throw s3Errors.ConditionalRequestConflict({ members: { Condition, Key: key } });
}
