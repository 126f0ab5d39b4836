import { DeleteGroupCommand, GetGroupCommand } from '@aws-sdk/client-iam';
import { iam } from '../../api/iam.js';
import { useTexts } from '../../i18n/index.js';
import type { Params } from '../../routes.js';
import { timeText } from '../../ui/format.js';
import { Loaded } from '../../ui/loaded.js';
import { useAct } from '../../ui/query.js';
import { ResourcePage } from '../../ui/resource-page.js';
import { DeleteEntity } from './delete-entity.js';
import { UsersOfGroup } from './memberships.js';
import { Permissions } from './permissions.js';

export default function GroupPage({ params }: { readonly params: Params }) {
  const t = useTexts();
  const GroupName = params['name']!;
  const query = useAct(iam(new GetGroupCommand({ GroupName, MaxItems: 1 })));
  return (
    <Loaded query={query}>
      {({ Group }) => {
        const arn = Group!.Arn!;
        const entity = { kind: 'group' as const, name: GroupName, arn };
        return (
          <ResourcePage
            title={GroupName}
            actions={
              <DeleteEntity
                entity={entity}
                title={t('iam.groups.delete', { name: GroupName })}
                act={iam(new DeleteGroupCommand({ GroupName }))}
              />
            }
            summary={[
              { label: t('common.arn'), value: arn },
              { label: t('common.created'), value: timeText(Group!.CreateDate) },
              { label: t('iam.uniqueId'), value: Group!.GroupId },
            ]}
            tabs={[
              {
                id: 'members',
                label: t('iam.group.members'),
                content: <UsersOfGroup groupName={GroupName} arn={arn} />,
              },
              {
                id: 'permissions',
                label: t('common.permissions'),
                content: <Permissions entity={entity} />,
              },
            ]}
          />
        );
      }}
    </Loaded>
  );
}
