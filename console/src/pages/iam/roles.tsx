import { ListRolesCommand } from '@aws-sdk/client-iam';
import Link from '@cloudscape-design/components/link';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { pageOf } from './entity.js';
import { trustedBy } from './trust.js';

export default function RolesPage() {
  const t = useTexts();
  const go = useGo();
  const [, navigate] = useLocation();
  return (
    <ResourceTable
      title={t('nav.roles')}
      description={t('iam.roles.text')}
      name={['roles']}
      load={async (Marker, signal) =>
        pageOf(
          await iam(new ListRolesCommand({ Marker, MaxItems: 200 })).send(signal),
          output => output.Roles,
        )
      }
      id={({ RoleName }) => RoleName!}
      text={({ RoleName, Arn }) => `${RoleName} ${Arn}`}
      empty={t('iam.roles.none')}
      columns={[
        {
          id: 'name',
          header: t('iam.role.name'),
          value: ({ RoleName }) => RoleName!,
          cell: ({ RoleName }) => <Link {...go(path('iam', 'roles', RoleName!))}>{RoleName}</Link>,
        },
        {
          id: 'trusted',
          header: t('iam.role.trusted'),
          cell: ({ AssumeRolePolicyDocument }) => trustedBy(AssumeRolePolicyDocument).join(', ') || '–',
        },
        { id: 'path', header: t('common.path'), value: ({ Path }) => Path!, cell: ({ Path }) => Path },
        {
          id: 'created',
          header: t('common.created'),
          value: ({ CreateDate }) => Number(CreateDate),
          cell: ({ CreateDate }) => timeText(CreateDate),
        },
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
