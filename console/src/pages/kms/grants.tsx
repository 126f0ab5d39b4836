import {
  CreateGrantCommand,
  type GrantListEntry,
  type GrantOperation,
  ListGrantsCommand,
  RevokeGrantCommand,
} from '@aws-sdk/client-kms';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import { useState } from 'react';
import { kms } from '../../api/kms.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { textColumn, timeColumn } from '../../ui/columns.js';
import { pageOf } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';

const GRANTABLE: readonly GrantOperation[] = [
  'Encrypt',
  'Decrypt',
  'GenerateDataKey',
  'GenerateDataKeyWithoutPlaintext',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'DescribeKey',
  'CreateGrant',
  'RetireGrant',
  'Sign',
  'Verify',
  'GetPublicKey',
  'GenerateMac',
  'VerifyMac',
  'DeriveSharedSecret',
];

/** The grants of a key: who else may use it, and for what. */
export function Grants({ id: KeyId, arn }: { readonly id: string; readonly arn: string }) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ResourceTable<GrantListEntry>
        variant="container"
        title={t('kms.grants')}
        description={t('kms.grants.text')}
        name={['grants', KeyId]}
        load={async (Marker, signal) =>
          pageOf(await kms(new ListGrantsCommand({ KeyId, Marker })).send(signal), ({ Grants: all }) => all)
        }
        id={({ GrantId }) => GrantId!}
        text={grant => JSON.stringify(grant)}
        empty={t('kms.grants.none')}
        columns={[
          textColumn('name', t('common.name'), ({ Name }) => Name),
          textColumn('grantee', t('kms.grants.grantee'), ({ GranteePrincipal }) => GranteePrincipal),
          textColumn('operations', t('policy.actions'), ({ Operations }) => Operations?.join(', ')),
          textColumn('context', t('kms.grants.context'), ({ Constraints }) => contextText(Constraints)),
          timeColumn('created', t('common.created'), ({ CreationDate }) => CreationDate),
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ GrantId }) => (
              <ActButton
                variant="inline-link"
                text={t('kms.grants.revoke')}
                asks={{ action: 'kms:RevokeGrant', resource: arn }}
                acts={() => [kms(new RevokeGrantCommand({ KeyId, GrantId }))]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton asks={{ action: 'kms:CreateGrant', resource: arn }} onClick={() => setAdding(true)}>
            {t('kms.grants.create')}
          </GuardedButton>
        }
      />
      {adding && <CreateGrant id={KeyId} onClose={() => setAdding(false)} />}
    </>
  );
}

function contextText(constraints: GrantListEntry['Constraints']): string | undefined {
  const { EncryptionContextEquals, EncryptionContextSubset } = constraints ?? {};
  const context = EncryptionContextEquals ?? EncryptionContextSubset;
  if (context === undefined) return undefined;
  const pairs = Object.entries(context).map(([key, value]) => `${key}=${value}`);
  return `${EncryptionContextEquals ? '=' : '⊇'} ${pairs.join(', ')}`;
}

function CreateGrant({ id: KeyId, onClose }: { readonly id: string; onClose(): void }) {
  const t = useTexts();
  const [GranteePrincipal, setGrantee] = useState('');
  const [Name, setName] = useState('');
  const [context, setContext] = useState('');
  const [Operations, setOperations] = useState<readonly GrantOperation[]>([]);
  const options = GRANTABLE.map(value => ({ value, label: value }));
  const pairs = pairsOf(context);
  const complete = GranteePrincipal.startsWith('arn:') && Operations.length > 0 && pairs !== undefined;
  const input = {
    KeyId,
    GranteePrincipal,
    Operations: [...Operations],
    ...(Name && { Name }),
    ...(pairs && Object.keys(pairs).length > 0 && { Constraints: { EncryptionContextSubset: pairs } }),
  };
  return (
    <ActDialog
      title={t('kms.grants.create')}
      submit={t('kms.grants.create')}
      acts={complete ? [kms(new CreateGrantCommand(input))] : []}
      onClose={onClose}
    >
      <FormField label={t('kms.grants.grantee')} constraintText={t('kms.grants.grantee.rule')}>
        <Input
          value={GranteePrincipal}
          onChange={({ detail }) => setGrantee(detail.value.trim())}
          name="grantee"
        />
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
      <FormField
        label={
          <>
            {t('kms.grants.context')} – <i>{t('common.optional')}</i>
          </>
        }
        constraintText={t('kms.grants.context.rule')}
        errorText={pairs === undefined ? t('kms.grants.context.rule') : ''}
      >
        <Input value={context} onChange={({ detail }) => setContext(detail.value)} name="context" />
      </FormField>
      <FormField
        label={
          <>
            {t('common.name')} – <i>{t('common.optional')}</i>
          </>
        }
      >
        <Input value={Name} onChange={({ detail }) => setName(detail.value.trim())} />
      </FormField>
    </ActDialog>
  );
}

/** `a=1, b=2`; `undefined` for a text of another form. */
function pairsOf(text: string): Record<string, string> | undefined {
  const parts = text.split(',').map(part => part.trim());
  const pairs = parts.filter(Boolean).map(part => /^([^=]+)=(.*)$/.exec(part));
  if (pairs.includes(null)) return undefined;
  return Object.fromEntries(pairs.map(pair => [pair![1]!, pair![2]!]));
}
