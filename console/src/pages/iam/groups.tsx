import { CreateGroupCommand, type Group, ListGroupsCommand } from '@aws-sdk/client-iam';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { linkColumn, textColumn, timeColumn } from '../../ui/columns.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { CreateEntity } from './create-entity.js';
import { listing } from './entity.js';

export default function GroupsPage() {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable<Group>
        title={t('nav.groups')}
        description={t('iam.groups.text')}
        name={['groups']}
        load={listing(
          Marker => iam(new ListGroupsCommand({ Marker, MaxItems: 200 })),
          output => output.Groups,
        )}
        id={({ GroupName }) => GroupName!}
        text={({ GroupName }) => GroupName!}
        empty={t('iam.groups.none')}
        columns={[
          linkColumn(
            t('iam.group.name'),
            group => group.GroupName,
            group => path('iam', 'groups', group.GroupName!),
          ),
          textColumn('arn', t('common.arn'), group => group.Arn),
          timeColumn('created', t('common.created'), group => group.CreateDate),
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
      {creating && (
        <CreateEntity
          kind="group"
          title={t('iam.groups.create')}
          nameLabel={t('iam.group.name')}
          creation={({ name: GroupName }) => iam(new CreateGroupCommand({ GroupName }))}
          onClose={() => setCreating(false)}
        />
      )}
    </>
  );
}
