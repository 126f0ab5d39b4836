import type { CopyObjectOutput, CopyObjectRequest } from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/operation.js';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import { type Bucket, LARGEST_BODY, type ObjectAttributes } from '../../../objects/index.js';
import { aclsEnabled } from '../acl/acl.js';
import { causeOf } from '../causes.js';
import { sourceKeyInput } from '../encryption/customer-keys.js';
import { dataKeyOf, encryptionFor, encryptionMembers, PRESET } from '../encryption/encryption.js';
import type { S3Ports } from '../ports.js';
import { bucketOf, demandSigned, newKeyOf, type OnKey, whileReplaced } from '../target.js';
import { attributesOf, quoted, shownVersionId, writtenVersionId } from './attributes.js';
import { algorithmOf, checksumMembers } from './checksum-members.js';
import {
  demandSource,
  type FoundSource,
  type OnSource,
  sourceOf,
  sourcePath,
  sourceRequirements,
} from './copy-source.js';
import { newObjectAccess } from './new-object-access.js';
import { writeConditions } from './put-object.js';
import { writeRequirements } from './write-requirements.js';

/** The key that is written, and what is copied. */
interface Copying extends OnKey {
  readonly source: OnSource;
}

export const CopyObject: Operation<S3Ports, CopyObjectRequest, CopyObjectOutput, Copying> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const key = newKeyOf(input);
    const source = await sourceOf(input, call, ports);
    const reading = sourceRequirements(source, call, { withTags: input.TaggingDirective !== 'REPLACE' });
    const copy = {
      's3:x-amz-copy-source': sourcePath(source.name),
      's3:x-amz-metadata-directive': input.MetadataDirective,
    };
    // Tags that come along are put as well as read.
    const kind = { creates: true, copy, copiesTags: reading.length > 1 };
    return {
      requires: [...reading, ...writeRequirements(bucket, call, input, kind)],
      subject: { bucket, charged: charged || source.charged, key, source },
    };
  },

  async run({ bucket, key, source: first }, input, call, ports) {
    demandSigned(call, 'copy objects');
    demandKnownDirectives(input);
    const conditions = writeConditions(input);
    const access = aclsEnabled(bucket) ? await newObjectAccess(bucket, input, call, ports) : undefined;
    const algorithm = input.ChecksumAlgorithm && algorithmOf(input.ChecksumAlgorithm);
    const cause = causeOf(call, 'ObjectCreated:Copy');
    const again = () => sourceOf(input, call, ports);
    return whileReplaced(first, again, async found => {
      const source = await demandSource(found, input, call);
      await ports.objects.versions.demand(bucket, key, conditions);
      demandCopyable(input, source, bucket);
      const attributes = { ...copiedAttributes(input, source, bucket, call.clock.now()), ...access };
      const encrypting = await encryptionFor(input, bucket, key, call, ports);
      const target = { bucket, key, attributes, algorithm, cause, ...conditions, ...encrypting };
      const dataKey = await dataKeyOf(
        source.record,
        source.bucket,
        source.key,
        call,
        ports,
        sourceKeyInput(input),
      );
      const copy = await ports.objects.copy({ ...source, dataKey }, target);
      return {
        ...encryptionMembers(copy.encryption, input),
        CopyObjectResult: {
          ETag: quoted(copy.etag),
          LastModified: new Date(copy.modified),
          ...checksumMembers(copy.checksum),
        },
        CopySourceVersionId: writtenVersionId(source.record),
        VersionId: shownVersionId(bucket, copy),
      };
    });
  },
};

function demandKnownDirectives({ MetadataDirective, TaggingDirective }: CopyObjectRequest): void {
  demandDirective(MetadataDirective, 'metadata');
  demandDirective(TaggingDirective, 'tagging');
}

function demandDirective(value: string | undefined, what: string): void {
  if (value === undefined || value === 'COPY' || value === 'REPLACE') return;
  throw invalidArgument(`Unknown ${what} directive.`, `x-amz-${what}-directive`, value);
}

/**
 * Throws InvalidRequest for a source that is too large, or a copy onto itself that changes nothing. S3 compares
 * nothing: it asks whether the request, or the bucket's setting of its encryption, says what the copy is to be, or the
 * source has another encryption than what is the default (LocalStack's recordings of AWS,
 * test_s3_copy_object_in_place_* and test_copy_in_place_with_bucket_encryption).
 */
function demandCopyable(
  input: CopyObjectRequest,
  { bucket, key, record }: FoundSource,
  target: Bucket,
): void {
  if (record.size > LARGEST_BODY) {
    throw s3Errors.InvalidRequest(
      `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_BODY}`,
    );
  }
  const ontoItself =
    bucket.id === target.id && key === input.Key && !input.CopySource?.includes('?versionId=');
  const changes =
    input.MetadataDirective === 'REPLACE' ||
    input.TaggingDirective === 'REPLACE' ||
    input.WebsiteRedirectLocation !== undefined ||
    input.ServerSideEncryption !== undefined ||
    input.SSECustomerAlgorithm !== undefined ||
    input.StorageClass !== undefined ||
    target.encryption !== undefined ||
    (record.encryption !== undefined && record.encryption.kind !== PRESET.kind);
  if (!ontoItself || changes) return;
  throw s3Errors.InvalidRequest(
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
}

/**
 * What the copy is given: the directives say which of it comes from the source. Storage class, redirect and
 * lock are never copied ("CopyObject", S3 API Reference).
 */
function copiedAttributes(
  input: CopyObjectRequest,
  { record }: FoundSource,
  target: Bucket,
  now: number,
): ObjectAttributes {
  const { headers, metadata, tags, ...given } = attributesOf(input, target, now);
  const replacesTags = input.TaggingDirective === 'REPLACE';
  const own =
    input.MetadataDirective === 'REPLACE'
      ? { headers, metadata }
      : {
          headers: { ...record.headers, websiteRedirectLocation: headers.websiteRedirectLocation },
          metadata: record.metadata,
        };
  return { ...given, ...own, tags: replacesTags ? tags : record.tags };
}
