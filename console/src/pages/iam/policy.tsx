import {
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListEntitiesForPolicyCommand,
  ListPolicyVersionsCommand,
  type Policy,
  SetDefaultPolicyVersionCommand,
  TagPolicyCommand,
  UntagPolicyCommand,
} from '@aws-sdk/client-iam';
import Badge from '@cloudscape-design/components/badge';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Checkbox from '@cloudscape-design/components/checkbox';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton, GuardedButton } from '../../ui/action.js';
import { CliLines } from '../../ui/cli.js';
import { ErrorBox } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { laidOut, PolicyText, PolicyView } from '../../ui/policy-view.js';
import { useAct, useLoaded } from '../../ui/query.js';
import { useRun } from '../../ui/run.js';
import { useTab } from '../../ui/tab.js';
import { ResourceTable } from '../../ui/table.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { pageOf } from './entity.js';
import { managedDocument, typeOf } from './permissions.js';
import { TwoEditors } from './two-editors.js';

export default function PolicyPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const PolicyArn = params['arn']!;
  const { data, error } = useAct(iam(new GetPolicyCommand({ PolicyArn })));
  const tab = useTab('permissions');
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  const policy = data.Policy!;
  const own = typeOf(PolicyArn) === 'customer';
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
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
      >
        {policy.PolicyName}
      </Header>
      <Summary policy={policy} />
      <Tabs
        {...tab}
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
    </SpaceBetween>
  );
}

function Summary({ policy }: { readonly policy: Policy }) {
  const t = useTexts();
  return (
    <Container header={<Header variant="h2">{t('common.summary')}</Header>}>
      <KeyValuePairs
        columns={3}
        items={[
          { label: t('common.arn'), value: policy.Arn },
          { label: t('common.type'), value: t(`iam.policyType.${typeOf(policy.Arn)}`) },
          { label: t('iam.policy.used'), value: policy.AttachmentCount },
          { label: t('common.created'), value: timeText(policy.CreateDate) },
          { label: t('iam.policy.updated'), value: timeText(policy.UpdateDate) },
          { label: t('iam.policy.version'), value: policy.DefaultVersionId },
        ]}
      />
    </Container>
  );
}

/** The default version, to read or to follow by another. */
function Document({ arn: PolicyArn, own }: { readonly arn: string; readonly own: boolean }) {
  const t = useTexts();
  const [edited, setEdited] = useState<string>();
  const [SetAsDefault, setDefault] = useState(true);
  const { data, error } = useLoaded(['default version', PolicyArn], () => managedDocument(PolicyArn));
  const { run, running, error: refused } = useRun();
  const act = iam(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: edited ?? '', SetAsDefault }));
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            !own || data === undefined ? undefined : edited === undefined ? (
              <GuardedButton
                asks={{ action: 'iam:CreatePolicyVersion', resource: PolicyArn }}
                onClick={() => setEdited(laidOut(data))}
              >
                {t('common.edit')}
              </GuardedButton>
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
                  {t('iam.policy.newVersion')}
                </Button>
              </SpaceBetween>
            )
          }
        >
          {t('policy.document')}
        </Header>
      }
    >
      <ErrorBox error={error} />
      {data === undefined && !error && <Spinner />}
      {data !== undefined && edited === undefined && <PolicyText document={data} />}
      {edited !== undefined && (
        <SpaceBetween size="m">
          <TwoEditors value={edited} onChange={setEdited} />
          <Checkbox checked={SetAsDefault} onChange={({ detail }) => setDefault(detail.checked)}>
            {t('iam.policy.setDefault')}
          </Checkbox>
          <CliLines acts={[act]} />
          <ErrorBox error={refused} />
        </SpaceBetween>
      )}
    </Container>
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
      <ResourceTable
        variant="container"
        title={t('iam.policy.versions')}
        description={t('iam.policy.versions.text')}
        name={['versions', PolicyArn]}
        load={async (Marker, signal) =>
          pageOf(
            await iam(new ListPolicyVersionsCommand({ PolicyArn, Marker })).send(signal),
            output => output.Versions,
          )
        }
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
          { id: 'created', header: t('common.created'), cell: ({ CreateDate }) => timeText(CreateDate) },
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
  const go = useGo();
  return (
    <ResourceTable
      variant="container"
      title={t('iam.policy.entities')}
      name={['entities', PolicyArn]}
      load={async (Marker, signal) =>
        pageOf(
          await iam(new ListEntitiesForPolicyCommand({ PolicyArn, Marker })).send(signal),
          ({ PolicyUsers = [], PolicyGroups = [], PolicyRoles = [] }): Holder[] => [
            ...PolicyUsers.map(({ UserName }) => ({ kind: 'users' as const, name: UserName! })),
            ...PolicyGroups.map(({ GroupName }) => ({ kind: 'groups' as const, name: GroupName! })),
            ...PolicyRoles.map(({ RoleName }) => ({ kind: 'roles' as const, name: RoleName! })),
          ],
        )
      }
      id={({ kind, name }) => `${kind} ${name}`}
      text={({ name }) => name}
      empty={t('iam.policy.entities.none')}
      columns={[
        {
          id: 'name',
          header: t('common.name'),
          cell: ({ kind, name }) => <Link {...go(path('iam', kind, name))}>{name}</Link>,
        },
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
