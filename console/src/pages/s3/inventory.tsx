import {
  DeleteBucketInventoryConfigurationCommand,
  type InventoryConfiguration,
  type InventoryOptionalField,
  ListBucketInventoryConfigurationsCommand,
  PutBucketInventoryConfigurationCommand,
} from '@aws-sdk/client-s3';
import Checkbox from '@cloudscape-design/components/checkbox';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ChoiceField, ChoicesField, TextField } from '../../ui/fields.js';
import { RuleSetting } from './rule-setting.js';

const FORMATS = ['CSV', 'ORC', 'Parquet'] as const;
const FIELDS: readonly InventoryOptionalField[] = [
  'Size',
  'LastModifiedDate',
  'StorageClass',
  'ETag',
  'IsMultipartUploaded',
  'EncryptionStatus',
  'ObjectLockRetainUntilDate',
  'ObjectLockMode',
  'ObjectLockLegalHoldStatus',
  'ChecksumAlgorithm',
];

const FIRST: InventoryConfiguration = {
  Id: '',
  IsEnabled: true,
  IncludedObjectVersions: 'Current',
  Schedule: { Frequency: 'Daily' },
  Destination: { S3BucketDestination: { Bucket: '', Format: 'CSV' } },
  OptionalFields: ['Size', 'LastModifiedDate'],
};

async function configurations(Bucket: string): Promise<InventoryConfiguration[]> {
  const all: InventoryConfiguration[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3(new ListBucketInventoryConfigurationsCommand({ Bucket, ContinuationToken })).send();
    all.push(...(page.InventoryConfigurationList ?? []));
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  return all;
}

/** Lists of a bucket's objects that are written every day or week. */
export function Inventory({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const to = ({ Destination }: Pick<InventoryConfiguration, 'Destination'>) =>
    Destination?.S3BucketDestination;
  return (
    <RuleSetting<InventoryConfiguration>
      title={t('s3.inventory')}
      description={t('s3.inventory.text')}
      bucket={Bucket}
      asks="s3:PutInventoryConfiguration"
      first={FIRST}
      read={() => configurations(Bucket)}
      save={(_, { Id, ...changed }) => {
        const destination = to(changed)!;
        const Destination = { S3BucketDestination: { ...destination, Bucket: arnOf(destination.Bucket!) } };
        return s3(
          new PutBucketInventoryConfigurationCommand({
            Bucket,
            Id,
            InventoryConfiguration: { ...changed, Id, Destination },
          }),
        );
      }}
      drop={(_, { Id }) => s3(new DeleteBucketInventoryConfigurationCommand({ Bucket, Id }))}
      nameOf={({ Id }) => Id ?? ''}
      isComplete={rule => /^[\w.-]{1,64}$/.test(rule.Id ?? '') && Boolean(to(rule)?.Bucket)}
      columns={[
        { id: 'id', header: t('common.name'), cell: ({ Id }) => Id },
        { id: 'to', header: t('s3.inventory.to'), cell: rule => to(rule)?.Bucket },
        {
          id: 'often',
          header: t('s3.inventory.often'),
          cell: ({ Schedule }) => t(`s3.inventory.${Schedule?.Frequency ?? 'Daily'}`),
        },
        { id: 'format', header: t('s3.inventory.format'), cell: rule => to(rule)?.Format },
        {
          id: 'enabled',
          header: t('common.status'),
          cell: ({ IsEnabled }) => t(IsEnabled ? 'common.enabled' : 'common.disabled'),
        },
      ]}
      form={(rule, change) => {
        const destination = to(rule)!;
        const changeTo = (part: Partial<typeof destination>) =>
          change({ Destination: { S3BucketDestination: { ...destination, ...part } } });
        return (
          <>
            <TextField
              label={t('common.name')}
              name="inventory-id"
              rule={t('s3.inventory.id.rule')}
              value={rule.Id}
              onChange={Id => change({ Id: Id.trim() })}
            />
            <TextField
              label={t('s3.inventory.to')}
              name="inventory-bucket"
              rule={t('s3.inventory.to.rule')}
              value={destination.Bucket}
              onChange={text => changeTo({ Bucket: text.trim() })}
            />
            <TextField
              label={t('s3.prefix')}
              optional
              value={destination.Prefix}
              onChange={Prefix => changeTo({ Prefix: Prefix || undefined })}
            />
            <ChoiceField
              label={t('s3.inventory.format')}
              options={FORMATS.map(value => ({ value, label: value }))}
              value={destination.Format}
              onChange={Format => changeTo({ Format })}
            />
            <ChoiceField
              label={t('s3.inventory.often')}
              options={(['Daily', 'Weekly'] as const).map(value => ({
                value,
                label: t(`s3.inventory.${value}`),
              }))}
              value={rule.Schedule?.Frequency}
              onChange={Frequency => change({ Schedule: { Frequency } })}
            />
            <ChoicesField
              label={t('s3.inventory.fields')}
              options={FIELDS}
              value={rule.OptionalFields}
              onChange={fields => change({ OptionalFields: fields as InventoryOptionalField[] })}
            />
            <Checkbox
              checked={rule.IncludedObjectVersions === 'All'}
              onChange={({ detail }) =>
                change({ IncludedObjectVersions: detail.checked ? 'All' : 'Current' })
              }
            >
              {t('s3.inventory.versions')}
            </Checkbox>
            <Checkbox
              checked={rule.IsEnabled === true}
              onChange={({ detail }) => change({ IsEnabled: detail.checked })}
            >
              {t('common.enabled')}
            </Checkbox>
          </>
        );
      }}
    />
  );
}

/** A bucket's name may be typed in place of its ARN. */
function arnOf(text: string): string {
  return text.startsWith('arn:') ? text : s3Arn(text);
}
