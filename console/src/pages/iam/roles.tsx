import { ListRolesCommand, type Role } from '@aws-sdk/client-iam';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { linkColumn, textColumn, timeColumn } from '../../ui/columns.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { listing } from './entity.js';
import { trustedBy } from './trust.js';

export default function RolesPage() {
  const t = useTexts();
  const [, navigate] = useLocation();
  return (
    <ResourceTable<Role>
      title={t('nav.roles')}
      description={t('iam.roles.text')}
      name={['roles']}
      load={listing(
        Marker => iam(new ListRolesCommand({ Marker, MaxItems: 200 })),
        output => output.Roles,
      )}
      id={({ RoleName }) => RoleName!}
      text={({ RoleName, Arn }) => `${RoleName} ${Arn}`}
      empty={t('iam.roles.none')}
      columns={[
        linkColumn(
          t('iam.role.name'),
          role => role.RoleName,
          role => path('iam', 'roles', role.RoleName!),
        ),
        textColumn('trusted', t('iam.role.trusted'), role => trustedBy(role).join(', ') || undefined),
        textColumn('path', t('common.path'), role => role.Path),
        timeColumn('created', t('common.created'), role => role.CreateDate),
      ]}
      actions={
        <GuardedButton
          variant="primary"
          asks={{ action: 'iam:CreateRole', resource: '*' }}
          onClick={() => navigate('/iam/create-role')}
        >
          {t('iam.roles.create')}
        </GuardedButton>
      }
    />
  );
}
