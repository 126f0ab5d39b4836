import type { Tag } from '@aws-sdk/client-s3';
import { invalidArgument, s3Errors } from '../../core/s3-errors.js';
import { isTagName, isTagValue, MOST_BUCKET_TAGS, type Pairs } from '../../objects/index.js';

/**
 * How many tags there may be, and what S3 says of those of its own (LocalStack's recordings, test_tagging_validation).
 */
interface Kind {
  readonly most: number;
  readonly tooMany: string;
  readonly reserved: string;
}

const ofBuckets: Kind = {
  most: MOST_BUCKET_TAGS,
  tooMany: `Bucket tag count cannot be greater than ${MOST_BUCKET_TAGS}`,
  reserved: 'System tags cannot be added/updated by requester',
};
const ofObjects: Kind = {
  most: 10,
  tooMany: 'Object tags cannot be greater than 10',
  reserved: 'Your TagKey cannot be prefixed with aws:',
};

/** The tags of a bucket. Throws InvalidTag, BadRequest for too many. */
export function bucketTags(tags: readonly Tag[] | undefined): Pairs {
  return demandTags(pairs(tags), ofBuckets);
}

/** The tags that a bucket is made with (test_create_bucket_with_tags_exc). Throws as `bucketTags`. */
export function newBucketTags(tags: readonly Tag[]): Pairs {
  if (tags.some(({ Key }) => Key?.startsWith('aws:'))) {
    throw s3Errors.InvalidTag(
      'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove "aws:" from your tag keys and try again.',
    );
  }
  return bucketTags(tags);
}

/** The tags of an object. Throws InvalidTag, BadRequest for too many. */
export function objectTags(tags: readonly Tag[] | undefined): Pairs {
  return demandTags(pairs(tags), ofObjects);
}

/**
 * The tags of an `x-amz-tagging` header: a URL query, whose empty parts are passed over (recorded). One that has a part
 * without a name or with a second `=` is none (recorded; versitygw, PutObject_tagging). Throws InvalidArgument,
 * InvalidTag, BadRequest.
 */
export function headerTags(header: string | undefined): Pairs | undefined {
  if (header === undefined || header === '') return undefined;
  const tags: (readonly [string, string])[] = [];
  for (const piece of header.split('&')) {
    if (piece === '') continue;
    const [name = '', value = '', ...more] = piece.split('=');
    if (name === '' || more.length > 0) throw malformed(header);
    tags.push([unescaped(name, header), unescaped(value, header)]);
  }
  if (new Set(tags.map(([name]) => name)).size < tags.length) throw malformed(header);
  return demandTags(tags, ofObjects);
}

function unescaped(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(header);
  }
}

function malformed(header: string): Error {
  return invalidArgument(
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    'x-amz-tagging',
    header,
  );
}

function pairs(tags: readonly Tag[] | undefined): Pairs {
  return (tags ?? []).map(({ Key, Value }) => {
    if (Key === undefined || Value === undefined) throw s3Errors.MalformedXML();
    return [Key, Value] as const;
  });
}

function demandTags(tags: Pairs, { most, tooMany, reserved }: Kind): Pairs {
  if (tags.length > most) throw s3Errors.BadRequest(tooMany);
  const names = new Set<string>();
  for (const [name, value] of tags) {
    const members = { TagKey: name };
    if (!isTagName(name)) {
      throw s3Errors.InvalidTag('The TagKey you have provided is invalid', { members });
    }
    if (!isTagValue(value)) {
      throw s3Errors.InvalidTag('The TagValue you have provided is invalid', {
        members: { ...members, TagValue: value },
      });
    }
    if (name.startsWith('aws:')) {
      throw s3Errors.InvalidTag(reserved, { members });
    }
    if (names.has(name)) {
      throw s3Errors.InvalidTag('Cannot provide multiple Tags with the same key', { members });
    }
    names.add(name);
  }
  return tags;
}

export function asTagSet(tags: Pairs): Tag[] {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}
