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
import { decidedWithBody, versionOperation } from '../bucket-operation.js';
import { causeOf } from '../causes.js';
import { requestTagKeys } from '../requirements.js';
import { asTagSet, objectTags } from '../tags.js';
import { keyOf } from '../target.js';
import { shownVersionId } from './attributes.js';
import { demandNoMarker, existingObject } from './get-object.js';

export const putObjectTagging = decidedWithBody(
  versionOperation<PutObjectTaggingRequest, PutObjectTaggingOutput>(
    'PutObjectTagging',
    () => ['s3:PutObjectTagging'],
    async (bucket, input, ports, call) => {
      const tags = tagsOf(input);
      await demandNoMarker(input, call, ports);
      const record = await ports.objects.versions.update(
        bucket,
        keyOf(input),
        input.VersionId,
        now => ({ ...now, tags }),
        causeOf(call, 'ObjectTagging:Put'),
      );
      return { VersionId: shownVersionId(bucket, record) };
    },
    input => requestTagKeys(tagsOf(input)),
  ),
);

/** Without a TagSet, as with an empty one, there are none (LocalStack's recordings of AWS, test_tagging_validation). */
function tagsOf({ Tagging }: PutObjectTaggingRequest): Pairs {
  return objectTags(Tagging?.TagSet);
}

export const getObjectTagging = versionOperation<GetObjectTaggingRequest, GetObjectTaggingOutput>(
  'GetObjectTagging',
  () => ['s3:GetObjectTagging'],
  async (bucket, input, ports, call) => {
    await demandNoMarker(input, call, ports);
    const record = await existingObject(input, call, ports, `${bucket.name}/${keyOf(input)}`);
    return { TagSet: inOrder(asTagSet(record.tags ?? [])), VersionId: shownVersionId(bucket, record) };
  },
);

/** By name, whether the tags came in a header, a form or a document: a set that is shown twice looks the same. */
function inOrder(tags: readonly Tag[]): Tag[] {
  return tags.toSorted((one, other) => (one.Key! < other.Key! ? -1 : 1));
}

export const deleteObjectTagging = versionOperation<DeleteObjectTaggingRequest, DeleteObjectTaggingOutput>(
  'DeleteObjectTagging',
  () => ['s3:DeleteObjectTagging'],
  async (bucket, input, ports, call) => {
    await demandNoMarker(input, call, ports);
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
