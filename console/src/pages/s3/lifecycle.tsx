import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Checkbox from '@cloudscape-design/components/checkbox';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { s3 } from '../../api/s3.js';
import { type Translate, useTexts } from '../../i18n/index.js';
import { CountField, TextField } from '../../ui/fields.js';
import { Spaced } from '../../ui/spaced.js';
import { RuleSetting } from './rule-setting.js';

const FIRST: LifecycleRule = { ID: '', Status: 'Enabled', Filter: { Prefix: '' } };

/** What a bucket deletes by itself. */
export function Lifecycle({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const put = (Rules: readonly LifecycleRule[]) =>
    s3(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [...Rules] } }));
  return (
    <RuleSetting<LifecycleRule>
      title={t('s3.lifecycle')}
      description={t('s3.lifecycle.text')}
      bucket={Bucket}
      asks="s3:PutLifecycleConfiguration"
      first={FIRST}
      read={async () => (await s3(new GetBucketLifecycleConfigurationCommand({ Bucket })).send()).Rules ?? []}
      save={put}
      replace={put}
      drop={rules => (rules.length > 0 ? put(rules) : s3(new DeleteBucketLifecycleCommand({ Bucket })))}
      nameOf={({ ID }) => ID ?? ''}
      isComplete={rule => Boolean(rule.ID) && doesSomething(rule)}
      columns={[
        { id: 'id', header: t('common.name'), cell: ({ ID }) => ID },
        {
          id: 'status',
          header: t('common.status'),
          cell: ({ Status }) => (
            <StatusIndicator type={Status === 'Enabled' ? 'success' : 'stopped'}>
              {t(Status === 'Enabled' ? 'common.enabled' : 'common.disabled')}
            </StatusIndicator>
          ),
        },
        { id: 'scope', header: t('s3.lifecycle.scope'), cell: rule => scopeOf(rule) || t('common.all') },
        { id: 'does', header: t('s3.lifecycle.does'), cell: rule => deedsOf(rule, t).join('; ') },
      ]}
      form={(rule, change) => <LifecycleForm rule={rule} change={change} />}
    />
  );
}

function LifecycleForm({
  rule,
  change,
}: {
  readonly rule: LifecycleRule;
  change(part: Partial<LifecycleRule>): void;
}) {
  const t = useTexts();
  const simple = isSimple(rule);
  return (
    <Spaced size="m">
      <TextField
        label={t('common.name')}
        name="rule-id"
        value={rule.ID}
        onChange={ID => change({ ID: ID.trim() })}
      />
      <Checkbox
        checked={rule.Status === 'Enabled'}
        onChange={({ detail }) => change({ Status: detail.checked ? 'Enabled' : 'Disabled' })}
      >
        {t('common.enabled')}
      </Checkbox>
      {simple ? (
        <TextField
          label={t('s3.prefix')}
          rule={t('s3.lifecycle.prefix.rule')}
          name="rule-prefix"
          value={rule.Filter?.Prefix ?? ''}
          onChange={Prefix => change({ Filter: { Prefix } })}
        />
      ) : (
        <Alert type="info">{t('s3.lifecycle.filter', { filter: scopeOf(rule) })}</Alert>
      )}
      <CountField
        label={t('s3.lifecycle.expire')}
        name="expire-days"
        value={rule.Expiration?.Days}
        onChange={Days => change({ Expiration: Days === undefined ? undefined : { Days } })}
      />
      <CountField
        label={t('s3.lifecycle.noncurrent')}
        name="noncurrent-days"
        value={rule.NoncurrentVersionExpiration?.NoncurrentDays}
        onChange={NoncurrentDays =>
          change({
            NoncurrentVersionExpiration:
              NoncurrentDays === undefined
                ? undefined
                : { ...rule.NoncurrentVersionExpiration, NoncurrentDays },
          })
        }
      />
      <CountField
        label={t('s3.lifecycle.uploads')}
        name="abort-days"
        value={rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation}
        onChange={DaysAfterInitiation =>
          change({
            AbortIncompleteMultipartUpload:
              DaysAfterInitiation === undefined ? undefined : { DaysAfterInitiation },
          })
        }
      />
      <Checkbox
        checked={rule.Expiration?.ExpiredObjectDeleteMarker === true}
        disabled={rule.Expiration?.Days !== undefined}
        onChange={({ detail }) =>
          change({ Expiration: detail.checked ? { ExpiredObjectDeleteMarker: true } : undefined })
        }
      >
        {t('s3.lifecycle.markers')}
      </Checkbox>
    </Spaced>
  );
}

/** Whether the form can show which objects it is about. */
function isSimple({ Filter, Prefix }: LifecycleRule): boolean {
  return Prefix === undefined && Object.keys(Filter ?? {}).every(name => name === 'Prefix');
}

function scopeOf({ Filter, Prefix }: LifecycleRule): string {
  const { And, Tag, ObjectSizeGreaterThan, ObjectSizeLessThan } = Filter ?? {};
  const tags = [...(Tag ? [Tag] : []), ...(And?.Tags ?? [])].map(({ Key, Value }) => `${Key}=${Value}`);
  const above = ObjectSizeGreaterThan ?? And?.ObjectSizeGreaterThan;
  const below = ObjectSizeLessThan ?? And?.ObjectSizeLessThan;
  return [
    Filter?.Prefix ?? And?.Prefix ?? Prefix,
    ...tags,
    above !== undefined && `> ${above} B`,
    below !== undefined && `< ${below} B`,
  ]
    .filter(Boolean)
    .join(', ');
}

function doesSomething(rule: LifecycleRule): boolean {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload, Transitions } = rule;
  return [
    Expiration,
    NoncurrentVersionExpiration,
    AbortIncompleteMultipartUpload,
    Transitions,
    rule.NoncurrentVersionTransitions,
  ].some(part => part !== undefined);
}

function deedsOf(rule: LifecycleRule, t: Translate): string[] {
  const days = (key: Parameters<Translate>[0], count: number | undefined) =>
    count === undefined ? [] : [`${t(key)}: ${count}`];
  return [
    ...days('s3.lifecycle.expire', rule.Expiration?.Days),
    ...(rule.Expiration?.Date ? [`${t('s3.retention.until')} ${rule.Expiration.Date.toISOString()}`] : []),
    ...(rule.Expiration?.ExpiredObjectDeleteMarker ? [t('s3.lifecycle.markers')] : []),
    ...days('s3.lifecycle.noncurrent', rule.NoncurrentVersionExpiration?.NoncurrentDays),
    ...days('s3.lifecycle.uploads', rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation),
    ...(rule.Transitions ?? []).map(({ Days, StorageClass }) => `→ ${StorageClass}: ${Days}`),
  ];
}
