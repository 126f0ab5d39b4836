import {
  DeleteRoleCommand,
  GetRoleCommand,
  type Role,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { UnusedPermissions } from '../../privilege/unused.js';
import type { Params } from '../../routes.js';
import { ActDialog, GuardedButton } from '../../ui/action.js';
import { EditablePolicy } from '../../ui/editable-policy.js';
import { durationText, timeText } from '../../ui/format.js';
import { Loaded } from '../../ui/loaded.js';
import { GoLink, useGo } from '../../ui/navigation.js';
import { useAct } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { SessionsTable } from '../sessions-table.js';
import { DeleteEntity } from './delete-entity.js';
import { EntityTags } from './entity-tags.js';
import { LastAccessed } from './last-accessed.js';
import { Permissions } from './permissions.js';

export default function RolePage({ params }: { readonly params: Params }) {
  const query = useAct(iam(new GetRoleCommand({ RoleName: params['name'] })));
  return <Loaded query={query}>{({ Role: role }) => <RoleParts role={role!} />}</Loaded>;
}

function RoleParts({ role }: { readonly role: Role }) {
  const t = useTexts();
  const go = useGo();
  const [editing, setEditing] = useState(false);
  const RoleName = role.RoleName!;
  const arn = role.Arn!;
  const entity = { kind: 'role' as const, name: RoleName, arn };
  const account = arn.split(':')[4]!;
  const roleName = arn.split(':role/')[1]!;
  const link = `/switchrole?${new URLSearchParams({ account, roleName, displayName: RoleName })}`;
  const longest = role.MaxSessionDuration ?? 3600;
  const lastUsed = role.RoleLastUsed?.LastUsedDate;
  return (
    <>
      <ResourcePage
        title={RoleName}
        description={role.Description}
        actions={
          <>
            <DeleteEntity
              entity={entity}
              title={t('iam.roles.delete', { name: RoleName })}
              body={t('iam.roles.delete.text')}
              act={iam(new DeleteRoleCommand({ RoleName }))}
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
          </>
        }
        summary={[
          { label: t('common.arn'), value: arn },
          { label: t('common.created'), value: timeText(role.CreateDate) },
          { label: t('iam.role.longest'), value: durationText(longest * 1000) },
          { label: t('iam.lastUsed'), value: lastUsed ? timeText(lastUsed) : t('common.never') },
          { label: t('switch.link'), value: <GoLink href={link}>{link}</GoLink> },
        ]}
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
              <EditablePolicy
                title={t('iam.trust')}
                description={t('iam.trust.text')}
                document={decodeURIComponent(role.AssumeRolePolicyDocument ?? '')}
                kind="trust"
                place={`trust:${arn}`}
                sessionDuration={longest}
                asks={{ action: 'iam:UpdateAssumeRolePolicy', resource: arn }}
                editText={t('iam.trust.edit')}
                saveText={t('iam.trust.update')}
                act={PolicyDocument => iam(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))}
              />
            ),
          },
          { id: 'tags', label: t('common.tags'), content: <EntityTags entity={entity} tags={role.Tags} /> },
          { id: 'accessed', label: t('iam.accessed'), content: <LastAccessed arn={arn} /> },
          { id: 'unused', label: t('privilege.unused.tab'), content: <UnusedPermissions arn={arn} /> },
          {
            id: 'sessions',
            label: t('iam.sessions'),
            content: <SessionsTable roleName={RoleName} roleArn={arn} />,
          },
        ]}
      />
      {editing && <EditRole role={role} onClose={() => setEditing(false)} />}
    </>
  );
}

function EditRole({ role, onClose }: { readonly role: Role; onClose(): void }) {
  const t = useTexts();
  const RoleName = role.RoleName!;
  const [Description, setDescription] = useState(role.Description ?? '');
  const [seconds, setSeconds] = useState(String(role.MaxSessionDuration ?? 3600));
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
