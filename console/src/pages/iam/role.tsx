import {
  DeleteRoleCommand,
  GetRoleCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
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
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { ErrorBox } from '../../ui/errors.js';
import { durationText, timeText } from '../../ui/format.js';
import { useGo } from '../../ui/navigation.js';
import { useAct } from '../../ui/query.js';
import { useTab } from '../../ui/tab.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { SessionsTable } from '../sessions-table.js';
import { LastAccessed } from './last-accessed.js';
import { Permissions } from './permissions.js';
import { TrustEditor } from './trust-editor.js';

export default function RolePage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const go = useGo();
  const [, navigate] = useLocation();
  const [editing, setEditing] = useState(false);
  const RoleName = params['name']!;
  const { data, error } = useAct(iam(new GetRoleCommand({ RoleName })));
  const tab = useTab('permissions');
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  const role = data.Role!;
  const arn = role.Arn!;
  const entity = { kind: 'role' as const, name: role.RoleName!, arn };
  const account = arn.split(':')[4]!;
  const roleName = arn.split(':role/')[1]!;
  const link = `/switchrole?${new URLSearchParams({ account, roleName, displayName: RoleName })}`;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={role.Description}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            <ActButton
              text={t('common.delete')}
              title={t('iam.roles.delete', { name: RoleName })}
              body={t('iam.roles.delete.text')}
              typed={RoleName}
              asks={{ action: 'iam:DeleteRole', resource: arn }}
              acts={() => [iam(new DeleteRoleCommand({ RoleName }))]}
              onDone={() => navigate('/iam/roles')}
            />
            <GuardedButton
              asks={{ action: 'iam:UpdateRole', resource: arn }}
              onClick={() => setEditing(true)}
            >
              {t('common.edit')}
            </GuardedButton>
            <Button variant="primary" {...go(link)}>
              {t('bar.switchRole')}
            </Button>
          </SpaceBetween>
        }
      >
        {RoleName}
      </Header>
      <Container header={<Header variant="h2">{t('common.summary')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('common.arn'), value: arn },
            { label: t('common.created'), value: timeText(role.CreateDate) },
            {
              label: t('iam.role.longest'),
              value: durationText((role.MaxSessionDuration ?? 3600) * 1000),
            },
            {
              label: t('iam.lastUsed'),
              value: role.RoleLastUsed?.LastUsedDate
                ? timeText(role.RoleLastUsed.LastUsedDate)
                : t('common.never'),
            },
            { label: t('switch.link'), value: <Link {...go(link)}>{link}</Link> },
          ]}
        />
      </Container>
      <Tabs
        {...tab}
        tabs={[
          {
            id: 'permissions',
            label: t('common.permissions'),
            content: (
              <Permissions entity={entity} boundaryArn={role.PermissionsBoundary?.PermissionsBoundaryArn} />
            ),
          },
          {
            id: 'trust',
            label: t('iam.trust'),
            content: (
              <TrustEditor
                roleName={RoleName}
                arn={arn}
                document={decodeURIComponent(role.AssumeRolePolicyDocument ?? '')}
                sessionDuration={role.MaxSessionDuration ?? 3600}
              />
            ),
          },
          {
            id: 'tags',
            label: t('common.tags'),
            content: (
              <TagsPanel
                tags={tagsOf(role.Tags)}
                asks={{ action: 'iam:TagRole', resource: arn }}
                acts={(Tags, TagKeys) => [
                  ...(TagKeys.length > 0
                    ? [iam(new UntagRoleCommand({ RoleName, TagKeys: [...TagKeys] }))]
                    : []),
                  ...(Tags.length > 0 ? [iam(new TagRoleCommand({ RoleName, Tags: [...Tags] }))] : []),
                ]}
              />
            ),
          },
          { id: 'accessed', label: t('iam.accessed'), content: <LastAccessed arn={arn} /> },
          {
            id: 'sessions',
            label: t('iam.sessions'),
            content: <SessionsTable roleName={RoleName} roleArn={arn} />,
          },
        ]}
      />
      {editing && (
        <EditRole
          roleName={RoleName}
          description={role.Description ?? ''}
          longest={role.MaxSessionDuration ?? 3600}
          onClose={() => setEditing(false)}
        />
      )}
    </SpaceBetween>
  );
}

function EditRole({
  roleName: RoleName,
  description,
  longest,
  onClose,
}: {
  readonly roleName: string;
  readonly description: string;
  readonly longest: number;
  onClose(): void;
}) {
  const t = useTexts();
  const [Description, setDescription] = useState(description);
  const [seconds, setSeconds] = useState(String(longest));
  const MaxSessionDuration = Number(seconds);
  const valid =
    Number.isInteger(MaxSessionDuration) && MaxSessionDuration >= 3600 && MaxSessionDuration <= 43_200;
  return (
    <ActDialog
      title={t('iam.role.edit', { name: RoleName })}
      submit={t('common.save')}
      disabled={!valid}
      acts={[iam(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration }))]}
      onClose={onClose}
    >
      <FormField label={t('common.description')}>
        <Input value={Description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
      <FormField
        label={t('iam.role.longest')}
        constraintText={t('iam.role.longest.rule')}
        errorText={valid ? '' : t('iam.role.longest.rule')}
      >
        <Input
          value={seconds}
          inputMode="numeric"
          type="number"
          onChange={({ detail }) => setSeconds(detail.value)}
        />
      </FormField>
    </ActDialog>
  );
}
