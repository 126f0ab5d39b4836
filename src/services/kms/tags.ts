import type {
  ListResourceTagsRequest,
  ListResourceTagsResponse,
  Tag,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import { demandState } from '../../kms/key-states.js';
import type { KeyRecord, Pairs } from '../../kms/records.js';
import { keyOperation, requestTags } from './access.js';
import { page, pageLimit, readMarker } from './pages.js';
import { demandCustomerManaged } from './usage.js';

/** Tags per key (KMS Developer Guide, "Resource quotas"). */
const MAX_TAGS = 50;

/** Throws `TagException` for a key given twice (by case, as KMS compares them) or reserved. */
export function readTags(tags: readonly Tag[] | undefined): Pairs {
  const seen = new Set<string>();
  const pairs = (tags ?? []).map(({ TagKey = '', TagValue = '' }) => {
    if (seen.has(TagKey)) throw errors.TagException(`Duplicate tag keys`);
    seen.add(TagKey);
    if (TagKey.toLowerCase().startsWith('aws:')) {
      throw errors.TagException('Tags beginning with aws: are reserved');
    }
    return [TagKey, TagValue] as const;
  });
  return demandFew(pairs);
}

function demandFew(tags: Pairs): Pairs {
  if (tags.length <= MAX_TAGS) return tags;
  throw errors.TagException('Too many tags');
}

export function tagList(tags: Pairs): Tag[] {
  return tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}

function check(key: KeyRecord): void {
  demandCustomerManaged(key);
  demandState(key, 'Enabled', 'Disabled', 'PendingImport');
}

export const TagResource = keyOperation<TagResourceRequest, object>({
  context: input => requestTags(readTags(input.Tags)),
  check,
  async run(key, input, _call, kms) {
    const added = readTags(input.Tags);
    const names = new Set(added.map(([name]) => name));
    await kms.keys.update(key, now => {
      check(now);
      const kept = now.tags.filter(([name]) => !names.has(name));
      return { ...now, tags: demandFew([...kept, ...added]) };
    });
    return {};
  },
});

export const UntagResource = keyOperation<UntagResourceRequest, object>({
  context: input => ({ 'aws:TagKeys': input.TagKeys! }),
  check,
  async run(key, input, _call, kms) {
    const names = new Set(input.TagKeys);
    await kms.keys.update(key, now => {
      check(now);
      return { ...now, tags: now.tags.filter(([name]) => !names.has(name)) };
    });
    return {};
  },
});

export const ListResourceTags = keyOperation<ListResourceTagsRequest, ListResourceTagsResponse>({
  async run(key, input) {
    const limit = pageLimit(input, 50);
    const [after] = readMarker(input) ?? [];
    const sorted = [...key.tags].sort(([a], [b]) => (a < b ? -1 : 1));
    const rest = sorted.filter(([name]) => after === undefined || name > after).slice(0, limit);
    const { items, output } = page(rest, limit, ([name]) => [name]);
    return { ...output, Tags: tagList(items) };
  },
});
