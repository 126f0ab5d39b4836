/** Who owns what is put into a bucket, and with it whether access control lists count. */
import {
  GetBucketOwnershipControlsCommand,
  type ObjectOwnership,
  PutBucketOwnershipControlsCommand,
} from '@aws-sdk/client-s3';
import RadioGroup from '@cloudscape-design/components/radio-group';
import { useState } from 'react';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog } from '../../ui/action.js';
import { Panel } from '../../ui/panel.js';
import { EditButton, useSetting } from './setting.js';

export function useOwnership(Bucket: string) {
  return useSetting(['ownership', Bucket], async () => {
    const asked = await s3(new GetBucketOwnershipControlsCommand({ Bucket })).send();
    return asked.OwnershipControls?.Rules?.[0]?.ObjectOwnership ?? null;
  });
}

const OWNERSHIPS: readonly ObjectOwnership[] = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
];

export function Ownership({ bucket: Bucket }: { readonly bucket: string }) {
  const t = useTexts();
  const [wanted, setWanted] = useState<ObjectOwnership>();
  const { data, error, isLoading } = useOwnership(Bucket);
  const present = data ?? 'ObjectWriter';
  return (
    <Panel
      title={t('s3.ownership')}
      error={error}
      loading={isLoading}
      actions={
        <EditButton
          title={t('s3.ownership')}
          asks={{ action: 's3:PutBucketOwnershipControls', resource: s3Arn(Bucket) }}
          onClick={() => setWanted(present)}
        />
      }
    >
      {t(`s3.ownership.${present}`)}
      {wanted && (
        <ActDialog
          title={t('s3.ownership')}
          submit={t('common.save')}
          acts={[
            s3(
              new PutBucketOwnershipControlsCommand({
                Bucket,
                OwnershipControls: { Rules: [{ ObjectOwnership: wanted }] },
              }),
            ),
          ]}
          onClose={() => setWanted(undefined)}
        >
          <RadioGroup
            ariaLabel={t('s3.ownership')}
            value={wanted}
            onChange={({ detail }) => setWanted(detail.value as ObjectOwnership)}
            items={OWNERSHIPS.map(value => ({ value, label: t(`s3.ownership.${value}`) }))}
          />
        </ActDialog>
      )}
    </Panel>
  );
}
