import type * as sdk from '@aws-sdk/client-cloudtrail';
import type { Call, Operation, Resolution } from '../../core/operation.js';
import type { Context } from '../../policy/types.js';
import type { Trail } from '../../trails/records.js';
import { cloudTrailErrors } from './errors.js';
import type { CloudTrailPorts } from './ports.js';
import { demandTrailHere, type OnTrail, readTrail, requirementOn, resolveTrail } from './trail-names.js';

type Pairs = Trail['tags'];

/** Tags of a trail ("AddTags", CloudTrail API Reference). */
const MOST_TAGS = 50;
/** Trails of one ListTags (the same). */
const MOST_LISTED = 20;

/** Throws `InvalidTagParameterException`, `TagsLimitExceededException`. */
export function readTags(tags: readonly sdk.Tag[] = []): Pairs {
  const pairs = tags.map(({ Key = '', Value = '' }) => [Key, Value] as const);
  if (new Set(pairs.map(([key]) => key)).size < pairs.length) {
    throw cloudTrailErrors.InvalidTagParameterException('A tag key is given twice.');
  }
  if (pairs.some(([key]) => /^aws:/i.test(key))) {
    throw cloudTrailErrors.InvalidTagParameterException('Tag keys that begin with aws: are reserved.');
  }
  return demandFew(pairs);
}

function demandFew(pairs: Pairs): Pairs {
  if (pairs.length > MOST_TAGS) throw cloudTrailErrors.TagsLimitExceededException();
  return pairs;
}

/** The condition keys of tags in a request. */
export function requestTagKeys(tags: readonly sdk.Tag[] = []): Context {
  if (tags.length === 0) return {};
  const keys = tags.map(({ Key = '', Value = '' }) => [`aws:RequestTag/${Key}`, Value] as const);
  return { ...Object.fromEntries(keys), 'aws:TagKeys': tags.map(({ Key = '' }) => Key) };
}

/** Throws `CloudTrailARNInvalidException`, `ResourceTypeNotSupportedException`. */
function trailIn(arn: string): string {
  if (/^arn:[\w-]+:cloudtrail:[^:]*:\d{12}:(?:channel|dashboard|eventdatastore)\//.test(arn)) {
    throw cloudTrailErrors.ResourceTypeNotSupportedException(arn);
  }
  if (!arn.startsWith('arn:')) throw cloudTrailErrors.CloudTrailARNInvalidException(arn);
  return arn;
}

/** Throws `ResourceNotFoundException`, and as `demandTrailHere`. */
function demandResource(subject: OnTrail, arn: string, call: Call): Trail {
  if (!subject.trail) throw cloudTrailErrors.ResourceNotFoundException(arn);
  return demandTrailHere(subject, call);
}

/** In place of what the trail has under these keys. */
export const AddTags: Operation<CloudTrailPorts, sdk.AddTagsRequest, sdk.AddTagsResponse, OnTrail> = {
  resolve: (input, call, ports) =>
    resolveTrail(trailIn(input.ResourceId ?? ''), call, ports, requestTagKeys(input.TagsList)),
  async run(subject, { ResourceId = '', TagsList }, call, { trails }) {
    const trail = demandResource(subject, ResourceId, call);
    const added = readTags(TagsList);
    const keys = new Set(added.map(([key]) => key));
    await trails.setTags(trail, now => demandFew([...now.filter(([key]) => !keys.has(key)), ...added]));
    return {};
  },
};

export const RemoveTags: Operation<CloudTrailPorts, sdk.RemoveTagsRequest, sdk.RemoveTagsResponse, OnTrail> =
  {
    resolve: (input, call, ports) =>
      resolveTrail(trailIn(input.ResourceId ?? ''), call, ports, {
        'aws:TagKeys': (input.TagsList ?? []).map(({ Key = '' }) => Key),
      }),
    async run(subject, { ResourceId = '', TagsList = [] }, call, { trails }) {
      const keys = new Set(TagsList.map(({ Key }) => Key));
      await trails.setTags(demandResource(subject, ResourceId, call), now =>
        now.filter(([key]) => !keys.has(key)),
      );
      return {};
    },
  };

export const ListTags: Operation<
  CloudTrailPorts,
  sdk.ListTagsRequest,
  sdk.ListTagsResponse,
  readonly OnTrail[]
> = {
  async resolve({ ResourceIdList = [] }, call, { trails }): Promise<Resolution<readonly OnTrail[]>> {
    if (ResourceIdList.length === 0 || ResourceIdList.length > MOST_LISTED) {
      throw cloudTrailErrors.CloudTrailARNInvalidException(`A list of ${ResourceIdList.length}`);
    }
    const names = ResourceIdList.map(arn => readTrail(trailIn(arn), call));
    const subject = await Promise.all(names.map(async name => ({ name, trail: await trails.find(name) })));
    return { requires: subject.map(one => requirementOn(one, call)), subject };
  },
  async run(subject, { ResourceIdList = [] }) {
    return {
      ResourceTagList: subject.map(({ trail }, index) => {
        const ResourceId = ResourceIdList[index]!;
        if (!trail) throw cloudTrailErrors.ResourceNotFoundException(ResourceId);
        return { ResourceId, TagsList: trail.tags.map(([Key, Value]) => ({ Key, Value })) };
      }),
    };
  },
};
