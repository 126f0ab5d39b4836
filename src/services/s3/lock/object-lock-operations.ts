/** The operations of Object Lock: a bucket's default, and the retention and legal hold of a version. */
import type {
  DefaultRetention,
  GetObjectLegalHoldOutput,
  GetObjectLegalHoldRequest,
  GetObjectLockConfigurationOutput,
  GetObjectLockConfigurationRequest,
  GetObjectRetentionOutput,
  GetObjectRetentionRequest,
  PutObjectLegalHoldRequest,
  PutObjectLockConfigurationRequest,
  PutObjectRetentionRequest,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import { type Bucket, demandRetention, type ObjectLockSetting } from '../../../objects/index.js';
import { bucketOperation, versionOperation } from '../bucket-operation.js';
import { demandNoMarker, existingObject } from '../object/get-object.js';
import { retentionKeys } from '../object/write-requirements.js';
import { keyOf } from '../target.js';
import { retentionOf } from './object-lock.js';

/** "Object Lock considerations": the longest default retention. */
const MOST_DAYS = 36_500;
const MOST_YEARS = 100;

export const PutObjectLockConfiguration = bucketOperation<PutObjectLockConfigurationRequest, object>(
  's3:PutBucketObjectLockConfiguration',
  async (bucket, { ObjectLockConfiguration: asked }, { objects }) => {
    if (asked?.ObjectLockEnabled !== 'Enabled') throw s3Errors.MalformedXML();
    const rule = asked.Rule;
    if (rule && !rule.DefaultRetention) throw s3Errors.MalformedXML();
    const objectLock = rule?.DefaultRetention ? { defaultRetention: settingOf(rule.DefaultRetention) } : {};
    if (bucket.versioning !== 'Enabled') {
      throw s3Errors.InvalidBucketState(
        "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
      );
    }
    await objects.buckets.update(bucket, { objectLock });
    return {};
  },
);

/** Throws MalformedXML, InvalidArgument. */
function settingOf({
  Mode,
  Days,
  Years,
}: DefaultRetention): NonNullable<ObjectLockSetting['defaultRetention']> {
  if (Mode !== 'GOVERNANCE' && Mode !== 'COMPLIANCE') throw s3Errors.MalformedXML();
  if ((Days === undefined) === (Years === undefined)) throw s3Errors.MalformedXML();
  const [name, length, most] = Days === undefined ? ['Years', Years!, MOST_YEARS] : ['Days', Days, MOST_DAYS];
  const members = { ArgumentName: String(name), ArgumentValue: String(length) };
  if (length <= 0) {
    throw s3Errors.InvalidArgument('Default retention period must be a positive integer value.', {
      members,
    });
  }
  if (length > most) throw s3Errors.InvalidArgument('Default retention period too large.', { members });
  return { mode: Mode, ...(Days === undefined ? { years: Years } : { days: Days }) };
}

export const GetObjectLockConfiguration = bucketOperation<
  GetObjectLockConfigurationRequest,
  GetObjectLockConfigurationOutput
>('s3:GetBucketObjectLockConfiguration', ({ name, objectLock }) => {
  if (!objectLock) throw s3Errors.ObjectLockConfigurationNotFoundError({ members: { BucketName: name } });
  const { defaultRetention: kept } = objectLock;
  const DefaultRetention = kept && { Mode: kept.mode, Days: kept.days, Years: kept.years };
  return {
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      ...(DefaultRetention && { Rule: { DefaultRetention } }),
    },
  };
});

export const PutObjectRetention = versionOperation<PutObjectRetentionRequest, object>(
  ({ BypassGovernanceRetention }) =>
    BypassGovernanceRetention
      ? ['s3:PutObjectRetention', 's3:BypassGovernanceRetention']
      : ['s3:PutObjectRetention'],
  async (subject, input, { objects }, call) => {
    const { bucket } = subject;
    demandLock(bucket);
    demandNoMarker(subject, call);
    const now = call.clock.now();
    const { Mode, RetainUntilDate } = input.Retention ?? {};
    // An empty retention takes away the one there is.
    if ((Mode === undefined) !== (RetainUntilDate === undefined)) throw s3Errors.MalformedXML();
    const retention = Mode && RetainUntilDate ? retentionOf(Mode, RetainUntilDate.getTime(), now) : undefined;
    const bypass = input.BypassGovernanceRetention ?? false;
    await objects.versions.update(bucket, keyOf(input), input.VersionId, record => {
      demandRetention(record, retention, now, bypass);
      return { ...record, retention };
    });
    return {};
  },
  {
    keysOfBody: (input, call, action) =>
      action === 's3:PutObjectRetention'
        ? retentionKeys(
            {
              ObjectLockMode: input.Retention?.Mode,
              ObjectLockRetainUntilDate: input.Retention?.RetainUntilDate,
            },
            call.time,
          )
        : {},
  },
);

export const GetObjectRetention = versionOperation<GetObjectRetentionRequest, GetObjectRetentionOutput>(
  () => ['s3:GetObjectRetention'],
  async (subject, input, _ports, call) => {
    const { bucket } = subject;
    demandLock(bucket);
    const { retention } = await existingObject(subject, input, call);
    if (!retention) throw s3Errors.NoSuchObjectLockConfiguration();
    return { Retention: { Mode: retention.mode, RetainUntilDate: new Date(retention.until) } };
  },
);

export const PutObjectLegalHold = versionOperation<PutObjectLegalHoldRequest, object>(
  () => ['s3:PutObjectLegalHold'],
  async (subject, input, { objects }, call) => {
    const { bucket } = subject;
    // Before the bucket is looked at (recorded, test_put_object_legal_hold_exc).
    const status = input.LegalHold?.Status;
    if (status !== 'ON' && status !== 'OFF') throw s3Errors.MalformedXML();
    demandLock(bucket);
    demandNoMarker(subject, call);
    const legalHold = status === 'ON';
    await objects.versions.update(bucket, keyOf(input), input.VersionId, record => ({
      ...record,
      legalHold,
    }));
    return {};
  },
  { keysOfBody: input => ({ 's3:object-lock-legal-hold': input.LegalHold?.Status }) },
);

export const GetObjectLegalHold = versionOperation<GetObjectLegalHoldRequest, GetObjectLegalHoldOutput>(
  () => ['s3:GetObjectLegalHold'],
  async (subject, input, _ports, call) => {
    const { bucket } = subject;
    demandLock(bucket);
    const { legalHold } = await existingObject(subject, input, call);
    if (legalHold === undefined) throw s3Errors.NoSuchObjectLockConfiguration();
    return { LegalHold: { Status: legalHold ? 'ON' : 'OFF' } };
  },
);

/** Throws InvalidRequest. */
function demandLock(bucket: Bucket): void {
  if (!bucket.objectLock) throw s3Errors.InvalidRequest('Bucket is missing Object Lock Configuration');
}
