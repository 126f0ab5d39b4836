import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type GrantOperation,
  type KeyMetadata,
  ListAliasesCommand,
  ListGrantsCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-kms';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Multiselect from '@cloudscape-design/components/multiselect';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { kms } from '../../api/kms.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { PolicyEditor } from '../../ui/policy-editor.js';
import { laidOut, PolicyText } from '../../ui/policy-view.js';
import { useAct } from '../../ui/query.js';
import { useRun } from '../../ui/run.js';
import { useTab } from '../../ui/tab.js';
import { ResourceTable } from '../../ui/table.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';

/** A key's policy decides, not an identity's alone: buttons are not disabled beforehand here. */
export default function KeyPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const KeyId = params['id']!;
  const { data, error } = useAct(kms(new DescribeKeyCommand({ KeyId })));
  const tab = useTab('policy');
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  const key = data.KeyMetadata!;
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={key.Description} actions={<StateActions keyOf={key} />}>
        {KeyId}
      </Header>
      <Summary keyOf={key} />
      <Tabs
        {...tab}
        tabs={[
          { id: 'policy', label: t('kms.policy'), content: <KeyPolicy id={KeyId} /> },
          { id: 'aliases', label: t('kms.aliases'), content: <Aliases id={KeyId} /> },
          { id: 'grants', label: t('kms.grants'), content: <Grants id={KeyId} /> },
          ...(key.KeySpec === 'SYMMETRIC_DEFAULT'
            ? [{ id: 'rotation', label: t('kms.rotation'), content: <Rotation id={KeyId} /> }]
            : []),
          { id: 'tags', label: t('common.tags'), content: <Tags id={KeyId} /> },
        ]}
      />
    </SpaceBetween>
  );
}

function StateActions({ keyOf: { KeyId, KeyState } }: { readonly keyOf: KeyMetadata }) {
  const t = useTexts();
  const [deleting, setDeleting] = useState(false);
  const [days, setDays] = useState('30');
  const PendingWindowInDays = Number(days);
  const valid = PendingWindowInDays >= 7 && PendingWindowInDays <= 30;
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {KeyState === 'Enabled' && (
        <ActButton text={t('kms.disable')} acts={() => [kms(new DisableKeyCommand({ KeyId }))]} />
      )}
      {KeyState === 'Disabled' && (
        <ActButton text={t('kms.enable')} acts={() => [kms(new EnableKeyCommand({ KeyId }))]} />
      )}
      {KeyState === 'PendingDeletion' ? (
        <ActButton text={t('kms.keepKey')} acts={() => [kms(new CancelKeyDeletionCommand({ KeyId }))]} />
      ) : (
        <Button onClick={() => setDeleting(true)}>{t('kms.delete')}</Button>
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
    </SpaceBetween>
  );
}

function Summary({ keyOf: key }: { readonly keyOf: KeyMetadata }) {
  const t = useTexts();
  return (
    <Container header={<Header variant="h2">{t('common.summary')}</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: t('common.arn'), value: key.Arn },
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
      />
    </Container>
  );
}

function KeyPolicy({ id: KeyId }: { readonly id: string }) {
  const t = useTexts();
  const [edited, setEdited] = useState<string>();
  const { data, error } = useAct(kms(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' })));
  const { run, running, error: refused } = useRun();
  const act = kms(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: edited ?? '' }));
  const document = data?.Policy;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('kms.policy.text')}
          actions={
            edited === undefined ? (
              <Button disabled={document === undefined} onClick={() => setEdited(laidOut(document!))}>
                {t('common.edit')}
              </Button>
            ) : (
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => setEdited(undefined)}>{t('common.cancel')}</Button>
                <Button
                  variant="primary"
                  loading={running}
                  onClick={async () => {
                    if (await run([act])) setEdited(undefined);
                  }}
                >
                  {t('common.save')}
                </Button>
              </SpaceBetween>
            )
          }
        >
          {t('kms.policy')}
        </Header>
      }
    >
      <ErrorBox error={error} />
      {edited === undefined ? (
        document !== undefined && <PolicyText document={document} />
      ) : (
        <SpaceBetween size="m">
          <PolicyEditor value={edited} kind="key" label={t('kms.policy')} onChange={setEdited} />
          <CliLines acts={[act]} />
          <ErrorBox error={refused} />
        </SpaceBetween>
      )}
    </Container>
  );
}

function Aliases({ id: KeyId }: { readonly id: string }) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState('');
  const AliasName = `alias/${name.trim()}`;
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('kms.aliases')}
        name={['aliases', KeyId]}
        load={async (Marker, signal) => {
          const {
            Aliases: items = [],
            Truncated,
            NextMarker,
          } = await kms(new ListAliasesCommand({ KeyId, Marker })).send(signal);
          return { items, next: Truncated ? NextMarker : undefined };
        }}
        id={alias => alias.AliasName!}
        text={alias => alias.AliasName!}
        empty={t('common.none')}
        columns={[
          { id: 'name', header: t('common.name'), cell: alias => alias.AliasName },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: alias => (
              <ActButton
                variant="inline-link"
                text={t('common.delete')}
                acts={() => [kms(new DeleteAliasCommand({ AliasName: alias.AliasName }))]}
              />
            ),
          },
        ]}
        actions={<Button onClick={() => setAdding(true)}>{t('kms.alias.add')}</Button>}
      />
      {adding && (
        <ActDialog
          title={t('kms.alias.add')}
          submit={t('common.add')}
          acts={name.trim() === '' ? [] : [kms(new CreateAliasCommand({ AliasName, TargetKeyId: KeyId }))]}
          onClose={() => setAdding(false)}
        >
          <FormField label={t('kms.alias')}>
            <Input value={name} onChange={({ detail }) => setName(detail.value)} name="alias" />
          </FormField>
        </ActDialog>
      )}
    </>
  );
}

