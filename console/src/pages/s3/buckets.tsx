import { DeleteBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import Link from '@cloudscape-design/components/link';
import { useState } from 'react';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, GuardedButton } from '../../ui/action.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { CreateBucket } from './create-bucket.js';

export default function BucketsPage() {
  const t = useTexts();
  const go = useGo();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable
        title={t('nav.buckets')}
        description={t('s3.buckets.text')}
        name={['buckets']}
        load={async (ContinuationToken, signal) => {
          const listed = await s3(new ListBucketsCommand({ ContinuationToken, MaxBuckets: 500 })).send(
            signal,
          );
          return { items: listed.Buckets ?? [], next: listed.ContinuationToken };
        }}
        id={({ Name }) => Name!}
        text={({ Name }) => Name!}
        empty={t('s3.buckets.none')}
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            value: ({ Name }) => Name!,
            cell: ({ Name }) => <Link {...go(path('s3', 'buckets', Name!))}>{Name}</Link>,
          },
          {
            id: 'region',
            header: t('bar.region'),
            value: ({ BucketRegion }) => BucketRegion ?? '',
            cell: ({ BucketRegion }) => BucketRegion ?? '–',
          },
          {
            id: 'created',
            header: t('common.created'),
            value: ({ CreationDate }) => Number(CreationDate),
            cell: ({ CreationDate }) => timeText(CreationDate),
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ Name }) => (
              <ActButton
                variant="inline-link"
                text={t('common.delete')}
                title={t('s3.buckets.delete', { name: Name! })}
                body={t('s3.buckets.delete.text')}
                typed={Name!}
                asks={{ action: 's3:DeleteBucket', resource: s3Arn(Name!) }}
                acts={() => [s3(new DeleteBucketCommand({ Bucket: Name }))]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton
            variant="primary"
            asks={{ action: 's3:CreateBucket', resource: s3Arn('*') }}
            onClick={() => setCreating(true)}
          >
            {t('s3.buckets.create')}
          </GuardedButton>
        }
      />
      {creating && <CreateBucket onClose={() => setCreating(false)} />}
    </>
  );
}
