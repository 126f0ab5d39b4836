import {
  AddUserToGroupCommand,
  DeleteGroupCommand,
  GetGroupCommand,
  ListUsersCommand,
  RemoveUserFromGroupCommand,
} from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Multiselect from '@cloudscape-design/components/multiselect';
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
import { path, useGo } from '../../ui/navigation.js';
import { useAct, useLoaded } from '../../ui/query.js';
import { useTab } from '../../ui/tab.js';
import { ResourceTable } from '../../ui/table.js';
import { pageOf, whole } from './entity.js';
import { Permissions } from './permissions.js';

export default function GroupPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const GroupName = params['name']!;
  const { data, error } = useAct(iam(new GetGroupCommand({ GroupName, MaxItems: 1 })));
  const tab = useTab('members');
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  const arn = data.Group!.Arn!;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        description={arn}
        actions={
          <ActButton
            text={t('common.delete')}
            title={t('iam.groups.delete', { name: GroupName })}
            typed={GroupName}
            asks={{ action: 'iam:DeleteGroup', resource: arn }}
            acts={() => [iam(new DeleteGroupCommand({ GroupName }))]}
            onDone={() => navigate('/iam/groups')}
          />
        }
      >
        {GroupName}
      </Header>
      <Tabs
        {...tab}
        tabs={[
          {
            id: 'members',
            label: t('iam.group.members'),
            content: <Members groupName={GroupName} arn={arn} />,
          },
          {
            id: 'permissions',
            label: t('common.permissions'),
            content: <Permissions entity={{ kind: 'group', name: GroupName, arn }} />,
          },
        ]}
      />
    </SpaceBetween>
  );
}

function Members({ groupName: GroupName, arn }: { readonly groupName: string; readonly arn: string }) {
  const t = useTexts();
  const go = useGo();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ResourceTable
        variant="container"
        title={t('iam.group.members')}
        name={['members', GroupName]}
        load={async (Marker, signal) =>
          pageOf(
            await iam(new GetGroupCommand({ GroupName, Marker, MaxItems: 200 })).send(signal),
            output => output.Users,
          )
        }
        id={({ UserName }) => UserName!}
        text={({ UserName }) => UserName!}
        empty={t('iam.group.members.none')}
        columns={[
          {
            id: 'name',
            header: t('iam.user.name'),
            cell: ({ UserName }) => <Link {...go(path('iam', 'users', UserName!))}>{UserName}</Link>,
          },
          {
            id: 'actions',
            header: t('common.actions'),
            cell: ({ UserName }) => (
              <ActButton
                variant="inline-link"
                text={t('iam.groups.removeUser')}
                asks={{ action: 'iam:RemoveUserFromGroup', resource: arn }}
                acts={() => [iam(new RemoveUserFromGroupCommand({ GroupName, UserName }))]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton
            asks={{ action: 'iam:AddUserToGroup', resource: arn }}
            onClick={() => setAdding(true)}
          >
            {t('iam.group.members.add')}
          </GuardedButton>
        }
      />
      {adding && <AddMembers groupName={GroupName} onClose={() => setAdding(false)} />}
    </>
  );
}

function AddMembers({ groupName: GroupName, onClose }: { readonly groupName: string; onClose(): void }) {
  const t = useTexts();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { data = [], error } = useLoaded(['all users'], () =>
    whole(
      Marker => iam(new ListUsersCommand({ Marker, MaxItems: 1000 })),
      output => output.Users,
    ),
  );
  const options = data.map(({ UserName }) => ({ value: UserName!, label: UserName! }));
  return (
    <ActDialog
      title={t('iam.group.members.add')}
      submit={t('common.add')}
      acts={chosen.map(UserName => iam(new AddUserToGroupCommand({ GroupName, UserName })))}
      onClose={onClose}
    >
      <ErrorBox error={error} />
      <FormField label={t('nav.users')}>
        <Multiselect
          filteringType="auto"
          virtualScroll
          filteringAriaLabel={t('common.find')}
          placeholder={t('common.select')}
          empty={t('iam.users.none')}
          options={options}
          selectedOptions={options.filter(({ value }) => chosen.includes(value))}
          onChange={({ detail }) => setChosen(detail.selectedOptions.map(({ value }) => value!))}
        />
      </FormField>
    </ActDialog>
  );
}
