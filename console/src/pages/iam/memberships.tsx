/** Who is in which group: the groups of a user, and the users of a group. */
import {
  AddUserToGroupCommand,
  GetGroupCommand,
  type Group,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListUsersCommand,
  RemoveUserFromGroupCommand,
  type User,
} from '@aws-sdk/client-iam';
import FormField from '@cloudscape-design/components/form-field';
import Multiselect from '@cloudscape-design/components/multiselect';
import { useState } from 'react';
import type { Act } from '../../api/act.js';
import type { Asked } from '../../api/asked.js';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { linkColumn } from '../../ui/columns.js';
import { ErrorBox } from '../../ui/errors.js';
import { path } from '../../ui/navigation.js';
import { type Page, useLoaded } from '../../ui/query.js';
import { ResourceTable } from '../../ui/table.js';
import { listing, whole } from './entity.js';

export function GroupsOfUser({ userName: UserName }: { readonly userName: string }) {
  const t = useTexts();
  return (
    <Memberships<Group>
      of={UserName}
      kind="groups"
      empty={t('iam.groups.noneOfUser')}
      addText={t('iam.groups.addUser')}
      load={listing(
        Marker => iam(new ListGroupsForUserCommand({ UserName, Marker })),
        output => output.Groups,
      )}
      all={() =>
        whole(
          Marker => iam(new ListGroupsCommand({ Marker, MaxItems: 1000 })),
          output => output.Groups,
        )
      }
      name={({ GroupName }) => GroupName!}
      may={(verb, group) => ({ action: `iam:${verb}`, resource: group?.Arn ?? '*' })}
      add={GroupName => iam(new AddUserToGroupCommand({ UserName, GroupName }))}
      remove={GroupName => iam(new RemoveUserFromGroupCommand({ UserName, GroupName }))}
    />
  );
}

interface OfGroup {
  readonly groupName: string;
  readonly arn: string;
}

export function UsersOfGroup({ groupName: GroupName, arn }: OfGroup) {
  const t = useTexts();
  return (
    <Memberships<User>
      of={GroupName}
      kind="users"
      empty={t('iam.group.members.none')}
      addText={t('iam.group.members.add')}
      load={listing(
        Marker => iam(new GetGroupCommand({ GroupName, Marker, MaxItems: 200 })),
        output => output.Users,
      )}
      all={() =>
        whole(
          Marker => iam(new ListUsersCommand({ Marker, MaxItems: 1000 })),
          output => output.Users,
        )
      }
      name={({ UserName }) => UserName!}
      may={verb => ({ action: `iam:${verb}`, resource: arn })}
      add={UserName => iam(new AddUserToGroupCommand({ UserName, GroupName }))}
      remove={UserName => iam(new RemoveUserFromGroupCommand({ UserName, GroupName }))}
    />
  );
}

interface MembershipsProps<T> {
  /** Whose memberships these are. */
  readonly of: string;
  /** What is listed. */
  readonly kind: 'users' | 'groups';
  readonly empty: string;
  readonly addText: string;
  load(next: string | undefined, signal: AbortSignal): Promise<Page<T>>;
  /** Everything that could be added. */
  all(): Promise<readonly T[]>;
  name(item: T): string;
  may(verb: 'AddUserToGroup' | 'RemoveUserFromGroup', item?: T): Asked;
  add(name: string): Act;
  remove(name: string): Act;
}

function Memberships<T>(props: MembershipsProps<T>) {
  const { of, kind, empty, addText, load, name, may, remove } = props;
  const t = useTexts();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <ResourceTable<T>
        variant="container"
        title={t(`nav.${kind}`)}
        name={[kind, 'of', of]}
        load={load}
        id={name}
        text={name}
        empty={empty}
        columns={[
          linkColumn(t('common.name'), name, item => path('iam', kind, name(item))),
          {
            id: 'actions',
            header: t('common.actions'),
            cell: item => (
              <ActButton
                variant="inline-link"
                text={t('iam.groups.removeUser')}
                asks={may('RemoveUserFromGroup', item)}
                acts={() => [remove(name(item))]}
              />
            ),
          },
        ]}
        actions={
          <GuardedButton asks={may('AddUserToGroup')} onClick={() => setAdding(true)}>
            {addText}
          </GuardedButton>
        }
      />
      {adding && <AddDialog {...props} onClose={() => setAdding(false)} />}
    </>
  );
}

function AddDialog<T>({ kind, addText, all, name, add, onClose }: MembershipsProps<T> & { onClose(): void }) {
  const t = useTexts();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const { data = [], error } = useLoaded(['all', kind], all);
  const options = data.map(item => ({ value: name(item), label: name(item) }));
  return (
    <ActDialog title={addText} submit={t('common.add')} acts={chosen.map(add)} onClose={onClose}>
      <ErrorBox error={error} />
      <FormField label={t(`nav.${kind}`)}>
        <Multiselect
          filteringType="auto"
          virtualScroll
          filteringAriaLabel={t('common.find')}
          placeholder={t('common.select')}
          empty={t('common.none')}
          options={options}
          selectedOptions={options.filter(({ value }) => chosen.includes(value))}
          onChange={({ detail }) => setChosen(detail.selectedOptions.map(({ value }) => value!))}
        />
      </FormField>
    </ActDialog>
  );
}
