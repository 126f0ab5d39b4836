import {
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListPolicyVersionsCommand,
  type Policy,
  type PolicyVersion,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
} from '@aws-sdk/client-iam';
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton } from '../../ui/action.js';
import { linkColumn, timeColumn } from '../../ui/columns.js';
import { EditablePolicy } from '../../ui/editable-policy.js';
import { timeText } from '../../ui/format.js';
import { Loaded } from '../../ui/loaded.js';
import { path } from '../../ui/navigation.js';
import { PolicyView } from '../../ui/policy-view.js';
import { useAct, useLoaded } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { ResourceTable } from '../../ui/table.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { listing } from './entity.js';
import { managedDocument, typeOf } from './permissions.js';
import { TwoEditors } from './two-editors.js';

export default function PolicyPage({ params }: { readonly params: Params }) {
  const query = useAct(iam(new GetPolicyCommand({ PolicyArn: params['arn']! })));
  return <Loaded query={query}>{({ Policy: policy }) => <PolicyParts policy={policy!} />}</Loaded>;
}

function PolicyParts({ policy }: { readonly policy: Policy }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const PolicyArn = policy.Arn!;
  const own = typeOf(PolicyArn) === 'customer';
  return (
    <ResourcePage
      title={policy.PolicyName!}
      description={policy.Description}
      actions={
        own && (
          <ActButton
            text={t('common.delete')}
            title={t('iam.policy.delete', { name: policy.PolicyName! })}
            body={t('iam.policy.delete.text')}
            typed={policy.PolicyName!}
            asks={{ action: 'iam:DeletePolicy', resource: PolicyArn }}
            acts={() => [iam(new DeletePolicyCommand({ PolicyArn }))]}
            onDone={() => navigate('/iam/policies')}
          />
        )
      }
      summary={[
        { label: t('common.arn'), value: PolicyArn },
        { label: t('common.type'), value: t(`iam.policyType.${typeOf(PolicyArn)}`) },
        { label: t('iam.policy.used'), value: policy.AttachmentCount },
        { label: t('common.created'), value: timeText(policy.CreateDate) },
        { label: t('iam.policy.updated'), value: timeText(policy.UpdateDate) },
        { label: t('iam.policy.version'), value: policy.DefaultVersionId },
      ]}
      tabs={[
        {
          id: 'permissions',
          label: t('common.permissions'),
          content: <Document arn={PolicyArn} own={own} />,
        },
        { id: 'entities', label: t('iam.policy.entities'), content: <Entities arn={PolicyArn} /> },
        ...(own
          ? [
              { id: 'versions', label: t('iam.policy.versions'), content: <Versions arn={PolicyArn} /> },
              { id: 'tags', label: t('common.tags'), content: <Tags policy={policy} /> },
            ]
          : []),
      ]}
    />
  );
}

/** The default version, to read or to follow by another. */
function Document({ arn: PolicyArn, own }: { readonly arn: string; readonly own: boolean }) {
  const t = useTexts();
  const [SetAsDefault, setDefault] = useState(true);
  const { data, error } = useLoaded(['default version', PolicyArn], () => managedDocument(PolicyArn));
  return (
    <EditablePolicy
      title={t('policy.document')}
      document={data}
      error={error}
      kind="identity"
      place={PolicyArn}
      readOnly={!own}
      asks={{ action: 'iam:CreatePolicyVersion', resource: PolicyArn }}
      saveText={t('iam.policy.newVersion')}
      editor={(document, onChange) => <TwoEditors value={document} onChange={onChange} />}
      act={PolicyDocument => iam(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault }))}
    >
      <Checkbox checked={SetAsDefault} onChange={({ detail }) => setDefault(detail.checked)}>
        {t('iam.policy.setDefault')}
      </Checkbox>
    </EditablePolicy>
  );
}

