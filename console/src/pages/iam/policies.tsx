import { ListPoliciesCommand, type PolicyScopeType } from '@aws-sdk/client-iam';
import Badge from '@cloudscape-design/components/badge';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { pageOf } from './entity.js';
import { typeOf } from './permissions.js';

export default function PoliciesPage() {
  const t = useTexts();
  const go = useGo();
  const [, navigate] = useLocation();
  const [scope, setScope] = useState<PolicyScopeType>('Local');
  const scopes = [
    { value: 'Local', label: t('iam.policyType.customer') },
    { value: 'AWS', label: t('iam.policyType.aws') },
    { value: 'All', label: t('common.all') },
  ];
  return (
    <ResourceTable
      title={t('nav.policies')}
      description={t('iam.policies.text')}
      name={['policies', scope]}
      load={async (Marker, signal) =>
        pageOf(
          await iam(new ListPoliciesCommand({ Scope: scope, Marker, MaxItems: 200 })).send(signal),
          output => output.Policies,
        )
      }
      id={({ Arn }) => Arn!}
      text={({ PolicyName, Arn }) => `${PolicyName} ${Arn}`}
      empty={t('iam.policies.noneOwn')}
      columns={[
        {
          id: 'name',
          header: t('iam.policy.name'),
          value: ({ PolicyName }) => PolicyName!,
          cell: ({ PolicyName, Arn }) => <Link {...go(path('iam', 'policies', Arn!))}>{PolicyName}</Link>,
        },
        {
          id: 'type',
          header: t('common.type'),
          cell: ({ Arn }) => <Badge>{t(`iam.policyType.${typeOf(Arn)}`)}</Badge>,
        },
        {
          id: 'used',
          header: t('iam.policy.used'),
          value: ({ AttachmentCount }) => AttachmentCount ?? 0,
          cell: ({ AttachmentCount }) => AttachmentCount ?? 0,
        },
        {
          id: 'updated',
          header: t('iam.policy.updated'),
          value: ({ UpdateDate }) => Number(UpdateDate),
          cell: ({ UpdateDate }) => timeText(UpdateDate),
        },
      ]}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <Select
            options={scopes}
            ariaLabel={t('common.type')}
            selectedOption={scopes.find(({ value }) => value === scope)!}
            onChange={({ detail }) => setScope(detail.selectedOption.value as PolicyScopeType)}
          />
          <GuardedButton
            variant="primary"
            asks={{ action: 'iam:CreatePolicy', resource: '*' }}
            onClick={() => navigate('/iam/create-policy')}
          >
            {t('iam.policy.create')}
          </GuardedButton>
        </SpaceBetween>
      }
    />
  );
}
