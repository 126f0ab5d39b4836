import type { Tag } from '@aws-sdk/client-s3';
import type { Pairs } from '../../objects/index.js';
import { s3Errors } from './errors.js';

/** "Using cost allocation S3 bucket tags" and "Categorizing your storage using tags", S3 User Guide. */
const BUCKET_TAGS = 50;
const OBJECT_TAGS = 10;
const LONGEST_NAME = 128;
const LONGEST_VALUE = 256;
const FORM = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags of a bucket. Throws InvalidTag, BadRequest for too many. */
export function bucketTags(tags: readonly Tag[] | undefined): Pairs {
  return demandTags(pairs(tags), BUCKET_TAGS, 'Bucket tag count cannot be greater than 50');
}

/** The tags of an object. Throws InvalidTag, BadRequest for too many. */
export function objectTags(tags: readonly Tag[] | undefined): Pairs {
  return demandTags(pairs(tags), OBJECT_TAGS, 'Object tags cannot be greater than 10');
}

/** The tags of an `x-amz-tagging` header: a URL query. Throws InvalidArgument, InvalidTag, BadRequest. */
export function headerTags(header: string | undefined): Pairs | undefined {
  if (header === undefined || header === '') return undefined;
  const tags: (readonly [string, string])[] = [];
  for (const piece of header.split('&')) {
    const [name = '', ...rest] = piece.split('=');
    tags.push([unescaped(name, header), unescaped(rest.join('='), header)]);
  }
  if (new Set(tags.map(([name]) => name)).size < tags.length) throw malformed(header);
  return demandTags(tags, OBJECT_TAGS, 'Object tags cannot be greater than 10');
}

function unescaped(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(header);
  }
}

function malformed(header: string): Error {
  return s3Errors.InvalidArgument(
    [
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    ],
    { members: { ArgumentName: 'x-amz-tagging', ArgumentValue: header } },
  );
}

function pairs(tags: readonly Tag[] | undefined): Pairs {
  return (tags ?? []).map(({ Key, Value }) => {
    if (Key === undefined || Value === undefined) throw s3Errors.MalformedXML();
    return [Key, Value] as const;
  });
}

function demandTags(tags: Pairs, most: number, tooMany: string): Pairs {
  if (tags.length > most) throw s3Errors.BadRequest([tooMany]);
  const names = new Set<string>();
  for (const [name, value] of tags) {
    const members = { TagKey: name, TagValue: value };
    if (name === '' || [...name].length > LONGEST_NAME || !FORM.test(name)) {
      throw s3Errors.InvalidTag(['The TagKey you have provided is invalid'], { members });
    }
    if ([...value].length > LONGEST_VALUE || !FORM.test(value)) {
      throw s3Errors.InvalidTag(['The TagValue you have provided is invalid'], { members });
    }
    if (name.startsWith('aws:')) {
      throw s3Errors.InvalidTag(['System tags cannot be added/updated by requester'], { members });
    }
    if (names.has(name)) {
      throw s3Errors.InvalidTag(['Cannot provide multiple Tags with the same key'], { members });
    }
    names.add(name);
  }
  return tags;
}

export function asTagSet(tags: Pairs): Tag[] {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}
