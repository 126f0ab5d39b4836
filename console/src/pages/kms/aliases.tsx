import {
  type AliasListEntry,
  CreateAliasCommand,
  DeleteAliasCommand,
  ListAliasesCommand,
} from '@aws-sdk/client-kms';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { kms } from '../../api/kms.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { textColumn } from '../../ui/columns.js';
import { pageOf } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';

/** Names that stand for a key. Each is asked of the key and of the alias itself. */
export function Aliases({ id: KeyId, arn }: { readonly id: string; readonly arn: string }) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState('');
  const AliasName = `alias/${name.trim()}`;
  return (
    <>
      <ResourceTable<AliasListEntry>
        variant="container"
        title={t('kms.aliases')}
        name={['aliases', KeyId]}
        load={async (Marker, signal) =>
          pageOf(await kms(new ListAliasesCommand({ KeyId, Marker })).send(signal), ({ Aliases: all }) => all)
        }
        id={alias => alias.AliasName!}
        text={alias => alias.AliasName!}
        empty={t('common.none')}
        columns={[
          textColumn('name', t('common.name'), alias => alias.AliasName),
          {
            id: 'actions',
            header: t('common.actions'),
            cell: alias => (
              <ActButton
                variant="inline-link"
                text={t('common.delete')}
                asks={{ action: 'kms:DeleteAlias', resource: arn }}
                acts={() => [kms(new DeleteAliasCommand({ AliasName: alias.AliasName }))]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton asks={{ action: 'kms:CreateAlias', resource: arn }} onClick={() => setAdding(true)}>
            {t('kms.alias.add')}
          </GuardedButton>
        }
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
