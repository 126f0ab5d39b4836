import {
  type BucketLifecycleConfiguration,
  type BucketLoggingStatus,
  type CORSConfiguration,
  DeleteBucketCorsCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketTaggingCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type NotificationConfiguration,
  type ObjectLockConfiguration,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import Checkbox from '@cloudscape-design/components/checkbox';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { EditButton, JsonSetting, SettingPanel, useSetting } from './setting.js';

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
      <ObjectLock bucket={bucket} />
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
    <SettingPanel
      title={t('s3.versioning')}
      description={t('s3.versioning.text')}
      error={error}
      loading={isLoading}
      actions={
        <ActButton
          text={t(enabled ? 's3.versioning.suspend' : 's3.versioning.enable')}
          asks={{ action: 's3:PutBucketVersioning', resource: `arn:aws:s3:::${Bucket}` }}
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
    </SettingPanel>
  );
}

function Encryption({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const [editing, setEditing] = useState(false);
  const { data, error, isLoading } = useSetting(['encryption', Bucket], async () => {
    const asked = await s3(new GetBucketEncryptionCommand({ Bucket })).send();
    return asked.ServerSideEncryptionConfiguration?.Rules?.[0];
  });
  const by = data?.ApplyServerSideEncryptionByDefault;
  return (
    <SettingPanel
      title={t('s3.encryption')}
      error={error}
      loading={isLoading}
      actions={
        <EditButton
          title={t('s3.encryption')}
          asks={{ action: 's3:PutEncryptionConfiguration', resource: `arn:aws:s3:::${Bucket}` }}
          onClick={() => setEditing(true)}
        />
      }
    >
      <KeyValuePairs
        columns={3}
        items={[
          {
            label: t('common.type'),
            value: t(by?.SSEAlgorithm === 'aws:kms' ? 's3.encryption.kms' : 's3.encryption.s3'),
          },
          { label: t('s3.encryption.key'), value: by?.KMSMasterKeyID ?? '–' },
          {
            label: t('s3.encryption.bucketKeyOn'),
            value: t(data?.BucketKeyEnabled ? 'common.yes' : 'common.no'),
          },
        ]}
      />
      {editing && <EncryptionDialog bucket={Bucket} onClose={() => setEditing(false)} />}
    </SettingPanel>
  );
}

function EncryptionDialog({ bucket: Bucket, onClose }: OfBucket & { onClose(): void }) {
  const t = useTexts();
  const [SSEAlgorithm, setAlgorithm] = useState<'AES256' | 'aws:kms'>('AES256');
  const [key, setKey] = useState('');
  const [BucketKeyEnabled, setBucketKey] = useState(true);
  const kms = SSEAlgorithm === 'aws:kms';
  const rule = {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm, ...(kms && key && { KMSMasterKeyID: key }) },
    ...(kms && { BucketKeyEnabled }),
  };
  return (
    <ActDialog
      title={t('s3.encryption')}
      submit={t('common.save')}
      acts={[
        s3(
          new PutBucketEncryptionCommand({
            Bucket,
            ServerSideEncryptionConfiguration: { Rules: [rule] },
          }),
        ),
      ]}
      onClose={onClose}
    >
      <RadioGroup
        ariaLabel={t('s3.encryption')}
        value={SSEAlgorithm}
        onChange={({ detail }) => setAlgorithm(detail.value as typeof SSEAlgorithm)}
        items={[
          { value: 'AES256', label: t('s3.encryption.s3') },
          { value: 'aws:kms', label: t('s3.encryption.kms') },
        ]}
      />
      {kms && (
        <>
          <FormField label={t('s3.encryption.key')} constraintText={t('s3.encryption.key.text')}>
            <Input value={key} onChange={({ detail }) => setKey(detail.value.trim())} />
          </FormField>
          <Checkbox checked={BucketKeyEnabled} onChange={({ detail }) => setBucketKey(detail.checked)}>
            {t('s3.encryption.bucketKey')}
          </Checkbox>
        </>
      )}
    </ActDialog>
  );
}

