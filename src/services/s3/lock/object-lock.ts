/** Object Lock: what protects a version from being deleted ("Locking objects with Object Lock", S3 User Guide). */

import type { GetObjectOutput, PutObjectRequest } from '@aws-sdk/client-s3';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import { DAY_MS } from '../../../core/time.js';
import type {
  Bucket,
  ObjectAttributes,
  ObjectRecord,
  Retention,
  RetentionMode,
} from '../../../objects/index.js';

const YEAR_MS = 365 * DAY_MS;

type LockInput = Pick<
  PutObjectRequest,
  'ObjectLockMode' | 'ObjectLockRetainUntilDate' | 'ObjectLockLegalHoldStatus'
>;

/**
 * The lock that a new version gets: what the request says, else the bucket's default. What the request says is judged
 * before the bucket is (versitygw, PutObject_missing_object_lock_retention_config). Throws InvalidArgument,
 * InvalidRequest.
 */
export function lockAttributes(
  input: LockInput,
  bucket: Bucket,
  now: number,
): Pick<ObjectAttributes, 'retention' | 'legalHold'> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = input;
  if (mode === undefined && until === undefined && hold === undefined) return defaultRetention(bucket, now);
  if ((mode === undefined) !== (until === undefined)) {
    const ArgumentName = `x-amz-object-lock-${mode === undefined ? 'mode' : 'retain-until-date'}`;
    throw invalidArgument(
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
      ArgumentName,
    );
  }
  const asked = mode !== undefined && { retention: retentionOf(mode, until!.getTime(), now) };
  if (!bucket.objectLock) throw s3Errors.InvalidRequest('Bucket is missing ObjectLockConfiguration');
  return {
    ...(asked || defaultRetention(bucket, now)),
    ...(hold !== undefined && { legalHold: hold === 'ON' }),
  };
}

/** Throws InvalidArgument for an unknown mode or a date that is past. */
export function retentionOf(mode: string, until: number, now: number): Retention {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
    throw invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode);
  }
  if (until <= now) {
    throw invalidArgument(
      'The retain until date must be in the future!',
      'RetainUntilDate',
      inSeattle(until),
    );
  }
  return { mode: mode satisfies RetentionMode, until };
}

const SEATTLE = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/Los_Angeles',
  timeZoneName: 'short',
  weekday: 'short',
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** `Tue Dec 31 16:00:00 PST 2019`: a time as S3 shows it there (recorded, test_s3_object_retention_exc). */
function inSeattle(time: number): string {
  const parts = new Map(SEATTLE.formatToParts(time).map(({ type, value }) => [type, value]));
  const clock = ['hour', 'minute', 'second'].map(name => parts.get(name as 'hour')).join(':');
  return `${parts.get('weekday')} ${parts.get('month')} ${parts.get('day')} ${clock} ${parts.get('timeZoneName')} ${parts.get('year')}`;
}

function defaultRetention(bucket: Bucket, now: number): Pick<ObjectAttributes, 'retention'> {
  const setting = bucket.objectLock?.defaultRetention;
  if (!setting) return {};
  const length = setting.days === undefined ? (setting.years ?? 0) * YEAR_MS : setting.days * DAY_MS;
  return { retention: { mode: setting.mode, until: now + length } };
}

export function lockMembers({ retention, legalHold }: ObjectRecord): Partial<GetObjectOutput> {
  return {
    ...(retention && {
      ObjectLockMode: retention.mode,
      ObjectLockRetainUntilDate: new Date(retention.until),
    }),
    ...(legalHold !== undefined && {
      ObjectLockLegalHoldStatus: legalHold ? ('ON' as const) : ('OFF' as const),
    }),
  };
}
