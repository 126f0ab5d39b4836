import { CreateGroupCommand, ListGroupsCommand } from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActDialog, GuardedButton } from '../../ui/action.js';
import { timeText } from '../../ui/format.js';
import { path, useGo } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { attach, pageOf } from './entity.js';
import { PoliciesField } from './permissions.js';

export default function GroupsPage() {
  const t = useTexts();
  const go = useGo();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable
        title={t('nav.groups')}
        description={t('iam.groups.text')}
        name={['groups']}
        load={async (Marker, signal) =>
          pageOf(
            await iam(new ListGroupsCommand({ Marker, MaxItems: 200 })).send(signal),
            output => output.Groups,
          )
        }
        id={({ GroupName }) => GroupName!}
        text={({ GroupName }) => GroupName!}
        empty={t('iam.groups.none')}
        columns={[
          {
            id: 'name',
            header: t('iam.group.name'),
            value: ({ GroupName }) => GroupName!,
            cell: ({ GroupName }) => <Link {...go(path('iam', 'groups', GroupName!))}>{GroupName}</Link>,
          },
          { id: 'arn', header: t('common.arn'), cell: ({ Arn }) => Arn },
          { id: 'created', header: t('common.created'), cell: ({ CreateDate }) => timeText(CreateDate) },
        ]}
        actions={
          <GuardedButton
            variant="primary"
            asks={{ action: 'iam:CreateGroup', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('iam.groups.create')}
          </GuardedButton>
        }
      />
      {creating && <CreateGroup onClose={() => setCreating(false)} />}
    </>
  );
}

function CreateGroup({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [name, setName] = useState('');
  const [policies, setPolicies] = useState<readonly string[]>([]);
  const GroupName = name.trim();
  const entity = { kind: 'group' as const, name: GroupName, arn: '' };
  return (
    <ActDialog
      title={t('iam.groups.create')}
      submit={t('iam.groups.create')}
      disabled={GroupName === ''}
      acts={[
        iam(new CreateGroupCommand({ GroupName })),
        ...policies.map(policyArn => attach(entity, policyArn)),
      ]}
      onClose={onClose}
      onDone={() => navigate(path('iam', 'groups', GroupName))}
    >
      <FormField label={t('iam.group.name')}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} name="group-name" autoFocus />
      </FormField>
      <PoliciesField chosen={policies} onChoose={setPolicies} />
    </ActDialog>
  );
}
