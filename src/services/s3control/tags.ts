/**
 * The tags of a bucket by its ARN: the same that PutBucketTagging sets, changed one by one, and open where ABAC closes
 * those operations ("PutBucketAbac", S3 API Reference). Answers as recorded in November 2025 (LocalStack,
 * TestS3ControlTagging).
 */
import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResult,
  Tag,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-s3-control';
import { ApiError } from '../../core/errors.js';
import type { Call, Operation } from '../../core/operation.js';
import { type Bucket, isTagName, isTagValue, MOST_BUCKET_TAGS, type Pairs } from '../../objects/index.js';
import type { ContextValue } from '../../policy/types.js';
import { accountOf } from './account.js';
import { errors } from './errors.js';
import type { S3ControlPorts } from './ports.js';

interface ResourceInput {
  readonly AccountId?: string | undefined;
  readonly ResourceArn: string | undefined;
}

/**
 * Throws NoSuchResource; NotImplemented for what else S3 tags (access points, Storage Lens groups, Access Grants); and
 * AccessDenied where the bucket is not the account's that the request names.
 */
async function bucketOf(input: ResourceInput, call: Call, { buckets }: S3ControlPorts): Promise<Bucket> {
  const account = accountOf(input);
  const [, partition, service, region, owner, name = ''] = (input.ResourceArn ?? '').split(':');
  if (service !== 's3') throw errors.InvalidRequest('The ARN is not one of Amazon S3.');
  if (region !== '' || owner !== '') throw errors.NotImplemented(`Tagging ${name.split('/')[0]}`);
  const bucket = await buckets.bucket(name, call).catch(error => {
    throw error instanceof ApiError && error.code === 'NoSuchBucket' ? errors.NoSuchResource() : error;
  });
  if (bucket.partition !== partition) throw errors.NoSuchResource();
  if (bucket.owner === account) return bucket;
  throw errors.AccessDenied({
    reason: `x-amz-account-id is ${account}, but the bucket belongs to ${bucket.owner}`,
    owner: bucket.owner,
    advice: `Name the account of the bucket in x-amz-account-id; it is not ${account}.`,
  });
}

type Keys = Readonly<Record<string, ContextValue | undefined>>;

/** An operation on a bucket that it names by ARN. `keys`: condition keys of the request, outside its body. */
function bucketOperation<I extends ResourceInput, O>(
  run: (bucket: Bucket, input: I, ports: S3ControlPorts) => Promise<O>,
  keys: (input: I) => Keys = () => ({}),
): Operation<S3ControlPorts, I, O, Bucket> {
  return {
    async resolve(input, call, ports) {
      const bucket = await bucketOf(input, call, ports);
      return { requires: [ports.buckets.onBucket(bucket, call, call.action, keys(input))], subject: bucket };
    },
    run: (bucket, input, _call, ports) => run(bucket, input, ports),
  };
}

export const ListTagsForResource = bucketOperation<ListTagsForResourceRequest, ListTagsForResourceResult>(
  async ({ tags = [] }) => ({ Tags: tags.map(([Key, Value]) => ({ Key, Value })) }),
);

/** Its condition keys stand in the body. */
export const TagResource: Operation<S3ControlPorts, TagResourceRequest, object, Bucket> = {
  async resolve(input, call, ports) {
    return { requires: [], subject: await bucketOf(input, call, ports) };
  },
  requiresOfBody: (bucket, { Tags = [] }, call, { buckets }) => [
    buckets.onBucket(bucket, call, call.action, {
      ...Object.fromEntries(Tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
      'aws:TagKeys': Tags.map(({ Key }) => Key ?? ''),
    }),
  ],
  async run(bucket, { Tags = [] }, _call, { objects }) {
    const given = demandTags(Tags);
    await objects.buckets.update(bucket, ({ tags = [] }) => ({ tags: demandFew(merged(tags, given)) }));
    return {};
  },
};

export const UntagResource = bucketOperation<UntagResourceRequest, object>(
  async (bucket, { TagKeys = [] }, { objects }) => {
    const gone = new Set(TagKeys);
    await objects.buckets.update(bucket, ({ tags = [] }) => ({
      tags: tags.filter(([name]) => !gone.has(name)),
    }));
    return {};
  },
  ({ TagKeys = [] }) => ({ 'aws:TagKeys': TagKeys }),
);

/** Each in its place, new ones behind. */
function merged(tags: Pairs, given: Pairs): Pairs {
  return [...new Map([...tags, ...given])];
}

/** Throws InvalidTag. */
function demandTags(tags: readonly Tag[]): Pairs {
  const pairs = tags.map(({ Key = '', Value = '' }) => [Key, Value] as const);
  if (pairs.some(([name]) => name.startsWith('aws:'))) {
    throw errors.InvalidTag(
      'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.',
    );
  }
  if (new Map(pairs).size < pairs.length) {
    throw errors.InvalidTag(
      'There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.',
    );
  }
  if (!pairs.every(([name, value]) => isTagName(name) && isTagValue(value))) {
    throw errors.InvalidTag(
      "This request contains a tag key or value that isn't valid. Valid characters include the following: [a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters.",
    );
  }
  return pairs;
}

/** As PutBucketTagging answers to too many. Throws BadRequest. */
function demandFew(tags: Pairs): Pairs {
  if (tags.length <= MOST_BUCKET_TAGS) return tags;
  throw errors.BadRequest(`Bucket tag count cannot be greater than ${MOST_BUCKET_TAGS}`);
}
