import {
  AddClientIDToOpenIDConnectProviderCommand,
  DeleteOpenIDConnectProviderCommand,
  DeleteSAMLProviderCommand,
  GetOpenIDConnectProviderCommand,
  GetSAMLProviderCommand,
  RemoveClientIDFromOpenIDConnectProviderCommand,
  type Tag,
  TagOpenIDConnectProviderCommand,
  TagSAMLProviderCommand,
  UntagOpenIDConnectProviderCommand,
  UntagSAMLProviderCommand,
  UpdateSAMLProviderCommand,
} from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { Act } from '../../api/act.js';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { textColumn } from '../../ui/columns.js';
import { timeText } from '../../ui/format.js';
import { Loaded } from '../../ui/loaded.js';
import { Panel } from '../../ui/panel.js';
import { useAct } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { ResourceTable } from '../../ui/table.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { kindOfProvider, MetadataField, nameOfProvider } from './providers.js';

export default function ProviderPage({ params }: { readonly params: Params }) {
  const arn = params['arn']!;
  return kindOfProvider(arn) === 'oidc' ? <OidcPage arn={arn} /> : <SamlPage arn={arn} />;
}

interface OfProvider {
  readonly arn: string;
}

function OidcPage({ arn: OpenIDConnectProviderArn }: OfProvider) {
  const t = useTexts();
  const query = useAct(iam(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn })));
  return (
    <Loaded query={query}>
      {({ Url, CreateDate, ClientIDList = [], ThumbprintList = [], Tags }) => (
        <ResourcePage
          title={nameOfProvider(OpenIDConnectProviderArn)}
          actions={
            <DeleteProvider
              arn={OpenIDConnectProviderArn}
              action="iam:DeleteOpenIDConnectProvider"
              act={iam(new DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }))}
            />
          }
          summary={[
            { label: t('common.arn'), value: OpenIDConnectProviderArn },
            { label: t('iam.provider.url'), value: `https://${Url}` },
            { label: t('common.created'), value: timeText(CreateDate) },
            { label: t('iam.provider.thumbprints'), value: ThumbprintList.join(', ') || '–' },
          ]}
          tabs={[
            {
              id: 'audiences',
              label: t('iam.provider.audiences'),
              content: <Audiences arn={OpenIDConnectProviderArn} audiences={ClientIDList} />,
            },
            {
              id: 'tags',
              label: t('common.tags'),
              content: (
                <ProviderTags
                  arn={OpenIDConnectProviderArn}
                  tags={Tags}
                  tag={wanted =>
                    iam(new TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags: wanted }))
                  }
                  untag={TagKeys =>
                    iam(new UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, TagKeys }))
                  }
                />
              ),
            },
          ]}
        />
      )}
    </Loaded>
  );
}

