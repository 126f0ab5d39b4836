/** Bucket notifications: which events go where ("Amazon S3 Event Notifications", S3 User Guide). */
import { randomUUID } from 'node:crypto';
import type {
  Event,
  FilterRuleName,
  GetBucketNotificationConfigurationRequest,
  NotificationConfiguration,
  NotificationConfigurationFilter,
  PutBucketNotificationConfigurationRequest,
} from '@aws-sdk/client-s3';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import {
  BRIDGE,
  type Bucket,
  includesEvent,
  type NotificationRule,
  targetName,
} from '../../../objects/index.js';
import { bucketOperation } from '../bucket-operation.js';
import { originOf } from '../causes.js';
import type { S3Ports } from '../ports.js';

/**
 * "Each S3 bucket can have up to 100 event notification configurations" (PutBucketNotificationConfiguration, S3 API
 * Reference).
 */
const MOST_RULES = 100;
/** Bytes of UTF-8 ("Configuring event notifications using object key name filtering"). */
const LONGEST_FILTER = 1024;

/** "Supported event types for SQS, SNS, and Lambda" (S3 User Guide). Some never happen here, as nothing makes them. */
const EVENTS = new Set([
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectRestore:*',
  's3:ObjectRestore:Post',
  's3:ObjectRestore:Completed',
  's3:ObjectRestore:Delete',
  's3:ReducedRedundancyLostObject',
  's3:Replication:*',
  's3:Replication:OperationFailedReplication',
  's3:Replication:OperationMissedThreshold',
  's3:Replication:OperationReplicatedAfterThreshold',
  's3:Replication:OperationNotTracked',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
  's3:LifecycleTransition',
  's3:IntelligentTiering',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:ObjectAcl:Put',
]);

/** The kinds of destinations: the service in their ARNs, and how S3's errors call them. */
const KINDS = {
  sqs: { argument: 'Queue', noun: 'queue' },
  sns: { argument: 'Topic', noun: 'topic' },
  lambda: { argument: 'CloudFunction', noun: 'Lambda function' },
} as const;
type Kind = keyof typeof KINDS;

export const PutBucketNotificationConfiguration = bucketOperation<
  PutBucketNotificationConfigurationRequest,
  object
>(
  's3:PutBucketNotification',
  async (bucket, { NotificationConfiguration: asked, SkipDestinationValidation: skip }, ports, call) => {
    if (!asked) throw s3Errors.MalformedXML();
    const { objects } = ports;
    const rules = rulesOf(asked, bucket);
    demandDistinct(rules);
    const bridge = asked.EventBridgeConfiguration !== undefined;
    if (bridge && !ports.targets.has(BRIDGE)) throw unreachable(BRIDGE);
    if (!skip) demandReachable(rules, ports);
    const destinations = skip
      ? []
      : [...new Set(rules.filter(isTested).map(({ destination }) => destination))];
    const test = await objects.outbox.test(bucket, { origin: originOf(call) }, destinations);
    const isEmpty = rules.length === 0 && !bridge;
    await objects.buckets.update(bucket, { notifications: isEmpty ? undefined : { rules, bridge } }, test);
    objects.outbox.committed();
    return {};
  },
);

export const GetBucketNotificationConfiguration = bucketOperation<
  GetBucketNotificationConfigurationRequest,
  NotificationConfiguration
>('s3:GetBucketNotification', ({ notifications }) => {
  const { rules = [], bridge = false } = notifications ?? {};
  const shapes = (kind: Kind) => rules.filter(rule => kindOf(rule.destination) === kind);
  const lists: NotificationConfiguration = {
    QueueConfigurations: shapes('sqs').map(rule => ({ ...shapeOf(rule), QueueArn: rule.destination })),
    TopicConfigurations: shapes('sns').map(rule => ({ ...shapeOf(rule), TopicArn: rule.destination })),
    LambdaFunctionConfigurations: shapes('lambda').map(rule => ({
      ...shapeOf(rule),
      LambdaFunctionArn: rule.destination,
    })),
  };
  return { ...lists, ...(bridge && { EventBridgeConfiguration: {} }) };
});

interface RuleShape {
  readonly Id?: string | undefined;
  readonly Events?: readonly string[] | undefined;
  readonly Filter?: NotificationConfigurationFilter | undefined;
}

/** Throws MalformedXML, InvalidArgument. */
function rulesOf(asked: NotificationConfiguration, bucket: Bucket): NotificationRule[] {
  const { QueueConfigurations = [], TopicConfigurations = [], LambdaFunctionConfigurations = [] } = asked;
  const rules = [
    ...QueueConfigurations.map(shape => ruleOf(shape, shape.QueueArn, 'sqs', bucket)),
    ...TopicConfigurations.map(shape => ruleOf(shape, shape.TopicArn, 'sns', bucket)),
    ...LambdaFunctionConfigurations.map(shape => ruleOf(shape, shape.LambdaFunctionArn, 'lambda', bucket)),
  ];
  if (rules.length <= MOST_RULES) return rules;
  throw s3Errors.InvalidArgument(`A bucket can have up to ${MOST_RULES} event notification configurations`);
}

