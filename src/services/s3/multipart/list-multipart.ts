/** ListParts and ListMultipartUploads. */
import type {
  ListMultipartUploadsOutput,
  ListMultipartUploadsRequest,
  ListPartsOutput,
  ListPartsRequest,
  MultipartUpload,
  StorageClass,
} from '@aws-sdk/client-s3';
import type { Operation } from '../../../core/operation.js';
import { invalidArgument } from '../../../core/s3-errors.js';
import { type Bucket, isUploadIdOf, type ListedUpload, type UploadRecord } from '../../../objects/index.js';
import { ownersIn, recordOwner, shownInitiator } from '../bucket/owner.js';
import { entriesAsked } from '../listing/list-objects.js';
import { keyWriter } from '../listing/url-encoding.js';
import { quoted } from '../object/attributes.js';
import { checksumMember } from '../object/checksum-members.js';
import { onUpload } from '../object/write-requirements.js';
import type { S3Ports } from '../ports.js';
import { onBucket } from '../requirements.js';
import { bucketOf, keyOf, type OnBucket, type OnKey } from '../target.js';

export const ListParts: Operation<S3Ports, ListPartsRequest, ListPartsOutput, OnKey> = {
  async resolve(input, call, ports) {
    const { bucket, charged } = await bucketOf(input, call, ports);
    const requires = [await onUpload(bucket, call, 's3:ListMultipartUploadParts', input, ports)];
    return { requires, subject: { bucket, charged, key: keyOf(input) } };
  },

  async run({ bucket, key }, input, _call, ports) {
    const limit = entriesAsked(input.MaxParts, 'max-parts');
    const marker = Number(input.PartNumberMarker ?? 0);
    const { uploads } = ports.objects;
    const upload = await uploads.get(bucket, key, input.UploadId ?? '');
    const { parts, more } = await uploads.listParts(bucket, key, input.UploadId ?? '', marker, limit);
    const { checksumAsked, algorithm, checksumType } = upload;
    return {
      Bucket: bucket.name,
      Key: key,
      UploadId: input.UploadId,
      PartNumberMarker: String(marker),
      NextPartNumberMarker: String(parts.at(-1)?.number ?? 0),
      MaxParts: limit,
      IsTruncated: more && limit > 0,
      ...(parts.length > 0 && {
        Parts: parts.map(part => ({
          PartNumber: part.number,
          LastModified: new Date(part.modified),
          ETag: quoted(part.etag),
          Size: part.size,
          ...(checksumAsked && checksumMember(algorithm, part.checksum)),
        })),
      }),
      Initiator: await shownInitiator(upload.initiator, ports),
      Owner: await recordOwner(bucket, upload, ports),
      StorageClass: storageClass(upload),
      ...(checksumAsked && { ChecksumAlgorithm: algorithm, ChecksumType: checksumType }),
    };
  },
};

export const ListMultipartUploads: Operation<
  S3Ports,
  ListMultipartUploadsRequest,
  ListMultipartUploadsOutput,
  OnBucket
> = {
  async resolve(input, call, ports) {
    const subject = await bucketOf(input, call, ports);
    return { requires: [onBucket(subject.bucket, call, 's3:ListBucketMultipartUploads')], subject };
  },

  async run({ bucket }, input, _call, ports) {
    const write = keyWriter(input.EncodingType);
    const limit = entriesAsked(input.MaxUploads, 'max-uploads');
    const { Prefix = '', Delimiter, KeyMarker, UploadIdMarker } = input;
    if (KeyMarker && UploadIdMarker) await demandUploadMarker(bucket, KeyMarker, UploadIdMarker, ports);
    const { entries, more } = await ports.objects.listUploads(bucket, {
      prefix: Prefix,
      delimiter: Delimiter,
      after: KeyMarker || undefined,
      // Without a key marker, it is ignored ("ListMultipartUploads", S3 API Reference).
      afterId: KeyMarker ? UploadIdMarker || undefined : undefined,
      limit,
    });
    const ownerOf = await ownersIn(bucket, ports);
    const Uploads: MultipartUpload[] = [];
    const CommonPrefixes: { Prefix: string }[] = [];
    for (const entry of entries) {
      if ('prefix' in entry) CommonPrefixes.push({ Prefix: write(entry.prefix) });
      else
        Uploads.push({
          ...listed(entry.item),
          Key: write(entry.key),
          Initiator: await shownInitiator(entry.item.upload.initiator, ports),
          Owner: ownerOf(entry.item.upload),
        });
    }
    // Of a last page, where the last upload was: prefixes behind it do not count (recorded). A page that others follow
    // names its last prefix, where AWS names nothing, which leaves clients no way to go on.
    const last = more ? entries.at(-1) : entries.findLast(entry => 'item' in entry);
    return {
      Bucket: bucket.name,
      KeyMarker: write(KeyMarker ?? ''),
      UploadIdMarker: KeyMarker ? (UploadIdMarker ?? '') : '',
      // Always there, also where no page follows (recorded, test_list_multiparts_next_marker).
      NextKeyMarker: last ? write('prefix' in last ? last.prefix : last.key) : '',
      NextUploadIdMarker: last && 'item' in last ? last.item.id : '',
      Prefix: Prefix === '' ? undefined : write(Prefix),
      Delimiter: Delimiter ? write(Delimiter) : undefined,
      EncodingType: input.EncodingType,
      MaxUploads: limit,
      IsTruncated: more,
      ...(Uploads.length > 0 && { Uploads }),
      ...(CommonPrefixes.length > 0 && { CommonPrefixes }),
    };
  },
};

/** Throws InvalidArgument for a marker that is no upload's of its key; one that is over by now goes on counting. */
async function demandUploadMarker(
  bucket: Bucket,
  key: string,
  id: string,
  { objects }: S3Ports,
): Promise<void> {
  if (isUploadIdOf(key, id) || (await objects.uploads.find(bucket, key, id))) return;
  throw invalidArgument('Invalid uploadId marker', 'upload-id-marker', id);
}

function listed({ id: UploadId, upload }: ListedUpload): MultipartUpload {
  return {
    UploadId,
    Initiated: new Date(upload.initiated),
    StorageClass: storageClass(upload),
    ...(upload.checksumAsked && {
      ChecksumAlgorithm: upload.algorithm,
      ChecksumType: upload.checksumType,
    }),
  };
}

function storageClass(upload: UploadRecord): StorageClass {
  return (upload.storageClass ?? 'STANDARD') as StorageClass;
}
