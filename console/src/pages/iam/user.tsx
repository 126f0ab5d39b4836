import { DeleteUserCommand, GetUserCommand, TagUserCommand, UntagUserCommand } from '@aws-sdk/client-iam';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { useLocation } from 'wouter';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { ActButton } from '../../ui/action.js';
import { ErrorBox } from '../../ui/errors.js';
import { timeText } from '../../ui/format.js';
import { useAct } from '../../ui/query.js';
import { useTab } from '../../ui/tab.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { AccessKeys } from './access-keys.js';
import { ConsoleAccess } from './console-access.js';
import { Memberships } from './memberships.js';
import { Permissions } from './permissions.js';

export default function UserPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const [, navigate] = useLocation();
  const UserName = params['name']!;
  const { data, error } = useAct(iam(new GetUserCommand({ UserName })));
  const tab = useTab('permissions');
  if (error) return <ErrorBox error={error} />;
  if (data === undefined) return <Spinner />;
  const user = data.User!;
  const entity = { kind: 'user' as const, name: user.UserName!, arn: user.Arn! };
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={
          <ActButton
            text={t('common.delete')}
            title={t('iam.users.delete', { name: UserName })}
            body={t('iam.users.delete.text')}
            typed={UserName}
            asks={{ action: 'iam:DeleteUser', resource: entity.arn }}
            acts={() => [iam(new DeleteUserCommand({ UserName }))]}
            onDone={() => navigate('/iam/users')}
          />
        }
      >
        {UserName}
      </Header>
      <Container header={<Header variant="h2">{t('common.summary')}</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: t('common.arn'), value: entity.arn },
            { label: t('common.created'), value: timeText(user.CreateDate) },
            { label: t('iam.uniqueId'), value: user.UserId },
          ]}
        />
      </Container>
      <Tabs
        {...tab}
        tabs={[
          {
            id: 'permissions',
            label: t('common.permissions'),
            content: (
              <Permissions entity={entity} boundaryArn={user.PermissionsBoundary?.PermissionsBoundaryArn} />
            ),
          },
          { id: 'keys', label: t('iam.keys'), content: <AccessKeys userName={UserName} arn={entity.arn} /> },
          { id: 'groups', label: t('nav.groups'), content: <Memberships userName={UserName} /> },
          {
            id: 'console',
            label: t('iam.console'),
            content: <ConsoleAccess userName={UserName} arn={entity.arn} />,
          },
          {
            id: 'tags',
            label: t('common.tags'),
            content: (
              <TagsPanel
                tags={tagsOf(user.Tags)}
                asks={{ action: 'iam:TagUser', resource: entity.arn }}
                acts={(Tags, TagKeys) => [
                  ...(TagKeys.length > 0
                    ? [iam(new UntagUserCommand({ UserName, TagKeys: [...TagKeys] }))]
                    : []),
                  ...(Tags.length > 0 ? [iam(new TagUserCommand({ UserName, Tags: [...Tags] }))] : []),
                ]}
              />
            ),
          },
        ]}
      />
    </SpaceBetween>
  );
}
