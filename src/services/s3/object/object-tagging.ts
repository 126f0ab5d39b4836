import type {
  DeleteObjectTaggingOutput,
  DeleteObjectTaggingRequest,
  GetObjectTaggingOutput,
  GetObjectTaggingRequest,
  PutObjectTaggingOutput,
  PutObjectTaggingRequest,
  Tag,
} from '@aws-sdk/client-s3';
import type { Pairs } from '../../../objects/index.js';
import { versionOperation } from '../bucket-operation.js';
import { causeOf } from '../causes.js';
import { requestTagKeys } from '../requirements.js';
import { asTagSet, objectTags } from '../tags.js';
import { keyOf } from '../target.js';
import { shownVersionId } from './attributes.js';
import { demandNoMarker, existingObject } from './get-object.js';

export const PutObjectTagging = versionOperation<PutObjectTaggingRequest, PutObjectTaggingOutput>(
  () => ['s3:PutObjectTagging'],
  async (subject, input, ports, call) => {
    const { bucket } = subject;
    const tags = tagsOf(input);
    demandNoMarker(subject, call);
    const record = await ports.objects.versions.update(
      bucket,
      keyOf(input),
      input.VersionId,
      now => ({ ...now, tags }),
      causeOf(call, 'ObjectTagging:Put'),
    );
    return { VersionId: shownVersionId(bucket, record) };
  },
  { keysOfBody: input => requestTagKeys(tagsOf(input)) },
);

/** Without a TagSet, as with an empty one, there are none (LocalStack's recordings of AWS, test_tagging_validation). */
function tagsOf({ Tagging }: PutObjectTaggingRequest): Pairs {
  return objectTags(Tagging?.TagSet);
}

export const GetObjectTagging = versionOperation<GetObjectTaggingRequest, GetObjectTaggingOutput>(
  () => ['s3:GetObjectTagging'],
  async (subject, input, _ports, call) => {
    const { bucket } = subject;
    demandNoMarker(subject, call);
    const record = await existingObject(subject, input, call, `${bucket.name}/${keyOf(input)}`);
    return { TagSet: inOrder(asTagSet(record.tags ?? [])), VersionId: shownVersionId(bucket, record) };
  },
);

/** By name, whether the tags came in a header, a form or a document: a set that is shown twice looks the same. */
function inOrder(tags: readonly Tag[]): Tag[] {
  return tags.toSorted((one, other) => (one.Key! < other.Key! ? -1 : 1));
}

export const DeleteObjectTagging = versionOperation<DeleteObjectTaggingRequest, DeleteObjectTaggingOutput>(
  () => ['s3:DeleteObjectTagging'],
  async (subject, input, ports, call) => {
    const { bucket } = subject;
    demandNoMarker(subject, call);
    const record = await ports.objects.versions.update(
      bucket,
      keyOf(input),
      input.VersionId,
      ({ tags: _, ...now }) => now,
      causeOf(call, 'ObjectTagging:Delete'),
    );
    return { VersionId: shownVersionId(bucket, record) };
  },
);