const GRANTABLE: readonly GrantOperation[] = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'DescribeKey',
  'CreateGrant',
  'RetireGrant',
  'Sign',
  'Verify',
  'GetPublicKey',
];

function Grants({ id: KeyId }: { readonly id: string }) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('kms.grants')}
        description={t('kms.grants.text')}
        name={['grants', KeyId]}
        load={async (Marker, signal) => {
          const {
            Grants: items = [],
            Truncated,
            NextMarker,
          } = await kms(new ListGrantsCommand({ KeyId, Marker })).send(signal);
          return { items, next: Truncated ? NextMarker : undefined };
        }}
        id={({ GrantId }) => GrantId!}
        text={grant => JSON.stringify(grant)}
        empty={t('kms.grants.none')}
        columns={[
          { id: 'grantee', header: t('kms.grants.grantee'), cell: grant => grant.GranteePrincipal },
          { id: 'operations', header: t('policy.actions'), cell: grant => grant.Operations?.join(', ') },
          { id: 'created', header: t('common.created'), cell: grant => timeText(grant.CreationDate) },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ GrantId }) => (
              <ActButton
                variant="inline-link"
                text={t('kms.grants.revoke')}
                acts={() => [kms(new RevokeGrantCommand({ KeyId, GrantId }))]}
              />
            ),
          },
        ]}
        actions={<Button onClick={() => setAdding(true)}>{t('kms.grants.create')}</Button>}
      />
      {adding && <CreateGrant id={KeyId} onClose={() => setAdding(false)} />}
    </>
  );
}

function CreateGrant({ id: KeyId, onClose }: { readonly id: string; onClose(): void }) {
  const t = useTexts();
  const [GranteePrincipal, setGrantee] = useState('');
  const [Operations, setOperations] = useState<readonly GrantOperation[]>([]);
  const options = GRANTABLE.map(value => ({ value, label: value }));
  const complete = GranteePrincipal.startsWith('arn:') && Operations.length > 0;
  const input = { KeyId, GranteePrincipal, Operations: [...Operations] };
  return (
    <ActDialog
      title={t('kms.grants.create')}
      submit={t('kms.grants.create')}
      acts={complete ? [kms(new CreateGrantCommand(input))] : []}
      onClose={onClose}
    >
      <FormField label={t('kms.grants.grantee')} constraintText={t('kms.grants.grantee.rule')}>
        <Input value={GranteePrincipal} onChange={({ detail }) => setGrantee(detail.value.trim())} />
      </FormField>
      <FormField label={t('policy.actions')}>
        <Multiselect
          placeholder={t('common.select')}
          options={options}
          selectedOptions={options.filter(({ value }) => Operations.includes(value))}
          onChange={({ detail }) =>
            setOperations(detail.selectedOptions.map(({ value }) => value as GrantOperation))
          }
        />
      </FormField>
    </ActDialog>
  );
}

function Rotation({ id: KeyId }: { readonly id: string }) {
  const t = useTexts();
  const { data, error } = useAct(kms(new GetKeyRotationStatusCommand({ KeyId })));
  const enabled = data?.KeyRotationEnabled === true;
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={t('kms.rotation.text')}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <ActButton
                text={t('kms.rotation.now')}
                acts={() => [kms(new RotateKeyOnDemandCommand({ KeyId }))]}
              />
              <ActButton
                text={t(enabled ? 'kms.rotation.off' : 'kms.rotation.on')}
                acts={() => [
                  enabled
                    ? kms(new DisableKeyRotationCommand({ KeyId }))
                    : kms(new EnableKeyRotationCommand({ KeyId })),
                ]}
              />
            </SpaceBetween>
          }
        >
          {t('kms.rotation')}
        </Header>
      }
    >
      <ErrorBox error={error} />
      {data && (
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('common.status'), value: t(enabled ? 'common.enabled' : 'common.disabled') },
            { label: t('kms.rotation.period'), value: data.RotationPeriodInDays ?? '–' },
            { label: t('kms.rotation.next'), value: timeText(data.NextRotationDate) },
          ]}
        />
      )}
    </Container>
  );
}

function Tags({ id: KeyId }: { readonly id: string }) {
  const { data, error } = useAct(kms(new ListResourceTagsCommand({ KeyId })));
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  const tags = (data.Tags ?? []).map(({ TagKey, TagValue }) => ({ Key: TagKey, Value: TagValue }));
  return (
    <TagsPanel
      tags={tagsOf(tags)}
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
  );
}
