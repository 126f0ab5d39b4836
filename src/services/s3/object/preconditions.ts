/** Conditional reads: GetObject, HeadObject and the source of a copy. */

import { s3Errors } from '../../../core/s3-errors.js';
import type { ObjectRecord } from '../../../objects/index.js';
import { quoted } from './attributes.js';

interface ReadConditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly ifModifiedSince?: Date | undefined;
  readonly ifUnmodifiedSince?: Date | undefined;
  /** Milliseconds since the epoch: an If-Modified-Since that lies in the future does not count (RFC 9110, 13.1.3). */
  readonly now: number;
}

/**
 * What fails, in the order of GetObject's documentation: If-Match outweighs If-Unmodified-Since, If-None-Match
 * outweighs If-Modified-Since.
 */
export function failedCondition(record: ObjectRecord, conditions: ReadConditions): string | undefined {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, now } = conditions;
  // Dates of HTTP have whole seconds.
  const modified = Math.floor(record.modified / 1000);
  if (ifMatch !== undefined) {
    if (!names(ifMatch, record.etag)) return 'If-Match';
  } else if (ifUnmodifiedSince !== undefined && modified > seconds(ifUnmodifiedSince))
    return 'If-Unmodified-Since';
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, record.etag) ? 'If-None-Match' : undefined;
  const since = ifModifiedSince && seconds(ifModifiedSince);
  return since !== undefined && modified <= since && since <= now / 1000 ? 'If-Modified-Since' : undefined;
}

/** Throws PreconditionFailed, or NotModified with the headers that a 304 carries. */
export function demandReadable(record: ObjectRecord, conditions: ReadConditions): void {
  const failed = failedCondition(record, conditions);
  if (failed === undefined) return;
  if (failed === 'If-Match' || failed === 'If-Unmodified-Since') {
    throw s3Errors.PreconditionFailed({ members: { Condition: failed } });
  }
  const headers = { etag: quoted(record.etag), 'last-modified': new Date(record.modified).toUTCString() };
  throw s3Errors.NotModified({ headers });
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** Whether a header's list of ETags (with or without quotes, weak or not, or `*`) names the ETag. */
function names(header: string, etag: string): boolean {
  return header.split(',').some(part => {
    const named = part
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1');
    return named === '*' || named === etag;
  });
}
