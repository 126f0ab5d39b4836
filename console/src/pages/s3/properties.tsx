import {
  DeleteBucketTaggingCommand,
  GetBucketEncryptionCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  PutBucketEncryptionCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  type ServerSideEncryptionByDefault,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import Checkbox from '@cloudscape-design/components/checkbox';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { TextField } from '../../ui/fields.js';
import { Panel } from '../../ui/panel.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { DefaultLock } from './default-lock.js';
import { FormSetting } from './form-setting.js';
import { Inventory } from './inventory.js';
import { Lifecycle } from './lifecycle.js';
import { Logging } from './logging.js';
import { Notifications } from './notifications.js';
import { useSetting } from './setting.js';
import { Website } from './website.js';

interface OfBucket {
  readonly bucket: string;
}

export function Properties({ bucket }: OfBucket) {
  return (
    <SpaceBetween size="l">
      <Versioning bucket={bucket} />
      <Encryption bucket={bucket} />
      <Tags bucket={bucket} />
      <Lifecycle bucket={bucket} />
      <Notifications bucket={bucket} />
      <Logging bucket={bucket} />
      <DefaultLock bucket={bucket} />
      <Website bucket={bucket} />
      <Inventory bucket={bucket} />
    </SpaceBetween>
  );
}

function Versioning({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const { data, error, isLoading } = useSetting(['versioning', Bucket], () =>
    s3(new GetBucketVersioningCommand({ Bucket })).send(),
  );
  const enabled = data?.Status === 'Enabled';
  return (
    <Panel
      title={t('s3.versioning')}
      description={t('s3.versioning.text')}
      error={error}
      loading={isLoading}
      actions={
        <ActButton
          text={t(enabled ? 's3.versioning.suspend' : 's3.versioning.enable')}
          asks={{ action: 's3:PutBucketVersioning', resource: s3Arn(Bucket) }}
          acts={() => [
            s3(
              new PutBucketVersioningCommand({
                Bucket,
                VersioningConfiguration: { Status: enabled ? 'Suspended' : 'Enabled' },
              }),
            ),
          ]}
        />
      }
    >
      <StatusIndicator type={enabled ? 'success' : 'stopped'}>
        {t(
          enabled
            ? 'common.enabled'
            : data?.Status === 'Suspended'
              ? 's3.versioning.suspended'
              : 'common.disabled',
        )}
      </StatusIndicator>
    </Panel>
  );
}

interface Encrypted {
  readonly algorithm: NonNullable<ServerSideEncryptionByDefault['SSEAlgorithm']>;
  readonly key: string;
  readonly bucketKey: boolean;
}

function Encryption({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const put = ({ algorithm: SSEAlgorithm, key, bucketKey }: Encrypted) => {
    const kms = SSEAlgorithm !== 'AES256';
    const rule: ServerSideEncryptionRule = {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm, ...(kms && key && { KMSMasterKeyID: key }) },
      ...(kms && { BucketKeyEnabled: bucketKey }),
    };
    const input = { Bucket, ServerSideEncryptionConfiguration: { Rules: [rule] } };
    return s3(new PutBucketEncryptionCommand(input));
  };
  return (
    <FormSetting<Encrypted>
      title={t('s3.encryption')}
      bucket={Bucket}
      asks="s3:PutEncryptionConfiguration"
      first={{ algorithm: 'AES256', key: '', bucketKey: true }}
      read={async () => {
        const asked = s3(new GetBucketEncryptionCommand({ Bucket }));
        const rule = (await asked.send()).ServerSideEncryptionConfiguration?.Rules?.[0];
        const by = rule?.ApplyServerSideEncryptionByDefault;
        return {
          algorithm: by?.SSEAlgorithm ?? 'AES256',
          key: by?.KMSMasterKeyID ?? '',
          bucketKey: rule?.BucketKeyEnabled ?? false,
        };
      }}
      shows={({ algorithm, key, bucketKey }) => [
        {
          label: t('common.type'),
          value: t(algorithm === 'AES256' ? 's3.encryption.s3' : 's3.encryption.kms'),
        },
        { label: t('s3.encryption.key'), value: key || '–' },
        { label: t('s3.encryption.bucketKeyOn'), value: t(bucketKey ? 'common.yes' : 'common.no') },
      ]}
      isComplete={() => true}
      put={put}
      form={({ algorithm, key, bucketKey }, change) => (
        <>
          <RadioGroup
            ariaLabel={t('s3.encryption')}
            value={algorithm}
            onChange={({ detail }) =>
              change({
                algorithm: detail.value as Encrypted['algorithm'],
                // As AWS's console has it for KMS.
                bucketKey: detail.value !== 'AES256',
              })
            }
            items={[
              { value: 'AES256', label: t('s3.encryption.s3') },
              { value: 'aws:kms', label: t('s3.encryption.kms') },
            ]}
          />
          {algorithm !== 'AES256' && (
            <>
              <TextField
                label={t('s3.encryption.key')}
                rule={t('s3.encryption.key.text')}
                name="kms-key"
                value={key}
                onChange={text => change({ key: text.trim() })}
              />
              <Checkbox checked={bucketKey} onChange={({ detail }) => change({ bucketKey: detail.checked })}>
                {t('s3.encryption.bucketKey')}
              </Checkbox>
            </>
          )}
        </>
      )}
    />
  );
}

function Tags({ bucket: Bucket }: OfBucket) {
  const { data } = useSetting(['tags', Bucket], () => s3(new GetBucketTaggingCommand({ Bucket })).send());
  if (data === undefined) return null;
  return (
    <TagsPanel
      tags={tagsOf(data?.TagSet)}
      asks={{ action: 's3:PutBucketTagging', resource: s3Arn(Bucket) }}
      acts={wanted => [
        wanted.length === 0
          ? s3(new DeleteBucketTaggingCommand({ Bucket }))
          : s3(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [...wanted] } })),
      ]}
    />
  );
}
