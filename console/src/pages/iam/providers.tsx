import {
  CreateOpenIDConnectProviderCommand,
  CreateSAMLProviderCommand,
  ListOpenIDConnectProvidersCommand,
  ListSAMLProvidersCommand,
} from '@aws-sdk/client-iam';
import Badge from '@cloudscape-design/components/badge';
import FileUpload from '@cloudscape-design/components/file-upload';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import RadioGroup from '@cloudscape-design/components/radio-group';
import Textarea from '@cloudscape-design/components/textarea';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog, GuardedButton } from '../../ui/action.js';
import { linkColumn, textColumn } from '../../ui/columns.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';

type Kind = 'oidc' | 'saml';

interface Provider {
  readonly arn: string;
  readonly kind: Kind;
}

/** `oidc` for `…:oidc-provider/…`. */
export function kindOfProvider(arn: string): Kind {
  return arn.includes(':oidc-provider/') ? 'oidc' : 'saml';
}

/** `accounts.example.com/realm` of `arn:…:oidc-provider/accounts.example.com/realm`. */
export function nameOfProvider(arn: string): string {
  return arn.slice(arn.indexOf('-provider/') + '-provider/'.length);
}

export default function ProvidersPage() {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable<Provider>
        title={t('nav.providers')}
        description={t('iam.providers.text')}
        name={['providers']}
        load={async (_, signal) => ({ items: await allProviders(signal) })}
        id={({ arn }) => arn}
        text={({ arn }) => arn}
        empty={t('iam.providers.none')}
        columns={[
          linkColumn(
            t('common.name'),
            ({ arn }) => nameOfProvider(arn),
            ({ arn }) => path('iam', 'providers', arn),
          ),
          {
            id: 'kind',
            header: t('common.type'),
            value: ({ kind }) => kind,
            cell: ({ kind }) => <Badge>{t(`iam.provider.${kind}`)}</Badge>,
          },
          textColumn('arn', t('common.arn'), ({ arn }) => arn),
        ]}
        actions={
          <GuardedButton
            variant="primary"
            asks={{ action: 'iam:CreateOpenIDConnectProvider', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('iam.providers.create')}
          </GuardedButton>
        }
      />
      {creating && <CreateProvider onClose={() => setCreating(false)} />}
    </>
  );
}

async function allProviders(signal: AbortSignal): Promise<Provider[]> {
  const [{ OpenIDConnectProviderList = [] }, { SAMLProviderList = [] }] = await Promise.all([
    iam(new ListOpenIDConnectProvidersCommand({})).send(signal),
    iam(new ListSAMLProvidersCommand({})).send(signal),
  ]);
  return [...OpenIDConnectProviderList, ...SAMLProviderList].map(({ Arn }) => ({
    arn: Arn!,
    kind: kindOfProvider(Arn!),
  }));
}

function CreateProvider({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const [kind, setKind] = useState<Kind>('oidc');
  const [url, setUrl] = useState('');
  const [audiences, setAudiences] = useState('');
  const [thumbprints, setThumbprints] = useState('');
  const [name, setName] = useState('');
  const [metadata, setMetadata] = useState('');
  const ClientIDList = wordsOf(audiences);
  const ThumbprintList = wordsOf(thumbprints);
  const oidc = iam(
    new CreateOpenIDConnectProviderCommand({
      Url: url,
      ClientIDList,
      ...(ThumbprintList.length > 0 && { ThumbprintList }),
    }),
  );
  const saml = iam(new CreateSAMLProviderCommand({ Name: name, SAMLMetadataDocument: metadata }));
  const complete = kind === 'oidc' ? /^https?:\/\/./.test(url) : name !== '' && metadata !== '';
  return (
    <ActDialog
      size="large"
      title={t('iam.providers.create')}
      submit={t('iam.providers.create')}
      acts={complete ? [kind === 'oidc' ? oidc : saml] : []}
      onClose={onClose}
    >
      <RadioGroup
        ariaLabel={t('common.type')}
        value={kind}
        onChange={({ detail }) => setKind(detail.value as Kind)}
        items={[
          { value: 'oidc', label: t('iam.provider.oidc'), description: t('createRole.web.text') },
          { value: 'saml', label: t('iam.provider.saml'), description: t('createRole.saml.text') },
        ]}
      />
      {kind === 'oidc' ? (
        <>
          <FormField label={t('iam.provider.url')} constraintText={t('iam.provider.url.rule')}>
            <Input
              value={url}
              type="url"
              onChange={({ detail }) => setUrl(detail.value.trim())}
              name="provider-url"
            />
          </FormField>
          <FormField label={t('iam.provider.audiences')} constraintText={t('iam.provider.audiences.rule')}>
            <Input value={audiences} onChange={({ detail }) => setAudiences(detail.value)} name="audiences" />
          </FormField>
          <FormField
            label={
              <>
                {t('iam.provider.thumbprints')} – <i>{t('common.optional')}</i>
              </>
            }
            constraintText={t('iam.provider.thumbprints.rule')}
          >
            <Input value={thumbprints} onChange={({ detail }) => setThumbprints(detail.value)} />
          </FormField>
        </>
      ) : (
        <>
          <FormField label={t('common.name')} constraintText={t('iam.policy.name.rule')}>
            <Input
              value={name}
              onChange={({ detail }) => setName(detail.value.trim())}
              name="provider-name"
            />
          </FormField>
          <MetadataField value={metadata} onChange={setMetadata} />
        </>
      )}
    </ActDialog>
  );
}

/** The metadata document of a SAML provider: a file, or pasted. */
export function MetadataField({ value, onChange }: { readonly value: string; onChange(text: string): void }) {
  const t = useTexts();
  const [files, setFiles] = useState<File[]>([]);
  return (
    <>
      <FormField label={t('iam.provider.metadata')} constraintText={t('iam.provider.metadata.rule')}>
        <FileUpload
          accept=".xml,application/xml,text/xml"
          value={files}
          onChange={({ detail }) => {
            setFiles(detail.value);
            void detail.value[0]?.text().then(onChange);
          }}
          i18nStrings={{
            uploadButtonText: () => t('common.chooseFile'),
            dropzoneText: () => t('common.dropFile'),
            removeFileAriaLabel: () => t('common.remove'),
            limitShowFewer: t('common.close'),
            limitShowMore: t('common.all'),
            errorIconAriaLabel: 'Error',
          }}
        />
      </FormField>
      <Textarea
        value={value}
        rows={6}
        ariaLabel={t('iam.provider.metadata')}
        onChange={({ detail }) => onChange(detail.value)}
      />
    </>
  );
}

/** What stands between blanks and commas. */
export function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}
