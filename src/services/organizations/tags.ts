/** Tags of roots, units, accounts and policies. */
import type * as sdk from '@aws-sdk/client-organizations';
import { ApiError } from '../../core/errors.js';
import type { Call, Operation, Resolution } from '../../core/operation.js';
import { constraintViolated, mergeTags, type Tags, withoutTags } from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { slicePage } from './paging.js';
import { managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { tagsIn } from './request-tags.js';
import { type InOrganization, onPolicy, onTargets, requestTags } from './requirements.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

export const TagResource: Op<sdk.TagResourceRequest, object, InOrganization> = {
  resolve: (input, call, ports) => onResource(call, ports, input.ResourceId!, requestTags(input.Tags)),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    const changes = tagsIn(input.Tags);
    await ports.identity.organizations.changeTags(organization, input.ResourceId!, tags =>
      merged(tags, changes),
    );
    return {};
  },
};

export const UntagResource: Op<sdk.UntagResourceRequest, object, InOrganization> = {
  resolve: (input, call, ports) =>
    onResource(call, ports, input.ResourceId!, { 'aws:TagKeys': input.TagKeys ?? [] }),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    await ports.identity.organizations.changeTags(organization, input.ResourceId!, tags =>
      withoutTags(tags, input.TagKeys ?? []),
    );
    return {};
  },
};

export const ListTagsForResource: Op<
  sdk.ListTagsForResourceRequest,
  sdk.ListTagsForResourceResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onResource(call, ports, input.ResourceId!),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const tags = await ports.identity.organizations.tagsOf(organization, input.ResourceId!);
    const { items, next } = await slicePage(input, tags, ([key]) => key);
    return { Tags: items.map(([Key, Value]) => ({ Key, Value })), ...next };
  },
};

function merged(tags: Tags, changes: Tags): Tags {
  try {
    return mergeTags(tags, changes, 'TagsPerResource');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw constraintViolated('MAX_TAG_LIMIT_EXCEEDED', error.message);
  }
}

async function onResource(
  call: Call,
  ports: OrganizationsPorts,
  id: string,
  context: Context = {},
): Promise<Resolution<InOrganization>> {
  return id.startsWith('p-')
    ? await onPolicy(call, ports, id, context)
    : await onTargets(call, ports, [id], context);
}