function Audiences({
  arn: OpenIDConnectProviderArn,
  audiences,
}: OfProvider & { readonly audiences: readonly string[] }) {
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  const [ClientID, setClientId] = useState('');
  const input = { OpenIDConnectProviderArn, ClientID };
  return (
    <>
      <ResourceTable<string>
        variant="container"
        title={t('iam.provider.audiences')}
        name={['audiences', OpenIDConnectProviderArn, audiences]}
        load={async () => ({ items: audiences })}
        id={audience => audience}
        text={audience => audience}
        empty={t('common.none')}
        columns={[
          textColumn('name', t('createRole.audience'), audience => audience),
          {
            id: 'actions',
            header: t('common.actions'),
            cell: audience => (
              <ActButton
                variant="inline-link"
                text={t('common.remove')}
                asks={{
                  action: 'iam:RemoveClientIDFromOpenIDConnectProvider',
                  resource: OpenIDConnectProviderArn,
                }}
                acts={() => [
                  iam(
                    new RemoveClientIDFromOpenIDConnectProviderCommand({
                      OpenIDConnectProviderArn,
                      ClientID: audience,
                    }),
                  ),
                ]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton
            asks={{ action: 'iam:AddClientIDToOpenIDConnectProvider', resource: OpenIDConnectProviderArn }}
            onClick={() => setAdding(true)}
          >
            {t('common.add')}
          </GuardedButton>
        }
      />
      {adding && (
        <ActDialog
          title={t('iam.provider.audiences')}
          submit={t('common.add')}
          acts={ClientID === '' ? [] : [iam(new AddClientIDToOpenIDConnectProviderCommand(input))]}
          onClose={() => setAdding(false)}
        >
          <FormField label={t('createRole.audience')}>
            <Input
              value={ClientID}
              onChange={({ detail }) => setClientId(detail.value.trim())}
              name="audience"
            />
          </FormField>
        </ActDialog>
      )}
    </>
  );
}

function SamlPage({ arn: SAMLProviderArn }: OfProvider) {
  const t = useTexts();
  const [editing, setEditing] = useState(false);
  const query = useAct(iam(new GetSAMLProviderCommand({ SAMLProviderArn })));
  return (
    <Loaded query={query}>
      {({ CreateDate, ValidUntil, SAMLMetadataDocument = '', Tags }) => (
        <ResourcePage
          title={nameOfProvider(SAMLProviderArn)}
          actions={
            <DeleteProvider
              arn={SAMLProviderArn}
              action="iam:DeleteSAMLProvider"
              act={iam(new DeleteSAMLProviderCommand({ SAMLProviderArn }))}
            />
          }
          summary={[
            { label: t('common.arn'), value: SAMLProviderArn },
            { label: t('common.created'), value: timeText(CreateDate) },
            { label: t('iam.provider.valid'), value: timeText(ValidUntil) },
          ]}
          tabs={[
            {
              id: 'metadata',
              label: t('iam.provider.metadata'),
              content: (
                <Panel
                  title={t('iam.provider.metadata')}
                  actions={
                    <GuardedButton
                      asks={{ action: 'iam:UpdateSAMLProvider', resource: SAMLProviderArn }}
                      onClick={() => setEditing(true)}
                    >
                      {t('iam.provider.replace')}
                    </GuardedButton>
                  }
                >
                  <pre className="code">{SAMLMetadataDocument}</pre>
                  {editing && <MetadataDialog arn={SAMLProviderArn} onClose={() => setEditing(false)} />}
                </Panel>
              ),
            },
            {
              id: 'tags',
              label: t('common.tags'),
              content: (
                <ProviderTags
                  arn={SAMLProviderArn}
                  tags={Tags}
                  tag={wanted => iam(new TagSAMLProviderCommand({ SAMLProviderArn, Tags: wanted }))}
                  untag={TagKeys => iam(new UntagSAMLProviderCommand({ SAMLProviderArn, TagKeys }))}
                />
              ),
            },
          ]}
        />
      )}
    </Loaded>
  );
}

function MetadataDialog({ arn: SAMLProviderArn, onClose }: OfProvider & { onClose(): void }) {
  const t = useTexts();
  const [metadata, setMetadata] = useState('');
  const input = { SAMLProviderArn, SAMLMetadataDocument: metadata };
  return (
    <ActDialog
      size="large"
      title={t('iam.provider.replace')}
      submit={t('common.save')}
      acts={metadata === '' ? [] : [iam(new UpdateSAMLProviderCommand(input))]}
      onClose={onClose}
    >
      <MetadataField value={metadata} onChange={setMetadata} />
    </ActDialog>
  );
}

function DeleteProvider({ arn, action, act }: OfProvider & { readonly action: string; readonly act: Act }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const name = nameOfProvider(arn);
  return (
    <ActButton
      text={t('common.delete')}
      title={t('iam.provider.delete', { name })}
      body={t('iam.provider.delete.text')}
      typed={name}
      asks={{ action, resource: arn }}
      acts={() => [act]}
      onDone={() => navigate('/iam/providers')}
    />
  );
}

interface ProviderTagsProps extends OfProvider {
  readonly tags: readonly Tag[] | undefined;
  tag(tags: Tag[]): Act;
  untag(keys: string[]): Act;
}

function ProviderTags({ arn, tags, tag, untag }: ProviderTagsProps) {
  const kind = kindOfProvider(arn) === 'oidc' ? 'OpenIDConnect' : 'SAML';
  return (
    <TagsPanel
      tags={tagsOf(tags)}
      asks={{ action: `iam:Tag${kind}Provider`, resource: arn }}
      acts={(wanted, removed) => [
        ...(removed.length > 0 ? [untag([...removed])] : []),
        ...(wanted.length > 0 ? [tag([...wanted])] : []),
      ]}
    />
  );
}
