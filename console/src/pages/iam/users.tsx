import { AttachUserPolicyCommand, CreateUserCommand, ListUsersCommand } from '@aws-sdk/client-iam';
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
import { type Tag, TagFields } from '../../ui/tags.js';
import { pageOf } from './entity.js';
import { PoliciesField } from './permissions.js';

export default function UsersPage() {
  const t = useTexts();
  const go = useGo();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <ResourceTable
        title={t('nav.users')}
        description={t('iam.users.text')}
        name={['users']}
        load={async (Marker, signal) =>
          pageOf(
            await iam(new ListUsersCommand({ Marker, MaxItems: 200 })).send(signal),
            output => output.Users,
          )
        }
        id={({ UserName }) => UserName!}
        text={({ UserName, Arn }) => `${UserName} ${Arn}`}
        empty={t('iam.users.none')}
        columns={[
          {
            id: 'name',
            header: t('iam.user.name'),
            value: ({ UserName }) => UserName!,
            cell: ({ UserName }) => <Link {...go(path('iam', 'users', UserName!))}>{UserName}</Link>,
          },
          { id: 'path', header: t('common.path'), value: ({ Path }) => Path!, cell: ({ Path }) => Path },
          { id: 'arn', header: t('common.arn'), cell: ({ Arn }) => Arn },
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
            asks={{ action: 'iam:CreateUser', resource: '*' }}
            onClick={() => setCreating(true)}
          >
            {t('iam.users.create')}
          </GuardedButton>
        }
      />
      {creating && <CreateUser onClose={() => setCreating(false)} />}
    </>
  );
}

function CreateUser({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [name, setName] = useState('');
  const [policies, setPolicies] = useState<readonly string[]>([]);
  const [tags, setTags] = useState<readonly Tag[]>([]);
  const Tags = tags.filter(({ Key }) => Key !== '');
  const UserName = name.trim();
  return (
    <ActDialog
      title={t('iam.users.create')}
      submit={t('iam.users.create')}
      disabled={UserName === ''}
      acts={[
        iam(new CreateUserCommand({ UserName, ...(Tags.length > 0 && { Tags }) })),
        ...policies.map(PolicyArn => iam(new AttachUserPolicyCommand({ UserName, PolicyArn }))),
      ]}
      onClose={onClose}
      onDone={() => navigate(path('iam', 'users', UserName))}
    >
      <FormField label={t('iam.user.name')} constraintText={t('iam.name.rule')}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} name="user-name" autoFocus />
      </FormField>
      <PoliciesField chosen={policies} onChoose={setPolicies} />
      <FormField label={t('common.tags')}>
        <TagFields tags={tags} onChange={setTags} />
      </FormField>
    </ActDialog>
  );
}
