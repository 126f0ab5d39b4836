import {
  AddUserToGroupCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  RemoveUserFromGroupCommand,
} from '@aws-sdk/client-iam';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Link from '@cloudscape-design/components/link';
import Select from '@cloudscape-design/components/select';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog } from '../../ui/action.js';
import { path, useGo } from '../../ui/navigation.js';
import { useLoaded } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import { pageOf, whole } from './entity.js';

/** The groups of a user. */
export function Memberships({ userName: UserName }: { readonly userName: string }) {
  const t = useTexts();
  const go = useGo();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('nav.groups')}
        name={['groups of', UserName]}
        load={async (Marker, signal) =>
          pageOf(
            await iam(new ListGroupsForUserCommand({ UserName, Marker })).send(signal),
            output => output.Groups,
          )
        }
        id={({ GroupName }) => GroupName!}
        text={({ GroupName }) => GroupName!}
        empty={t('iam.groups.noneOfUser')}
        columns={[
          {
            id: 'name',
            header: t('common.name'),
            cell: ({ GroupName }) => <Link {...go(path('iam', 'groups', GroupName!))}>{GroupName}</Link>,
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ GroupName, Arn }) => (
              <ActButton
                variant="inline-link"
                text={t('iam.groups.removeUser')}
                asks={{ action: 'iam:RemoveUserFromGroup', resource: Arn! }}
                acts={() => [iam(new RemoveUserFromGroupCommand({ UserName, GroupName }))]}
              />
            ),
          },
        ]}
        actions={<Button onClick={() => setAdding(true)}>{t('iam.groups.addUser')}</Button>}
      />
      {adding && <AddToGroup userName={UserName} onClose={() => setAdding(false)} />}
    </>
  );
}

function AddToGroup({ userName: UserName, onClose }: { readonly userName: string; onClose(): void }) {
  const t = useTexts();
  const [GroupName, setGroupName] = useState<string>();
  const { data = [] } = useLoaded(['all groups'], () =>
    whole(
      Marker => iam(new ListGroupsCommand({ Marker })),
      output => output.Groups,
    ),
  );
  const options = data.map(group => ({ value: group.GroupName!, label: group.GroupName! }));
  return (
    <ActDialog
      title={t('iam.groups.addUser')}
      submit={t('common.add')}
      acts={GroupName ? [iam(new AddUserToGroupCommand({ UserName, GroupName }))] : []}
      onClose={onClose}
    >
      <FormField label={t('nav.groups')}>
        <Select
          options={options}
          empty={t('iam.groups.none')}
          placeholder={t('common.select')}
          selectedOption={options.find(({ value }) => value === GroupName) ?? null}
          onChange={({ detail }) => setGroupName(detail.selectedOption.value)}
        />
      </FormField>
    </ActDialog>
  );
}
