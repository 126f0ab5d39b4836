/** Rules of replication as S3 has them, and as they are stored. */
import { randomUUID } from 'node:crypto';
import type {
  Destination,
  Metrics,
  ReplicationRuleFilter,
  ReplicationTime,
  ReplicationRule as RuleShape,
  Tag,
} from '@aws-sdk/client-s3';
import { s3Errors } from '../../../core/s3-errors.js';
import type {
  Bucket,
  Pairs,
  ReplicationDestination,
  ReplicationRule,
  TimedSwitch,
} from '../../../objects/index.js';
import { storageClassOf } from '../object/attributes.js';
import { asTagSet } from '../tags.js';

/** "The maximum value is 255 characters" (ReplicationRule, S3 API Reference). */
const LONGEST_ID = 255;
/** Bytes: "The maximum prefix length is 1,024 characters". */
const LONGEST_PREFIX = 1024;
/** "Valid value: 15" minutes (ReplicationTimeValue). */
const MINUTES = 15;
const BUCKET = /^arn:([a-z-]+):s3:::([a-z0-9.-]{3,63})$/;

/** A rule to be stored. Throws MalformedXML, InvalidArgument, InvalidRequest, NotImplemented. */
export function ruleOf(asked: RuleShape, bucket: Bucket): ReplicationRule {
  const { ID: id = randomUUID(), Status: status, Priority: priority, Filter, Prefix } = asked;
  if (id.length > LONGEST_ID) {
    throw s3Errors.InvalidArgument(`ID length should not exceed allowed limit of ${LONGEST_ID}`);
  }
  if (Filter !== undefined && Prefix !== undefined) throw s3Errors.MalformedXML();
  const destination = destinationOf(asked.Destination, bucket);
  const { SseKmsEncryptedObjects: kms, ReplicaModifications } = asked.SourceSelectionCriteria ?? {};
  const rule: ReplicationRule = {
    id,
    status: switchOf(status),
    priority,
    ...(Filter === undefined ? { first: true, prefix: Prefix ?? '' } : filterOf(Filter)),
    deleteMarkers: optionalSwitch(asked.DeleteMarkerReplication),
    existing: optionalSwitch(asked.ExistingObjectReplication),
    kmsObjects: optionalSwitch(kms),
    replicaChanges: optionalSwitch(ReplicaModifications),
    destination,
  };
  if (Buffer.byteLength(rule.prefix ?? '') > LONGEST_PREFIX) {
    throw s3Errors.InvalidArgument(`The maximum size of a prefix is ${LONGEST_PREFIX}.`);
  }
  demandSchema(rule);
  demandKey(rule);
  return rule;
}

/** In S3's words, as rust-lang/simpleinfra#468 and others report them. Throws InvalidRequest. */
function demandSchema(rule: ReplicationRule): void {
  const { first, priority, deleteMarkers, replicaChanges, destination, tags } = rule;
  const refuse = (what: string, how: string) =>
    s3Errors.InvalidRequest(
      `${what} ${how} for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.`,
    );
  if (first) {
    const given = { Priority: priority, DeleteMarkerReplication: deleteMarkers, ...timed(destination) };
    for (const [name, value] of Object.entries({ ...given, ReplicaModifications: replicaChanges })) {
      if (value !== undefined) throw refuse(name, 'cannot be used');
    }
    return;
  }
  if (priority === undefined) throw refuse('Priority', 'must be specified');
  if (deleteMarkers === undefined) throw refuse('DeleteMarkerReplication', 'must be specified');
  if (deleteMarkers === 'Enabled' && tags?.length) {
    throw s3Errors.InvalidRequest(
      'Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.',
    );
  }
}

function timed({ time, metrics }: ReplicationDestination) {
  return { ReplicationTime: time, Metrics: metrics };
}

/** "If SourceSelectionCriteria is specified, you must specify this element" (Destination). Throws InvalidRequest. */
function demandKey({ kmsObjects, destination: { keyId } }: ReplicationRule): void {
  if (kmsObjects === 'Enabled' && keyId === undefined) {
    throw s3Errors.InvalidRequest(
      'EncryptionConfiguration must be specified if SseKmsEncryptedObjects is enabled.',
    );
  }
  if (kmsObjects !== 'Enabled' && keyId !== undefined) {
    throw s3Errors.InvalidRequest(
      'SseKmsEncryptedObjects must be enabled if EncryptionConfiguration is specified.',
    );
  }
}

