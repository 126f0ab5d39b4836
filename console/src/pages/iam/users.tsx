import { CreateUserCommand, ListUsersCommand, type User } from '@aws-sdk/client-iam';
import { useState } from 'react';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { GuardedButton } from '../../ui/action.js';
import { linkColumn, textColumn, timeColumn } from '../../ui/columns.js';
import { path } from '../../ui/navigation.js';
import { ResourceTable } from '../../ui/table.js';
import { CreateEntity } from './create-entity.js';
import { listing } from './entity.js';

export default function UsersPage() {
  const t = useTexts();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable<User>
        title={t('nav.users')}
        description={t('iam.users.text')}
        name={['users']}
        load={listing(
          Marker => iam(new ListUsersCommand({ Marker, MaxItems: 200 })),
          output => output.Users,
        )}
        id={({ UserName }) => UserName!}
        text={({ UserName, Arn }) => `${UserName} ${Arn}`}
        empty={t('iam.users.none')}
        columns={[
          linkColumn(
            t('iam.user.name'),
            user => user.UserName,
            user => path('iam', 'users', user.UserName!),
          ),
          textColumn('path', t('common.path'), user => user.Path),
          textColumn('arn', t('common.arn'), user => user.Arn),
          timeColumn('password', t('iam.users.signedIn'), user => user.PasswordLastUsed),
          timeColumn('created', t('common.created'), user => user.CreateDate),
        ]}
        actions={
          <GuardedButton
            variant="primary"
            asks={{ action: 'iam:CreateUser', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('iam.users.create')}
          </GuardedButton>
        }
      />
      {creating && (
        <CreateEntity
          kind="user"
          title={t('iam.users.create')}
          nameLabel={t('iam.user.name')}
          creation={({ name: UserName, ...more }) => iam(new CreateUserCommand({ UserName, ...more }))}
          onClose={() => setCreating(false)}
        />
      )}
    </>
  );
}
