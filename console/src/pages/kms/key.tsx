import {
  CancelKeyDeletionCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GetKeyPolicyCommand,
  type KeyMetadata,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-kms';
import Box from '@cloudscape-design/components/box';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { kms } from '../../api/kms.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { EditablePolicy } from '../../ui/editable-policy.js';
import { timeText } from '../../ui/format.js';
import { Loaded } from '../../ui/loaded.js';
import { useAct } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { Aliases } from './aliases.js';
import { Grants } from './grants.js';
import { Rotation } from './rotation.js';

export default function KeyPage({ params }: { readonly params: Params }) {
  const query = useAct(kms(new DescribeKeyCommand({ KeyId: params['id']! })));
  return <Loaded query={query}>{({ KeyMetadata: key }) => <KeyParts keyOf={key!} />}</Loaded>;
}

function KeyParts({ keyOf: key }: { readonly keyOf: KeyMetadata }) {
  const t = useTexts();
  const id = key.KeyId!;
  const arn = key.Arn!;
  const rotates = key.KeySpec === 'SYMMETRIC_DEFAULT';
  return (
    <ResourcePage
      title={id}
      description={key.Description}
      actions={<StateActions keyOf={key} />}
      summary={[
        { label: t('common.arn'), value: arn },
        {
          label: t('common.status'),
          value: (
            <StatusIndicator type={key.KeyState === 'Enabled' ? 'success' : 'stopped'}>
              {key.KeyState}
            </StatusIndicator>
          ),
        },
        { label: t('common.created'), value: timeText(key.CreationDate) },
        { label: t('kms.key.spec'), value: key.KeySpec },
        { label: t('kms.key.usage'), value: key.KeyUsage },
        { label: t('kms.key.manager'), value: key.KeyManager },
        ...(key.DeletionDate ? [{ label: t('kms.delete.date'), value: timeText(key.DeletionDate) }] : []),
      ]}
      tabs={[
        { id: 'policy', label: t('kms.policy'), content: <KeyPolicy id={id} arn={arn} /> },
        { id: 'aliases', label: t('kms.aliases'), content: <Aliases id={id} arn={arn} /> },
        { id: 'grants', label: t('kms.grants'), content: <Grants id={id} arn={arn} /> },
        ...(rotates
          ? [{ id: 'rotation', label: t('kms.rotation'), content: <Rotation id={id} arn={arn} /> }]
          : []),
        { id: 'tags', label: t('common.tags'), content: <Tags id={id} arn={arn} /> },
      ]}
    />
  );
}

function StateActions({ keyOf: { KeyId, KeyState, Arn = '*' } }: { readonly keyOf: KeyMetadata }) {
  const t = useTexts();
  const may = (verb: string) => ({ action: `kms:${verb}`, resource: Arn });
  const [deleting, setDeleting] = useState(false);
  const [days, setDays] = useState('30');
  const PendingWindowInDays = Number(days);
  const valid = PendingWindowInDays >= 7 && PendingWindowInDays <= 30;
  return (
    <>
      {KeyState === 'Enabled' && (
        <ActButton
          text={t('kms.disable')}
          asks={may('DisableKey')}
          acts={() => [kms(new DisableKeyCommand({ KeyId }))]}
        />
      )}
      {KeyState === 'Disabled' && (
        <ActButton
          text={t('kms.enable')}
          asks={may('EnableKey')}
          acts={() => [kms(new EnableKeyCommand({ KeyId }))]}
        />
      )}
      {KeyState === 'PendingDeletion' ? (
        <ActButton
          text={t('kms.keepKey')}
          asks={may('CancelKeyDeletion')}
          acts={() => [kms(new CancelKeyDeletionCommand({ KeyId }))]}
        />
      ) : (
        <GuardedButton asks={may('ScheduleKeyDeletion')} onClick={() => setDeleting(true)}>
          {t('kms.delete')}
        </GuardedButton>
      )}
      {deleting && (
        <ActDialog
          title={t('kms.delete')}
          submit={t('kms.delete')}
          disabled={!valid}
          acts={[kms(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }))]}
          onClose={() => setDeleting(false)}
        >
          <Box>{t('kms.delete.text')}</Box>
          <FormField label={t('kms.delete.days')} constraintText={t('kms.delete.days.rule')}>
            <Input type="number" value={days} onChange={({ detail }) => setDays(detail.value)} />
          </FormField>
        </ActDialog>
      )}
    </>
  );
}

interface OfKey {
  readonly id: string;
  readonly arn: string;
}

function KeyPolicy({ id: KeyId, arn }: OfKey) {
  const t = useTexts();
  const { data, error } = useAct(kms(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' })));
  return (
    <EditablePolicy
      title={t('kms.policy')}
      description={t('kms.policy.text')}
      document={data?.Policy}
      error={error}
      kind="key"
      place={arn}
      asks={{ action: 'kms:PutKeyPolicy', resource: arn }}
      act={Policy => kms(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy }))}
    />
  );
}

function Tags({ id: KeyId, arn }: OfKey) {
  const query = useAct(kms(new ListResourceTagsCommand({ KeyId })));
  return (
    <Loaded query={query}>
      {({ Tags: listed = [] }) => (
        <TagsPanel
          tags={tagsOf(listed.map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue })))}
          asks={{ action: 'kms:TagResource', resource: arn }}
          acts={(wanted, TagKeys) => [
            ...(TagKeys.length > 0 ? [kms(new UntagResourceCommand({ KeyId, TagKeys: [...TagKeys] }))] : []),
            ...(wanted.length > 0
              ? [
                  kms(
                    new TagResourceCommand({
                      KeyId,
                      Tags: wanted.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })),
                    }),
                  ),
                ]
              : []),
          ]}
        />
      )}
    </Loaded>
  );
}