function destinationOf(asked: Destination | undefined, bucket: Bucket): ReplicationDestination {
  const { Bucket: arn, Account, StorageClass, AccessControlTranslation: translation } = asked ?? {};
  const [, partition, name] = BUCKET.exec(arn ?? '') ?? [];
  if (arn === undefined) throw s3Errors.MalformedXML();
  if (name === undefined || partition !== bucket.partition)
    throw s3Errors.InvalidArgument('Invalid bucket ARN');
  if (Account !== undefined && !/^\d{12}$/.test(Account)) throw s3Errors.InvalidArgument('Invalid account');
  if (translation && translation.Owner !== 'Destination') throw s3Errors.MalformedXML();
  if (translation && Account === undefined) {
    throw s3Errors.InvalidRequest('Account must be specified if AccessControlTranslation is specified.');
  }
  storageClassOf(StorageClass);
  const time = timedSwitch(asked?.ReplicationTime, asked?.ReplicationTime?.Time?.Minutes);
  const metrics = timedSwitch(asked?.Metrics, asked?.Metrics?.EventThreshold?.Minutes);
  if (time && (time.minutes === undefined || !metrics)) {
    throw s3Errors.InvalidRequest('ReplicationTime must be specified with its Time, and with Metrics.');
  }
  const keyId = asked?.EncryptionConfiguration?.ReplicaKmsKeyID;
  if (asked?.EncryptionConfiguration && !keyId) throw s3Errors.MalformedXML();
  return {
    bucket: name,
    account: Account,
    storageClass: StorageClass,
    ...(translation && { ownerOverride: true }),
    keyId,
    time,
    metrics,
  };
}

function timedSwitch(asked: ReplicationTime | Metrics | undefined, minutes: number | undefined) {
  if (!asked) return undefined;
  if (minutes !== undefined && minutes !== MINUTES) {
    throw s3Errors.InvalidArgument(`Invalid value ${minutes}: the valid value of Minutes is ${MINUTES}.`);
  }
  return { status: switchOf(asked.Status), minutes };
}

/** Throws MalformedXML. */
function switchOf(status: string | undefined): 'Enabled' | 'Disabled' {
  if (status === 'Enabled' || status === 'Disabled') return status;
  throw s3Errors.MalformedXML();
}

function optionalSwitch(asked: { readonly Status?: string | undefined } | undefined) {
  return asked && switchOf(asked.Status);
}

/** "A Filter must specify exactly one Prefix, Tag, or an And child element"; an empty one lets everything in. */
function filterOf({
  Prefix,
  Tag: tag,
  And,
}: ReplicationRuleFilter): Pick<ReplicationRule, 'prefix' | 'tags' | 'joined'> {
  const given = [Prefix, tag, And].filter(condition => condition !== undefined);
  if (given.length > 1) throw s3Errors.MalformedXML();
  if (And) return { joined: true, prefix: And.Prefix, tags: And.Tags && tagsOf(And.Tags) };
  return tag ? { tags: tagsOf([tag]) } : { prefix: Prefix };
}

function tagsOf(tags: readonly Tag[]): Pairs {
  return tags.map(({ Key, Value }) => {
    if (Key === undefined || Value === undefined) throw s3Errors.MalformedXML();
    return [Key, Value];
  });
}

/** The rule as it was given. */
export function shapeOf(rule: ReplicationRule, partition: string): RuleShape {
  const { id, status, priority, prefix, deleteMarkers, existing, kmsObjects, replicaChanges } = rule;
  const criteria = {
    ...(kmsObjects && { SseKmsEncryptedObjects: { Status: kmsObjects } }),
    ...(replicaChanges && { ReplicaModifications: { Status: replicaChanges } }),
  };
  return {
    ID: id,
    Priority: priority,
    ...(rule.first ? { Prefix: prefix } : { Filter: filterShape(rule) }),
    Status: status,
    ...(Object.keys(criteria).length > 0 && { SourceSelectionCriteria: criteria }),
    ...(existing && { ExistingObjectReplication: { Status: existing } }),
    Destination: destinationShape(rule.destination, partition),
    ...(deleteMarkers && { DeleteMarkerReplication: { Status: deleteMarkers } }),
  };
}

function filterShape({ prefix, tags, joined }: ReplicationRule): ReplicationRuleFilter {
  const shown = tags && asTagSet(tags);
  if (joined) return { And: { Prefix: prefix, Tags: shown } };
  return shown ? { Tag: shown[0] } : { Prefix: prefix };
}

function destinationShape(
  { bucket, account, storageClass, ownerOverride, keyId, time, metrics }: ReplicationDestination,
  partition: string,
): Destination {
  const minutes = (of: TimedSwitch) => (of.minutes === undefined ? undefined : { Minutes: of.minutes });
  return {
    Bucket: `arn:${partition}:s3:::${bucket}`,
    Account: account,
    StorageClass: storageClass as Destination['StorageClass'],
    ...(ownerOverride && { AccessControlTranslation: { Owner: 'Destination' } }),
    ...(keyId !== undefined && { EncryptionConfiguration: { ReplicaKmsKeyID: keyId } }),
    ...(time && { ReplicationTime: { Status: time.status, Time: minutes(time) } }),
    ...(metrics && { Metrics: { Status: metrics.status, EventThreshold: minutes(metrics) } }),
  };
}
