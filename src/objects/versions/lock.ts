import { s3Errors } from '../../core/s3-errors.js';
import type { ObjectRecord, Retention } from '../records.js';

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
  if (legalHold || retained) throw locked(record);
}

/**
 * Throws AccessDenied where a new retention is not the one that is running, made longer: in compliance mode no one
 * may do more, in governance mode only with the right to bypass it. `next`: undefined takes the retention away.
 */
export function demandRetention(
  record: ObjectRecord,
  next: Retention | undefined,
  now: number,
  bypassGovernance: boolean,
): void {
  const { retention } = record;
  if (!retention || retention.until <= now) return;
  if (next?.mode === retention.mode && next.until >= retention.until) return;
  if (retention.mode === 'GOVERNANCE' && bypassGovernance) return;
  throw locked(record);
}

function locked({ retention, legalHold }: ObjectRecord): Error {
  const until = retention && new Date(retention.until).toISOString();
  const held = legalHold ? 'A legal hold is on the version: take it off (s3:PutObjectLegalHold). ' : '';
  const kept =
    retention?.mode === 'GOVERNANCE'
      ? `It is retained until ${until} in governance mode: wait, or send x-amz-bypass-governance-retention: true with the right to s3:BypassGovernanceRetention.`
      : retention
        ? `It is retained until ${until} in compliance mode: it cannot be shortened, not even by the root user.`
        : '';
  return s3Errors.AccessDenied('Access Denied because object protected by object lock.', {
    advice: `${held}${kept}`.trim(),
  });
}
