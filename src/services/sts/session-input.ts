/** The tags of a request, which become part of the session. */
import type { Tag } from '@aws-sdk/client-sts';
import { quotas, type Tags, tagContext } from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { stsErrors } from './errors.js';

/** Tags that a session carries, and which of them pass on along a chain. */
interface SessionTags {
  readonly tags: Tags;
  readonly transitiveKeys: readonly string[];
}

/**
 * The tags of a request together with those that the calling session passes on. Throws `InvalidParameterValue`
 * for keys given twice (without case), for an inherited key given again, and for transitive keys without a tag.
 * Source: IAM User Guide, "Pass session tags in AWS STS".
 */
export function readSessionTags(
  input: Tag[] | undefined,
  transitive: string[] | undefined,
  inherited: Readonly<Record<string, string>> = {},
): SessionTags {
  const given = requestTags(input);
  const keys = new Set(given.map(([key]) => key.toLowerCase()));
  if (keys.size < given.length) {
    throw invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  const passed = Object.entries(inherited);
  if (passed.some(([key]) => keys.has(key.toLowerCase()))) {
    throw invalid(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const transitiveKeys = new Set((transitive ?? []).map(key => key.toLowerCase()));
  if ([...transitiveKeys].some(key => !keys.has(key))) {
    throw invalid('The specified transitive tag key must be included in the requested tags.');
  }
  const tags = [...passed, ...given];
  if (tags.length > quotas.tags) throw invalid(`A session can have at most ${quotas.tags} tags.`);
  return {
    tags,
    transitiveKeys: [
      ...passed.map(([key]) => key),
      ...given.map(([key]) => key).filter(key => transitiveKeys.has(key.toLowerCase())),
    ],
  };
}

/** `aws:RequestTag/k`, `aws:TagKeys` and `sts:TransitiveTagKeys` of a request; none where it has no tags. */
export function tagRequestContext(input: Tag[] | undefined, transitive: string[] | undefined): Context {
  const tags = requestTags(input);
  return {
    ...tagContext('aws:RequestTag', tags),
    ...(tags.length > 0 && { 'aws:TagKeys': tags.map(([key]) => key) }),
    ...(transitive !== undefined && transitive.length > 0 && { 'sts:TransitiveTagKeys': transitive }),
  };
}

function requestTags(input: Tag[] | undefined): Tags {
  return (input ?? []).map(({ Key = '', Value = '' }) => [Key, Value]);
}

function invalid(message: string) {
  return stsErrors.InvalidParameterValue(message);
}
