import { TagRoleCommand, TagUserCommand, UntagRoleCommand, UntagUserCommand } from '@aws-sdk/client-iam';
import { iam } from '../../api/iam.js';
import { TagsPanel, tagsOf } from '../../ui/tags.js';
import { actionOn, type Entity } from './entity.js';

interface EntityTagsProps {
  readonly entity: Entity & { readonly kind: 'user' | 'role' };
  readonly tags: Parameters<typeof tagsOf>[0];
}

/** The tags of a user or role. */
export function EntityTags({ entity, tags }: EntityTagsProps) {
  const { kind, name } = entity;
  const untag = (TagKeys: string[]) =>
    kind === 'user'
      ? iam(new UntagUserCommand({ UserName: name, TagKeys }))
      : iam(new UntagRoleCommand({ RoleName: name, TagKeys }));
  const tag = (Tags: { Key: string; Value: string }[]) =>
    kind === 'user'
      ? iam(new TagUserCommand({ UserName: name, Tags }))
      : iam(new TagRoleCommand({ RoleName: name, Tags }));
  return (
    <TagsPanel
      tags={tagsOf(tags)}
      asks={actionOn(entity, 'Tag', '')}
      acts={(wanted, removed) => [
        ...(removed.length > 0 ? [untag([...removed])] : []),
        ...(wanted.length > 0 ? [tag([...wanted])] : []),
      ]}
    />
  );
}
