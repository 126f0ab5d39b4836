import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Checkbox from '@cloudscape-design/components/checkbox';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { s3Arn } from '../../api/arn.js';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { EditablePolicy } from '../../ui/editable-policy.js';
import { Panel } from '../../ui/panel.js';
import { BucketAcl } from './acl.js';
import { Cors } from './cors.js';
import { Ownership } from './ownership.js';
import { EditButton, useSetting } from './setting.js';

interface OfBucket {
  readonly bucket: string;
}

export function BucketPermissions({ bucket }: OfBucket) {
  return (
    <SpaceBetween size="l">
      <PublicAccess bucket={bucket} />
      <BucketPolicy bucket={bucket} />
      <Ownership bucket={bucket} />
      <BucketAcl bucket={bucket} />
      <Cors bucket={bucket} />
    </SpaceBetween>
  );
}

const BLOCKS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
type Blocks = Readonly<Record<(typeof BLOCKS)[number], boolean>>;

function PublicAccess({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const [editing, setEditing] = useState(false);
  const { data, error, isLoading } = useSetting(['public access', Bucket], async () => {
    const asked = await s3(new GetPublicAccessBlockCommand({ Bucket })).send();
    return asked.PublicAccessBlockConfiguration;
  });
  const blocks = Object.fromEntries(BLOCKS.map(name => [name, data?.[name] === true])) as Blocks;
  return (
    <Panel
      title={t('s3.public')}
      error={error}
      loading={isLoading}
      actions={
        <EditButton
          title={t('s3.public')}
          asks={{ action: 's3:PutBucketPublicAccessBlock', resource: s3Arn(Bucket) }}
          onClick={() => setEditing(true)}
        />
      }
    >
      <KeyValuePairs
        columns={2}
        items={BLOCKS.map(name => ({
          label: t(`s3.public.${name}`),
          value: t(blocks[name] ? 'common.yes' : 'common.no'),
        }))}
      />
      {editing && <PublicAccessDialog bucket={Bucket} present={blocks} onClose={() => setEditing(false)} />}
    </Panel>
  );
}

function PublicAccessDialog({
  bucket: Bucket,
  present,
  onClose,
}: OfBucket & { readonly present: Blocks; onClose(): void }) {
  const t = useTexts();
  const [wanted, setWanted] = useState(present);
  const [sure, setSure] = useState(false);
  const opens = BLOCKS.some(name => present[name] && !wanted[name]);
  return (
    <ActDialog
      title={t('s3.public')}
      submit={t('common.save')}
      disabled={opens && !sure}
      acts={[s3(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: wanted }))]}
      onClose={onClose}
    >
      {BLOCKS.map(name => (
        <Checkbox
          key={name}
          checked={wanted[name]}
          onChange={({ detail }) => setWanted({ ...wanted, [name]: detail.checked })}
        >
          {t(`s3.public.${name}`)}
        </Checkbox>
      ))}
      {opens && (
        <Alert type="warning">
          <Checkbox checked={sure} onChange={({ detail }) => setSure(detail.checked)}>
            {t('s3.public.acknowledge')}
          </Checkbox>
        </Alert>
      )}
    </ActDialog>
  );
}

function firstPolicy(bucket: string): string {
  const Statement = [
    { Effect: 'Allow', Principal: { AWS: [] }, Action: 's3:GetObject', Resource: s3Arn(bucket, '*') },
  ];
  return `${JSON.stringify({ Version: '2012-10-17', Statement }, null, 2)}\n`;
}

function BucketPolicy({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const { data, error } = useSetting(
    ['policy', Bucket],
    async () => (await s3(new GetBucketPolicyCommand({ Bucket })).send()).Policy ?? null,
  );
  const resource = s3Arn(Bucket);
  return (
    <EditablePolicy
      title={t('s3.policy')}
      description={t('s3.policy.text')}
      document={data}
      error={error}
      kind="resource"
      place={resource}
      first={firstPolicy(Bucket)}
      asks={{ action: 's3:PutBucketPolicy', resource }}
      remove={
        <ActButton
          text={t('common.remove')}
          title={t('s3.policy.remove')}
          asks={{ action: 's3:DeleteBucketPolicy', resource }}
          acts={() => [s3(new DeleteBucketPolicyCommand({ Bucket }))]}
        />
      }
      act={Policy => s3(new PutBucketPolicyCommand({ Bucket, Policy }))}
    />
  );
}