function Versions({ arn: PolicyArn }: { readonly arn: string }) {
  const t = useTexts();
  const [shown, setShown] = useState<string>();
  const { data, error } = useLoaded(
    ['version', PolicyArn, shown],
    async () => {
      const asked = iam(new GetPolicyVersionCommand({ PolicyArn, VersionId: shown! }));
      return decodeURIComponent((await asked.send()).PolicyVersion!.Document!);
    },
    shown !== undefined,
  );
  return (
    <>
      <ResourceTable<PolicyVersion>
        variant="container"
        title={t('iam.policy.versions')}
        description={t('iam.policy.versions.text')}
        name={['versions', PolicyArn]}
        load={listing(
          Marker => iam(new ListPolicyVersionsCommand({ PolicyArn, Marker })),
          output => output.Versions,
        )}
        id={({ VersionId }) => VersionId!}
        text={({ VersionId }) => VersionId!}
        empty={t('common.none')}
        columns={[
          {
            id: 'version',
            header: t('iam.policy.version'),
            cell: ({ VersionId, IsDefaultVersion }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button variant="inline-link" onClick={() => setShown(VersionId)}>
                  {VersionId}
                </Button>
                {IsDefaultVersion && <Badge color="green">{t('iam.policy.default')}</Badge>}
              </SpaceBetween>
            ),
          },
          timeColumn('created', t('common.created'), ({ CreateDate }) => CreateDate),
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ VersionId, IsDefaultVersion }) =>
              IsDefaultVersion ? (
                '–'
              ) : (
                <SpaceBetween direction="horizontal" size="xs">
                  <ActButton
                    variant="inline-link"
                    text={t('iam.policy.makeDefault')}
                    asks={{ action: 'iam:SetDefaultPolicyVersion', resource: PolicyArn }}
                    acts={() => [iam(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }))]}
                  />
                  <ActButton
                    variant="inline-link"
                    text={t('common.delete')}
                    body={<Box>{t('common.danger')}</Box>}
                    asks={{ action: 'iam:DeletePolicyVersion', resource: PolicyArn }}
                    acts={() => [iam(new DeletePolicyVersionCommand({ PolicyArn, VersionId }))]}
                  />
                </SpaceBetween>
              ),
          },
        ]}
      />
      {shown && (
        <PolicyView title={shown} document={data} error={error} onClose={() => setShown(undefined)} />
      )}
    </>
  );
}

interface Holder {
  readonly kind: 'users' | 'groups' | 'roles';
  readonly name: string;
}

function Entities({ arn: PolicyArn }: { readonly arn: string }) {
  const t = useTexts();
  return (
    <ResourceTable<Holder>
      variant="container"
      title={t('iam.policy.entities')}
      name={['entities', PolicyArn]}
      load={listing(
        Marker => iam(new ListEntitiesForPolicyCommand({ PolicyArn, Marker })),
        ({ PolicyUsers = [], PolicyGroups = [], PolicyRoles = [] }) => [
          ...PolicyUsers.map(({ UserName }) => ({ kind: 'users' as const, name: UserName! })),
          ...PolicyGroups.map(({ GroupName }) => ({ kind: 'groups' as const, name: GroupName! })),
          ...PolicyRoles.map(({ RoleName }) => ({ kind: 'roles' as const, name: RoleName! })),
        ],
      )}
      id={({ kind, name }) => `${kind} ${name}`}
      text={({ name }) => name}
      empty={t('iam.policy.entities.none')}
      columns={[
        linkColumn(
          t('common.name'),
          ({ name }) => name,
          ({ kind, name }) => path('iam', kind, name),
        ),
        { id: 'kind', header: t('common.type'), cell: ({ kind }) => t(`nav.${kind}`) },
      ]}
    />
  );
}

function Tags({ policy }: { readonly policy: Policy }) {
  const PolicyArn = policy.Arn!;
  return (
    <TagsPanel
      tags={tagsOf(policy.Tags)}
      asks={{ action: 'iam:TagPolicy', resource: PolicyArn }}
      acts={(wanted, removed) => [
        ...(removed.length > 0 ? [iam(new UntagPolicyCommand({ PolicyArn, TagKeys: [...removed] }))] : []),
        ...(wanted.length > 0 ? [iam(new TagPolicyCommand({ PolicyArn, Tags: [...wanted] }))] : []),
      ]}
    />
  );
}
