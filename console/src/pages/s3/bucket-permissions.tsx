import {
  DeleteBucketPolicyCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  type ObjectOwnership,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import RadioGroup from '@cloudscape-design/components/radio-group';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { s3 } from '../../api/s3.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { laidOut, PolicyText } from '../../ui/policy-view.js';
import { useRun } from '../../ui/run.js';
import { Cors } from './properties.js';
import { EditButton, SettingPanel, useSetting } from './setting.js';

interface OfBucket {
  readonly bucket: string;
}

export function BucketPermissions({ bucket }: OfBucket) {
  return (
    <SpaceBetween size="l">
      <PublicAccess bucket={bucket} />
      <BucketPolicy bucket={bucket} />
      <Ownership bucket={bucket} />
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
    <SettingPanel
      title={t('s3.public')}
      error={error}
      loading={isLoading}
      actions={
        <EditButton
          title={t('s3.public')}
          asks={{ action: 's3:PutBucketPublicAccessBlock', resource: `arn:aws:s3:::${Bucket}` }}
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
    </SettingPanel>
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
    { Effect: 'Allow', Principal: { AWS: [] }, Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` },
  ];
  return `${JSON.stringify({ Version: '2012-10-17', Statement }, null, 2)}\n`;
}

function BucketPolicy({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const [edited, setEdited] = useState<string>();
  const { run, running, error: refused } = useRun();
  const { data, error, isLoading } = useSetting(
    ['policy', Bucket],
    async () => (await s3(new GetBucketPolicyCommand({ Bucket })).send()).Policy,
  );
  const act = s3(new PutBucketPolicyCommand({ Bucket, Policy: edited ?? '' }));
  const resource = `arn:aws:s3:::${Bucket}`;
  return (
    <SettingPanel
      title={t('s3.policy')}
      description={t('s3.policy.text')}
      error={error}
      loading={isLoading}
      actions={
        edited === undefined ? (
          <>
            {data && (
              <ActButton
                text={t('common.remove')}
                title={t('s3.policy.remove')}
                asks={{ action: 's3:DeleteBucketPolicy', resource }}
                acts={() => [s3(new DeleteBucketPolicyCommand({ Bucket }))]}
              />
            )}
            <EditButton
              title={t('s3.policy')}
              asks={{ action: 's3:PutBucketPolicy', resource }}
              onClick={() => setEdited(data ? laidOut(data) : firstPolicy(Bucket))}
            />
          </>
        ) : (
          <>
            <Button onClick={() => setEdited(undefined)}>{t('common.cancel')}</Button>
            <Button
              variant="primary"
              loading={running}
              data-testid="save-policy"
              onClick={async () => {
                if (await run([act])) setEdited(undefined);
              }}
            >
              {t('common.save')}
            </Button>
          </>
        )
      }
    >
      {edited === undefined ? (
        data ? (
          <PolicyText document={data} />
        ) : (
          <Box color="text-body-secondary">{t('s3.setting.none')}</Box>
        )
      ) : (
        <SpaceBetween size="m">
          <PolicyEditor value={edited} kind="resource" label={t('s3.policy')} onChange={setEdited} />
          <CliLines acts={[act]} />
          <ErrorBox error={refused} />
        </SpaceBetween>
      )}
    </SettingPanel>
  );
}

const OWNERSHIPS: readonly ObjectOwnership[] = [
  'BucketOwnerEnforced',
  'BucketOwnerPreferred',
  'ObjectWriter',
];

function Ownership({ bucket: Bucket }: OfBucket) {
  const t = useTexts();
  const [wanted, setWanted] = useState<ObjectOwnership>();
  const { data, error, isLoading } = useSetting(['ownership', Bucket], async () => {
    const asked = await s3(new GetBucketOwnershipControlsCommand({ Bucket })).send();
    return asked.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
  });
  const present = data ?? 'ObjectWriter';
  return (
    <SettingPanel
      title={t('s3.ownership')}
      error={error}
      loading={isLoading}
      actions={
        <EditButton
          title={t('s3.ownership')}
          asks={{ action: 's3:PutBucketOwnershipControls', resource: `arn:aws:s3:::${Bucket}` }}
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
    </SettingPanel>
  );
}
