import { s3Errors } from './errors.js';
import type { ObjectRecord } from './records.js';

/**
 * Throws AccessDenied where a legal hold or a retention that is still running protects the version ("Object
 * Lock", S3 User Guide). `now`: milliseconds since the epoch.
 */
export function demandDeletable(record: ObjectRecord, now: number, bypassGovernance: boolean): void {
  const { retention, legalHold } = record;
  const retained =
    retention !== undefined &&
    retention.until > now &&
    !(retention.mode === 'GOVERNANCE' && bypassGovernance);
  if (legalHold || retained)
    throw s3Errors.AccessDenied(['Access Denied because object protected by object lock.']);
}
