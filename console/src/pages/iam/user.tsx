import { DeleteUserCommand, GetUserCommand } from '@aws-sdk/client-iam';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import { UnusedPermissions } from '../../privilege/unused.js';
import type { Params } from '../../routes.js';
import { timeText } from '../../ui/format.js';
import { Loaded } from '../../ui/loaded.js';
import { useAct } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { AccessKeys } from './access-keys.js';
import { ConsoleAccess } from './console-access.js';
import { DeleteEntity } from './delete-entity.js';
import { EntityTags } from './entity-tags.js';
import { LastAccessed } from './last-accessed.js';
import { GroupsOfUser } from './memberships.js';
import { Permissions } from './permissions.js';

export default function UserPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const UserName = params['name']!;
  const query = useAct(iam(new GetUserCommand({ UserName })));
  return (
    <Loaded query={query}>
      {({ User: user }) => {
        const arn = user!.Arn!;
        const entity = { kind: 'user' as const, name: user!.UserName!, arn };
        return (
          <ResourcePage
            title={UserName}
            actions={
              <DeleteEntity
                entity={entity}
                title={t('iam.users.delete', { name: UserName })}
                body={t('iam.users.delete.text')}
                act={iam(new DeleteUserCommand({ UserName }))}
              />
            }
            summary={[
              { label: t('common.arn'), value: arn },
              { label: t('common.created'), value: timeText(user!.CreateDate) },
              { label: t('iam.uniqueId'), value: user!.UserId },
            ]}
            tabs={[
              {
                id: 'permissions',
                label: t('common.permissions'),
                content: (
                  <Permissions
                    entity={entity}
                    boundaryArn={user!.PermissionsBoundary?.PermissionsBoundaryArn}
                  />
                ),
              },
              { id: 'keys', label: t('iam.keys'), content: <AccessKeys userName={UserName} arn={arn} /> },
              { id: 'groups', label: t('nav.groups'), content: <GroupsOfUser userName={UserName} /> },
              {
                id: 'console',
                label: t('iam.console'),
                content: <ConsoleAccess userName={UserName} arn={arn} />,
              },
              {
                id: 'tags',
                label: t('common.tags'),
                content: <EntityTags entity={entity} tags={user!.Tags} />,
              },
              { id: 'accessed', label: t('iam.accessed'), content: <LastAccessed arn={arn} /> },
              { id: 'unused', label: t('privilege.unused.tab'), content: <UnusedPermissions arn={arn} /> },
            ]}
          />
        );
      }}
    </Loaded>
  );
}
