/** Lifecycle configurations, and the header that tells when an object expires. */

import type {
  DeleteBucketLifecycleRequest,
  GetBucketLifecycleConfigurationOutput,
  GetBucketLifecycleConfigurationRequest,
  LifecycleExpiration,
  NoncurrentVersionTransition,
  PutBucketLifecycleConfigurationOutput,
  PutBucketLifecycleConfigurationRequest,
  LifecycleRule as RuleShape,
  Transition,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import { DAY_MS } from '../../../core/time.js';
import {
  type Bucket,
  expirationOf,
  type LifecycleRule,
  type ObjectRecord,
  type TransitionSize,
} from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';
import { demandNoMfaBesideRules } from '../lock/mfa-delete.js';
import { storageClassOf } from '../object/attributes.js';
import { asTagSet, objectTags } from '../tags.js';

const MOST_RULES = 1000;
const LONGEST_ID = 255;
const LEAST_DAYS = 30;

export const PutBucketLifecycleConfiguration = bucketOperation<
  PutBucketLifecycleConfigurationRequest,
  PutBucketLifecycleConfigurationOutput
>(
  's3:PutLifecycleConfiguration',
  async (bucket, { LifecycleConfiguration, TransitionDefaultMinimumObjectSize }, { objects }) => {
    const shapes = LifecycleConfiguration?.Rules ?? [];
    if (shapes.length === 0 || shapes.length > MOST_RULES) throw s3Errors.MalformedXML();
    const lifecycle = shapes.map(ruleOf);
    if (new Set(lifecycle.map(({ id }) => id)).size < lifecycle.length) {
      throw s3Errors.InvalidArgument('Rule ID must be unique. Found same ID for more than one rule');
    }
    await objects.buckets.update(bucket, now => {
      demandNoMfaBesideRules({ ...now, lifecycle });
      return { lifecycle, transitionSize: TransitionDefaultMinimumObjectSize };
    });
    return shownSize(TransitionDefaultMinimumObjectSize);
  },
);

export const GetBucketLifecycleConfiguration = bucketOperation<
  GetBucketLifecycleConfigurationRequest,
  GetBucketLifecycleConfigurationOutput
>('s3:GetLifecycleConfiguration', ({ name, lifecycle, transitionSize }) => {
  if (!lifecycle) throw s3Errors.NoSuchLifecycleConfiguration({ members: { BucketName: name } });
  return { Rules: lifecycle.map(shapeOf), ...shownSize(transitionSize) };
});

function shownSize(size: TransitionSize = 'all_storage_classes_128K') {
  return { TransitionDefaultMinimumObjectSize: size };
}

export const DeleteBucketLifecycle = bucketOperation<DeleteBucketLifecycleRequest, object>(
  's3:PutLifecycleConfiguration',
  async (bucket, _input, { objects }) => {
    await objects.buckets.update(bucket, { lifecycle: undefined, transitionSize: undefined });
    return {};
  },
);

function invalid(why: string): Error {
  return s3Errors.InvalidArgument(why);
}

/** Throws MalformedXML, InvalidArgument, InvalidRequest, NotImplemented for classes that need a restore. */
function ruleOf(shape: RuleShape, index: number): LifecycleRule {
  const { ID, Status, Filter, Prefix } = shape;
  if (Status !== 'Enabled' && Status !== 'Disabled') throw s3Errors.MalformedXML();
  if ((Filter === undefined) === (Prefix === undefined)) throw s3Errors.MalformedXML();
  if (ID !== undefined && ID.length > LONGEST_ID)
    throw invalid('ID length should not exceed allowed limit of 255');
  const rule: LifecycleRule = {
    id: ID || `rule-${index + 1}`,
    enabled: Status === 'Enabled',
    filter: filterOf(shape),
    ...(Prefix !== undefined && { prefixOutside: true }),
    ...(shape.Expiration && { expiration: expirationRule(shape.Expiration) }),
    ...noncurrentRule(shape),
    ...(shape.Transitions?.length && { transitions: shape.Transitions.map(transitionOf) }),
    ...(shape.NoncurrentVersionTransitions?.length && {
      noncurrentTransitions: shape.NoncurrentVersionTransitions.map(noncurrentTransitionOf),
    }),
    ...abortRule(shape),
  };
  const { expiration, noncurrentExpiration, transitions, noncurrentTransitions, abortUploadsAfter } = rule;
  const acts =
    expiration ?? noncurrentExpiration ?? transitions ?? noncurrentTransitions ?? abortUploadsAfter;
  if (acts === undefined)
    throw s3Errors.InvalidRequest('At least one action needs to be specified in a rule');
  return rule;
}

/**
 * "The Filter must have exactly one of Prefix, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan, or And"
 * (LifecycleRuleFilter, S3 API Reference; recorded, test_put_bucket_lifecycle_conf_exc). Where it has none, the rule is
 * for the whole bucket. Throws MalformedXML, InvalidRequest.
 */
function filterOf({ Filter, Prefix }: RuleShape): LifecycleRule['filter'] {
  if (Object.values(Filter ?? {}).filter(value => value !== undefined).length > 1)
    throw s3Errors.MalformedXML();
  const given = Filter?.And ?? Filter ?? {};
  const tags = 'Tags' in given ? given.Tags : Filter?.Tag && [Filter.Tag];
  const prefix = Prefix ?? given.Prefix;
  if (new Set(tags?.map(({ Key }) => Key)).size < (tags?.length ?? 0)) {
    throw s3Errors.InvalidRequest('Duplicate Tag Keys are not allowed.');
  }
  const { ObjectSizeGreaterThan: largerThan, ObjectSizeLessThan: smallerThan } = given;
  return {
    ...(prefix !== undefined && { prefix }),
    ...(tags?.length && { tags: objectTags(tags) }),
    ...(largerThan !== undefined && { largerThan }),
    ...(smallerThan !== undefined && { smallerThan }),
  };
}

function expirationRule({
  Days,
  Date: date,
  ExpiredObjectDeleteMarker,
}: LifecycleExpiration): LifecycleRule['expiration'] {
  if ([Days, date, ExpiredObjectDeleteMarker].filter(value => value !== undefined).length !== 1) {
    throw s3Errors.MalformedXML();
  }
  return {
    ...demandTime(Days, date, 'Expiration'),
    ...(ExpiredObjectDeleteMarker && { loneMarkers: true }),
  };
}

function demandTime(
  days: number | undefined,
  date: Date | undefined,
  action: string,
): { days?: number; date?: number } {
  if (days !== undefined && days <= 0)
    throw invalid(`'Days' for ${action} action must be a positive integer`);
  if (date !== undefined && date.getTime() % DAY_MS !== 0) {
    const members = { ArgumentName: 'Date', ArgumentValue: date.toISOString() };
    throw s3Errors.InvalidArgument("'Date' must be at midnight GMT", { members });
  }
  return { ...(days !== undefined && { days }), ...(date !== undefined && { date: date.getTime() }) };
}

function transitionOf({ Days, Date: date, StorageClass }: Transition) {
  if ((Days === undefined) === (date === undefined)) throw s3Errors.MalformedXML();
  if (Days !== undefined && Days < 0) throw invalid("'Days' in Transition action must be nonnegative");
  const due = Days === undefined ? demandTime(undefined, date, 'Transition') : { days: Days };
  const storageClass = classToChangeTo(StorageClass);
  demandLongEnough("'Days' in Transition", Days, storageClass);
  return { ...due, storageClass };
}

function noncurrentTransitionOf(shape: NoncurrentVersionTransition) {
  const { NoncurrentDays: days, NewerNoncurrentVersions: keep } = shape;
  if (days === undefined) throw s3Errors.MalformedXML();
  if (days < 0) throw invalid("'NoncurrentDays' in NoncurrentVersionTransition action must be nonnegative");
  const storageClass = classToChangeTo(shape.StorageClass);
  demandLongEnough("'NoncurrentDays' in NoncurrentVersionTransition", days, storageClass);
  return { days, storageClass, ...(keep !== undefined && { keep }) };
}

/** Throws MalformedXML for STANDARD, which nothing changes to; NotImplemented for classes that need a restore. */
function classToChangeTo(name: string | undefined): string {
  const storageClass = storageClassOf(name);
  if (storageClass !== undefined) return storageClass;
  throw s3Errors.MalformedXML();
}

/** To the classes for infrequent access, objects go after 30 days ("Transitioning objects", S3 User Guide). */
function demandLongEnough(what: string, days: number | undefined, storageClass: string): void {
  if (days === undefined || days >= LEAST_DAYS || !/_IA$/.test(storageClass)) return;
  throw invalid(
    `${what} action must be greater than or equal to ${LEAST_DAYS} for storageClass '${storageClass}'`,
  );
}

function noncurrentRule({
  NoncurrentVersionExpiration: asked,
}: RuleShape): Pick<LifecycleRule, 'noncurrentExpiration'> {
  if (!asked) return {};
  const { NoncurrentDays: days = 0, NewerNoncurrentVersions: keep } = asked;
  // An empty one (recorded, test_put_bucket_lifecycle_conf_exc).
  if (asked.NoncurrentDays === undefined && keep === undefined) throw s3Errors.MalformedXML();
  if (days <= 0) {
    throw invalid("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer");
  }
  return { noncurrentExpiration: { days, ...(keep !== undefined && { keep }) } };
}

function abortRule({
  AbortIncompleteMultipartUpload: asked,
}: RuleShape): Pick<LifecycleRule, 'abortUploadsAfter'> {
  if (!asked) return {};
  const { DaysAfterInitiation = 0 } = asked;
  if (DaysAfterInitiation <= 0) {
    throw invalid(
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    );
  }
  return { abortUploadsAfter: DaysAfterInitiation };
}

/** A rule as it is shown: as it was given, as far as that is known. */
function shapeOf(rule: LifecycleRule): RuleShape {
  const { expiration, noncurrentExpiration, transitions, noncurrentTransitions, abortUploadsAfter } = rule;
  return {
    ID: rule.id,
    Status: rule.enabled ? 'Enabled' : 'Disabled',
    ...(rule.prefixOutside ? { Prefix: rule.filter.prefix } : { Filter: filterShape(rule.filter) }),
    ...(expiration && {
      Expiration: {
        Days: expiration.days,
        Date: dateOf(expiration.date),
        ExpiredObjectDeleteMarker: expiration.loneMarkers,
      },
    }),
    ...(noncurrentExpiration && {
      NoncurrentVersionExpiration: {
        NoncurrentDays: noncurrentExpiration.days,
        NewerNoncurrentVersions: noncurrentExpiration.keep,
      },
    }),
    ...(transitions && {
      Transitions: transitions.map(({ days, date, storageClass }) => ({
        Days: days,
        Date: dateOf(date),
        StorageClass: storageClass as NonNullable<Transition['StorageClass']>,
      })),
    }),
    ...(noncurrentTransitions && {
      NoncurrentVersionTransitions: noncurrentTransitions.map(({ days, keep, storageClass }) => ({
        NoncurrentDays: days,
        NewerNoncurrentVersions: keep,
        StorageClass: storageClass as NonNullable<Transition['StorageClass']>,
      })),
    }),
    ...(abortUploadsAfter !== undefined && {
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortUploadsAfter },
    }),
  };
}

function filterShape({
  prefix,
  tags,
  largerThan,
  smallerThan,
}: LifecycleRule['filter']): NonNullable<RuleShape['Filter']> {
  const sizes = { ObjectSizeGreaterThan: largerThan, ObjectSizeLessThan: smallerThan };
  const names =
    [prefix, largerThan, smallerThan].filter(value => value !== undefined).length + (tags?.length ?? 0);
  if (names > 1) return { And: { Prefix: prefix, Tags: tags && asTagSet(tags), ...sizes } };
  const [tag] = tags ? asTagSet(tags) : [];
  return { Prefix: prefix, Tag: tag, ...sizes };
}

function dateOf(time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

/** The `x-amz-expiration` header of a current version. */
export function expirationHeader(bucket: Bucket, key: string, record: ObjectRecord): string | undefined {
  if (!bucket.lifecycle) return undefined;
  const expiration = expirationOf(bucket.lifecycle, key, record);
  if (!expiration) return undefined;
  const date = new Date(expiration.at).toUTCString();
  return `expiry-date="${date}", rule-id="${encodeURIComponent(expiration.ruleId)}"`;
}
