import {
  CreateAliasCommand,
  CreateKeyCommand,
  type KeySpec,
  ListAliasesCommand,
  ListKeysCommand,
} from '@aws-sdk/client-kms';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Select from '@cloudscape-design/components/select';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { kms } from '../../api/kms.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog, GuardedButton } from '../../ui/action.js';
import { linkColumn, textColumn } from '../../ui/columns.js';
import { DescribedFields } from '../../ui/described-fields.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import type { Tag } from '../../ui/tags.js';

interface Key {
  readonly id: string;
  readonly arn: string;
  readonly aliases: readonly string[];
}

export default function KeysPage() {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable<Key>
        title={t('nav.keys')}
        description={t('kms.keys.text')}
        name={['kms keys']}
        load={async (Marker, signal) => {
          const [aliases, keys] = await Promise.all([
            aliasesByKey(signal),
            kms(new ListKeysCommand({ Marker, Limit: 200 })).send(signal),
          ]);
          return {
            items: (keys.Keys ?? []).map(({ KeyId, KeyArn }) => ({
              id: KeyId!,
              arn: KeyArn!,
              aliases: aliases.get(KeyId!) ?? [],
            })),
            next: keys.Truncated ? keys.NextMarker : undefined,
          };
        }}
        id={({ id }) => id}
        text={({ id, aliases }) => [id, ...aliases].join(' ')}
        empty={t('kms.keys.none')}
        columns={[
          linkColumn(
            t('kms.key.id'),
            ({ id }) => id,
            ({ id }) => path('kms', 'keys', id),
          ),
          textColumn('aliases', t('kms.aliases'), ({ aliases }) => aliases.join(', ') || undefined),
        ]}
        actions={
          <GuardedButton
            variant="primary"
            asks={{ action: 'kms:CreateKey', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('kms.keys.create')}
          </GuardedButton>
        }
      />
      {creating && <CreateKey onClose={() => setCreating(false)} />}
    </>
  );
}

async function aliasesByKey(signal: AbortSignal): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  let Marker: string | undefined;
  do {
    const {
      Aliases = [],
      Truncated,
      NextMarker,
    } = await kms(new ListAliasesCommand({ Marker })).send(signal);
    for (const { TargetKeyId, AliasName } of Aliases) {
      if (TargetKeyId) found.set(TargetKeyId, [...(found.get(TargetKeyId) ?? []), AliasName!]);
    }
    Marker = Truncated ? NextMarker : undefined;
  } while (Marker !== undefined);
  return found;
}

const KINDS: readonly (readonly [KeySpec, 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC'])[] = [
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT'],
  ['RSA_2048', 'SIGN_VERIFY'],
  ['RSA_4096', 'ENCRYPT_DECRYPT'],
  ['ECC_NIST_P256', 'SIGN_VERIFY'],
  ['ECC_NIST_P384', 'SIGN_VERIFY'],
  ['HMAC_256', 'GENERATE_VERIFY_MAC'],
];

function CreateKey({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [spec, setSpec] = useState<string>('SYMMETRIC_DEFAULT');
  const [alias, setAlias] = useState('');
  const [Description, setDescription] = useState('');
  const [tags, setTags] = useState<readonly Tag[]>([]);
  const [KeySpec, KeyUsage] = KINDS.find(([name]) => name === spec)!;
  const Tags = tags
    .filter(({ Key }) => Key !== '')
    .map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
  const creation = kms(
    new CreateKeyCommand({
      KeySpec,
      KeyUsage,
      ...(Description && { Description }),
      ...(Tags.length > 0 && { Tags }),
    }),
  );
  const AliasName = `alias/${alias.trim()}`;
  const aliasAct = (TargetKeyId: string) => kms(new CreateAliasCommand({ AliasName, TargetKeyId }));
  let id = '';
  const acts = [
    {
      ...creation,
      send: async () => {
        id = (await creation.send()).KeyMetadata!.KeyId!;
      },
    },
    ...(alias ? [{ ...aliasAct('KEY_ID'), send: () => aliasAct(id).send() }] : []),
  ];
  const options = KINDS.map(([value, usage]) => ({
    value,
    label: value,
    description: t(`kms.usage.${usage}`),
  }));
  return (
    <ActDialog
      title={t('kms.keys.create')}
      submit={t('kms.keys.create')}
      acts={acts}
      onClose={onClose}
      onDone={() => navigate(path('kms', 'keys', id))}
    >
      <FormField label={t('kms.key.spec')}>
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === spec)!}
          onChange={({ detail }) => setSpec(detail.selectedOption.value!)}
        />
      </FormField>
      <FormField label={t('kms.alias')}>
        <Input value={alias} onChange={({ detail }) => setAlias(detail.value)} name="alias" />
      </FormField>
      <DescribedFields
        description={Description}
        tags={tags}
        onDescription={setDescription}
        onTags={setTags}
      />
    </ActDialog>
  );
}
