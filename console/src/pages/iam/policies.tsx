import { ListPoliciesCommand, type Policy, type PolicyScopeType } from '@aws-sdk/client-iam';
import Badge from '@cloudscape-design/components/badge';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { linkColumn, textColumn, timeColumn } from '../../ui/columns.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { listing } from './entity.js';
import { typeOf } from './permissions.js';

export default function PoliciesPage() {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [scope, setScope] = useState<PolicyScopeType>('Local');
  const scopes = [
    { value: 'Local', label: t('iam.policyType.customer') },
    { value: 'AWS', label: t('iam.policyType.aws') },
    { value: 'All', label: t('common.all') },
  ];
  return (
    <ResourceTable<Policy>
      title={t('nav.policies')}
      description={t('iam.policies.text')}
      name={['policies', scope]}
      load={listing(
        Marker => iam(new ListPoliciesCommand({ Scope: scope, Marker, MaxItems: 200 })),
        output => output.Policies,
      )}
      id={({ Arn }) => Arn!}
      text={({ PolicyName, Arn }) => `${PolicyName} ${Arn}`}
      empty={t('iam.policies.noneOwn')}
      columns={[
        linkColumn(
          t('iam.policy.name'),
          ({ PolicyName }) => PolicyName,
          ({ Arn }) => path('iam', 'policies', Arn!),
        ),
        {
          id: 'type',
          header: t('common.type'),
          cell: ({ Arn }) => <Badge>{t(`iam.policyType.${typeOf(Arn)}`)}</Badge>,
        },
        textColumn('used', t('iam.policy.used'), ({ AttachmentCount }) => AttachmentCount ?? 0),
        timeColumn('updated', t('iam.policy.updated'), ({ UpdateDate }) => UpdateDate),
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