function Tags({ bucket: Bucket }: OfBucket) {
  const { data } = useSetting(['tags', Bucket], () => s3(new GetBucketTaggingCommand({ Bucket })).send());
  if (data === undefined) return null;
  return (
    <TagsPanel
      tags={tagsOf(data?.TagSet)}
      asks={{ action: 's3:PutBucketTagging', resource: `arn:aws:s3:::${Bucket}` }}
      acts={wanted => [
        wanted.length === 0
          ? s3(new DeleteBucketTaggingCommand({ Bucket }))
          : s3(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [...wanted] } })),
      ]}
    />
  );
}

const LIFECYCLE: BucketLifecycleConfiguration = {
  Rules: [
    {
      ID: 'expire-temporary',
      Status: 'Enabled',
      Filter: { Prefix: 'tmp/' },
      Expiration: { Days: 30 },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ],
};

function Lifecycle({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  return (
    <JsonSetting<BucketLifecycleConfiguration>
      title={t('s3.lifecycle')}
      description={t('s3.lifecycle.text')}
      bucket={Bucket}
      example={LIFECYCLE}
      asks="s3:PutLifecycleConfiguration"
      read={async () => {
        const { Rules } = await s3(new GetBucketLifecycleConfigurationCommand({ Bucket })).send();
        return { Rules };
      }}
      put={LifecycleConfiguration =>
        s3(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))
      }
      remove={() => s3(new DeleteBucketLifecycleCommand({ Bucket }))}
    />
  );
}

const NOTIFICATIONS: NotificationConfiguration = {
  QueueConfigurations: [
    {
      Id: 'uploads',
      QueueArn: 'arn:aws:sqs:us-east-1:ACCOUNT:NAME',
      Events: ['s3:ObjectCreated:*'],
    },
  ],
};

function Notifications({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  return (
    <JsonSetting<NotificationConfiguration>
      title={t('s3.notifications')}
      description={t('s3.notifications.text')}
      bucket={Bucket}
      example={NOTIFICATIONS}
      asks="s3:PutBucketNotification"
      read={async () => {
        const { $metadata: _, ...configuration } = await s3(
          new GetBucketNotificationConfigurationCommand({ Bucket }),
        ).send();
        return configuration;
      }}
      put={NotificationConfiguration =>
        s3(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
      }
    />
  );
}

function Logging({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  return (
    <JsonSetting<BucketLoggingStatus>
      title={t('s3.logging')}
      description={t('s3.logging.text')}
      bucket={Bucket}
      example={{ LoggingEnabled: { TargetBucket: 'LOG-BUCKET', TargetPrefix: `${Bucket}/` } }}
      asks="s3:PutBucketLogging"
      read={async () => {
        const { LoggingEnabled } = await s3(new GetBucketLoggingCommand({ Bucket })).send();
        return LoggingEnabled ? { LoggingEnabled } : {};
      }}
      put={BucketLoggingStatus => s3(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus }))}
    />
  );
}

function ObjectLock({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  return (
    <JsonSetting<ObjectLockConfiguration>
      title={t('s3.lock')}
      description={t('s3.lock.default')}
      bucket={Bucket}
      example={{
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
      }}
      asks="s3:PutBucketObjectLockConfiguration"
      read={async () =>
        (await s3(new GetObjectLockConfigurationCommand({ Bucket })).send()).ObjectLockConfiguration ?? {}
      }
      put={value => s3(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: value }))}
      remove={() =>
        s3(
          new PutObjectLockConfigurationCommand({
            Bucket,
            ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
          }),
        )
      }
    />
  );
}

const CORS: CORSConfiguration = {
  CORSRules: [
    {
      AllowedOrigins: ['https://app.example.com'],
      AllowedMethods: ['GET', 'PUT'],
      AllowedHeaders: ['*'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 3000,
    },
  ],
};

export function Cors({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  return (
    <JsonSetting<CORSConfiguration>
      title={t('s3.cors')}
      description={t('s3.cors.text')}
      bucket={Bucket}
      example={CORS}
      asks="s3:PutBucketCORS"
      read={async () => {
        const { CORSRules } = await s3(new GetBucketCorsCommand({ Bucket })).send();
        return { CORSRules };
      }}
      put={CORSConfiguration => s3(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))}
      remove={() => s3(new DeleteBucketCorsCommand({ Bucket }))}
    />
  );
}
