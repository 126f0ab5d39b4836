/** Tags of IAM resources and of sessions: keys are unique without case, and keep it. */

import { quotas } from '../accounts/quotas.js';
import { errors, overQuota } from '../errors.js';
import type { Tags } from '../model.js';

/** A tag as the SDKs have it. */
export interface TagInput {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

/**
 * Reads the tags of a request. Throws `InvalidInput` for a key given twice (without case) and for keys that
 * begin with `aws:`, which are reserved.
 */
export function readTags(input: readonly TagInput[] | undefined): Tags {
  const seen = new Set<string>();
  return (input ?? []).map(({ Key = '', Value = '' }) => {
    const key = Key.toLowerCase();
    if (seen.has(key)) {
      throw errors.InvalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
    }
    if (key.startsWith('aws:'))
      throw errors.InvalidInput(`aws: prefixed tag key names are not allowed for external use.`);
    seen.add(key);
    return [Key, Value] as const;
  });
}

/** `tags` with `changes` over them. `quota` names the limit in the `LimitExceeded` that it throws. */
export function mergeTags(tags: Tags, changes: Tags, quota: string): Tags {
  const merged = new Map(tags.map(tag => [tag[0].toLowerCase(), tag]));
  for (const tag of changes) merged.set(tag[0].toLowerCase(), tag);
  if (merged.size > quotas.tags) throw overQuota(quota, quotas.tags);
  return [...merged.values()];
}

export function withoutTags(tags: Tags, keys: readonly string[]): Tags {
  const gone = new Set(keys.map(key => key.toLowerCase()));
  return tags.filter(([key]) => !gone.has(key.toLowerCase()));
}

/** The tags as condition keys: `prefix/key` → value. */
export function tagContext(prefix: string, tags: Tags): Record<string, string> {
  const context: Record<string, string> = {};
  for (const [key, value] of tags) context[`${prefix}/${key}`] = value;
  return context;
}
