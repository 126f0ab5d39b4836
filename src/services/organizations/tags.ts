/** Tags of roots, units, accounts and policies. */
import type * as sdk from '@aws-sdk/client-organizations';
import { ApiError } from '../../core/errors.js';
import type { Call, NamedOperation } from '../../core/operation.js';
import {
  constraintViolated,
  invalidInput,
  mergeTags,
  readTags,
  type Tags,
  withoutTags,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { slicePage } from './paging.js';
import { managedBy, type OrganizationsPorts } from './ports.js';
import { onPolicy, onTargets, requestTags } from './requirements.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

export const tagResource: Op<sdk.TagResourceRequest> = {
  name: 'TagResource',
  requires: (input, call, ports) =>
    onResource('TagResource', call, ports, input.ResourceId!, requestTags(input.Tags)),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const changes = tagsIn(input.Tags);
    await ports.identity.organizations.changeTags(organization, input.ResourceId!, tags =>
      merged(tags, changes),
    );
    return {};
  },
};

export const untagResource: Op<sdk.UntagResourceRequest> = {
  name: 'UntagResource',
  requires: (input, call, ports) =>
    onResource('UntagResource', call, ports, input.ResourceId!, { 'aws:TagKeys': input.TagKeys ?? [] }),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    await ports.identity.organizations.changeTags(organization, input.ResourceId!, tags =>
      withoutTags(tags, input.TagKeys ?? []),
    );
    return {};
  },
};

export const listTagsForResource: Op<sdk.ListTagsForResourceRequest, sdk.ListTagsForResourceResponse> = {
  name: 'ListTagsForResource',
  requires: (input, call, ports) => onResource('ListTagsForResource', call, ports, input.ResourceId!),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
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

/** The tags of a request. Throws `InvalidInputException`. */
export function tagsIn(tags: sdk.Tag[] | undefined): Tags {
  try {
    return readTags(tags);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw invalidInput('DUPLICATE_TAG_KEY', error.message);
  }
}

async function onResource(
  operation: string,
  call: Call,
  ports: OrganizationsPorts,
  id: string,
  context: Context = {},
) {
  if (!id.startsWith('p-')) return await onTargets(operation, call, ports, [id], context);
  const [requirement] = await onPolicy(operation, call, ports, id);
  return [{ ...requirement!, context: { ...requirement!.context, ...context } }];
}
