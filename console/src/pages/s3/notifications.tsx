import {
  type Event,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  type NotificationConfigurationFilter,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import Checkbox from '@cloudscape-design/components/checkbox';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { ChoicesField, TextField } from '../../ui/fields.js';
import { RuleSetting } from './rule-setting.js';
import { useSetting } from './setting.js';

/** A destination of any kind with the events that go there. */
interface Destination {
  readonly id: string;
  readonly arn: string;
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

const EVENTS = [
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:ObjectAcl:Put',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
];

const FIRST: Destination = { id: '', arn: '', events: ['s3:ObjectCreated:*'], prefix: '', suffix: '' };

/** Where a bucket reports what happens in it. */
export function Notifications({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const read = async () => {
    const asked = s3(new GetBucketNotificationConfigurationCommand({ Bucket }));
    const { $metadata: _, ...configuration } = await asked.send();
    return configuration;
  };
  const { data } = useSetting(['notification', Bucket], read);
  const bus = data?.EventBridgeConfiguration !== undefined;
  const put = (destinations: readonly Destination[], eventBridge = bus) =>
    s3(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: {
          ...configurationOf(destinations),
          ...(eventBridge && { EventBridgeConfiguration: {} }),
        },
      }),
    );
  return (
    <RuleSetting<Destination>
      title={t('s3.notifications')}
      description={t('s3.notifications.text')}
      bucket={Bucket}
      asks="s3:PutBucketNotification"
      first={FIRST}
      read={async () => destinationsOf(await read())}
      save={rules => put(rules)}
      drop={rules => put(rules)}
      nameOf={({ id, arn }) => id || arn}
      isComplete={({ arn, events }) => /^arn:[\w-]+:(sqs|sns|lambda):/.test(arn) && events.length > 0}
      columns={[
        { id: 'id', header: t('common.name'), cell: ({ id }) => id || '–' },
        { id: 'arn', header: t('s3.notifications.to'), cell: ({ arn }) => arn },
        { id: 'events', header: t('s3.notifications.events'), cell: ({ events }) => events.join(', ') },
        {
          id: 'filter',
          header: t('s3.notifications.filter'),
          cell: ({ prefix, suffix }) =>
            [prefix && `${prefix}…`, suffix && `…${suffix}`].join(' ').trim() || '–',
        },
      ]}
      form={(rule, change) => (
        <>
          <TextField
            label={t('s3.notifications.to')}
            rule={t('s3.notifications.to.rule')}
            name="destination"
            value={rule.arn}
            onChange={arn => change({ arn: arn.trim() })}
          />
          <ChoicesField
            label={t('s3.notifications.events')}
            options={[...new Set([...EVENTS, ...rule.events])]}
            value={rule.events}
            onChange={events => change({ events })}
          />
          <TextField
            label={t('s3.prefix')}
            optional
            value={rule.prefix}
            onChange={prefix => change({ prefix })}
          />
          <TextField
            label={t('s3.suffix')}
            optional
            value={rule.suffix}
            onChange={suffix => change({ suffix })}
          />
          <TextField
            label={t('common.name')}
            optional
            value={rule.id}
            onChange={id => change({ id: id.trim() })}
          />
        </>
      )}
    >
      <div>
        <Checkbox checked={bus} readOnly>
          {t('s3.notifications.bus')}
        </Checkbox>
        <ActButton
          variant="inline-link"
          text={t(bus ? 's3.notifications.bus.off' : 's3.notifications.bus.on')}
          asks={{ action: 's3:PutBucketNotification', resource: s3Arn(Bucket) }}
          acts={() => [put(data ? destinationsOf(data) : [], !bus)]}
        />
      </div>
    </RuleSetting>
  );
}

interface Configured {
  readonly Id?: string | undefined;
  readonly Events?: readonly Event[] | undefined;
  readonly Filter?: NotificationConfigurationFilter | undefined;
}

function destinationsOf(configuration: NotificationConfiguration): Destination[] {
  const { QueueConfigurations, TopicConfigurations, LambdaFunctionConfigurations } = configuration;
  const destination = (
    arn: string | undefined,
    { Id = '', Events = [], Filter }: Configured,
  ): Destination => {
    const value = (name: string) =>
      Filter?.Key?.FilterRules?.find(rule => rule.Name?.toLowerCase() === name)?.Value ?? '';
    return { id: Id, arn: arn ?? '', events: Events, prefix: value('prefix'), suffix: value('suffix') };
  };
  return [
    ...(QueueConfigurations ?? []).map(queue => destination(queue.QueueArn, queue)),
    ...(TopicConfigurations ?? []).map(topic => destination(topic.TopicArn, topic)),
    ...(LambdaFunctionConfigurations ?? []).map(code => destination(code.LambdaFunctionArn, code)),
  ];
}

function configurationOf(destinations: readonly Destination[]): NotificationConfiguration {
  const of = <A extends string>(service: string, arnName: A) =>
    destinations
      .filter(({ arn }) => arn.split(':')[2] === service)
      .map(({ id, arn, events, prefix, suffix }) => {
        const rules = [
          ...(prefix ? [{ Name: 'prefix' as const, Value: prefix }] : []),
          ...(suffix ? [{ Name: 'suffix' as const, Value: suffix }] : []),
        ];
        return {
          [arnName]: arn,
          Events: [...events] as Event[],
          ...(id && { Id: id }),
          ...(rules.length > 0 && { Filter: { Key: { FilterRules: rules } } }),
        } as Record<A, string> & { Events: Event[] };
      });
  const queues = of('sqs', 'QueueArn');
  const topics = of('sns', 'TopicArn');
  const functions = of('lambda', 'LambdaFunctionArn');
  return {
    ...(queues.length > 0 && { QueueConfigurations: queues }),
    ...(topics.length > 0 && { TopicConfigurations: topics }),
    ...(functions.length > 0 && { LambdaFunctionConfigurations: functions }),
  };
}