function ruleOf(shape: RuleShape, arn: string | undefined, kind: Kind, bucket: Bucket): NotificationRule {
  const { Id, Events = [], Filter } = shape;
  if (arn === undefined || Events.length === 0) throw s3Errors.MalformedXML();
  const { argument } = KINDS[kind];
  if (kindOf(arn) !== kind) throw invalidArgument('The ARN is not well formed', argument, arn);
  const [, partition, , region, account] = arn.split(':');
  if (region !== bucket.region) {
    const why = 'The notification destination service region is not valid for the bucket location constraint';
    throw invalidArgument(why, argument, arn);
  }
  // The operator's targets are in every account, and a bucket uses those of its owner's.
  if (partition !== bucket.partition || account !== bucket.owner) throw unreachable(arn);
  for (const event of Events) {
    if (!EVENTS.has(event))
      throw invalidArgument('The event is not supported for notifications', 'Event', event);
  }
  return { id: Id || randomUUID(), destination: arn, events: Events, ...filterOf(Filter) };
}

function filterOf(filter: NotificationConfigurationFilter | undefined): { prefix?: string; suffix?: string } {
  const found: { prefix?: string; suffix?: string } = {};
  for (const { Name, Value = '' } of filter?.Key?.FilterRules ?? []) {
    const name = Name?.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') {
      throw invalidArgument(
        'filter rule name must be either prefix or suffix',
        'FilterRule.Name',
        Name ?? '',
      );
    }
    if (found[name] !== undefined) {
      throw invalidArgument(
        `Cannot specify more than one ${name} rule in a filter.`,
        'FilterRule.Name',
        Name!,
      );
    }
    if (Buffer.byteLength(Value) > LONGEST_FILTER) {
      const why = `Size of filter rule value cannot exceed ${LONGEST_FILTER} bytes in UTF-8 representation`;
      throw invalidArgument(why, 'FilterRule.Value', Value);
    }
    found[name] = Value;
  }
  return found;
}

/** Throws InvalidArgument where one event of a key would go by two rules. */
function demandDistinct(rules: readonly NotificationRule[]): void {
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw s3Errors.InvalidArgument('Same ID used for multiple configurations. IDs must be unique');
  }
  for (const [index, rule] of rules.entries()) {
    const other = rules.slice(index + 1).find(later => overlap(rule, later));
    if (!other) continue;
    const filtered = [rule, other].some(({ prefix, suffix }) => prefix || suffix);
    throw s3Errors.InvalidArgument(
      filtered
        ? 'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.'
        : 'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
    );
  }
}

function overlap(one: NotificationRule, other: NotificationRule): boolean {
  const { prefix = '', suffix = '' } = one;
  const { prefix: otherPrefix = '', suffix: otherSuffix = '' } = other;
  const prefixes = prefix.startsWith(otherPrefix) || otherPrefix.startsWith(prefix);
  const suffixes = suffix.endsWith(otherSuffix) || otherSuffix.endsWith(suffix);
  return prefixes && suffixes && one.events.some(a => other.events.some(b => shareEvents(a, b)));
}

function shareEvents(one: string, other: string): boolean {
  return includesEvent(one, other) || includesEvent(other, one);
}

/** Throws InvalidArgument for a destination that the operator has not named. */
function demandReachable(rules: readonly NotificationRule[], { targets }: S3Ports): void {
  for (const { destination } of rules) {
    if (!targets.has(targetName(destination))) throw unreachable(destination);
  }
}

function unreachable(destination: string): Error {
  const kind = kindOf(destination);
  const why = `The destination ${kind ? KINDS[kind].noun : 'event bus'} does not exist`;
  return invalidArgument('Unable to validate the following destination configurations', destination, why);
}

/** Functions get no test event ("PutBucketNotificationConfiguration", S3 API Reference, names queues and topics). */
function isTested({ destination }: NotificationRule): boolean {
  return kindOf(destination) !== 'lambda';
}

const destinationForm = /^arn:aws[a-z-]*:(sqs|sns|lambda):[a-z0-9-]+:\d{12}:(function:)?[\w-]{1,80}$/;

/** Undefined for what is no ARN of a destination. */
function kindOf(arn: string): Kind | undefined {
  const [, kind, isFunction] = destinationForm.exec(arn) ?? [];
  return (kind === 'lambda') === (isFunction !== undefined) ? (kind as Kind | undefined) : undefined;
}

function shapeOf({ id, events, prefix, suffix }: NotificationRule) {
  // S3 writes the names with capitals, whatever its model says.
  const rules = [
    { Name: 'Prefix' as FilterRuleName, Value: prefix },
    { Name: 'Suffix' as FilterRuleName, Value: suffix },
  ].filter(({ Value }) => Value !== undefined);
  return {
    Id: id,
    Events: [...events] as Event[],
    ...(rules.length > 0 && { Filter: { Key: { FilterRules: rules } } }),
  };
}
