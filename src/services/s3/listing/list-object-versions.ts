import type {
  DeleteMarkerEntry,
  ListObjectVersionsOutput,
  ListObjectVersionsRequest,
  ObjectVersion,
  Owner,
} from '@aws-sdk/client-s3';
import { invalidArgument } from '../../../core/s3-errors.js';
import type { Bucket, ListedVersion } from '../../../objects/index.js';
import { ownersIn } from '../bucket/owner.js';
import { bucketOperation } from '../bucket-operation.js';
import { quoted } from '../object/attributes.js';
import type { S3Ports } from '../ports.js';
import { entriesAsked, listKeys } from './list-objects.js';
import { keyWriter } from './url-encoding.js';

/** Versions and delete markers in one list: the wire writes them in this order. */
export interface VersionListing extends Omit<ListObjectVersionsOutput, 'Versions' | 'DeleteMarkers'> {
  readonly Entries: readonly VersionEntry[];
}

type VersionEntry = { readonly Version: ObjectVersion } | { readonly DeleteMarker: DeleteMarkerEntry };

export const ListObjectVersions = bucketOperation<ListObjectVersionsRequest, VersionListing>(
  's3:ListBucketVersions',
  async (bucket, input, ports) => {
    const write = keyWriter(input.EncodingType);
    const limit = entriesAsked(input.MaxKeys, 'max-keys');
    const { Prefix = '', Delimiter, KeyMarker = '', VersionIdMarker = '' } = input;
    const { entries, more } = await ports.objects.listVersions(bucket, {
      prefix: Prefix,
      delimiter: Delimiter,
      after: KeyMarker || undefined,
      afterId: await markedId(bucket, KeyMarker, VersionIdMarker, ports),
      limit,
    });
    const ownerOf = await ownersIn(bucket, ports);
    const Entries: VersionEntry[] = [];
    const CommonPrefixes: { Prefix: string }[] = [];
    for (const entry of entries) {
      if ('prefix' in entry) CommonPrefixes.push({ Prefix: write(entry.prefix) });
      else if (entry.item.version.marker)
        Entries.push({ DeleteMarker: common(write(entry.key), entry.item, ownerOf({})) });
      else Entries.push({ Version: listed(write(entry.key), entry.item, ownerOf(entry.item.version)) });
    }
    const last = entries.at(-1);
    return {
      Name: bucket.name,
      Prefix: write(Prefix),
      Delimiter: Delimiter ? write(Delimiter) : undefined,
      KeyMarker: write(KeyMarker),
      VersionIdMarker,
      ...(more &&
        last && {
          NextKeyMarker: write('prefix' in last ? last.prefix : last.key),
          ...('item' in last && { NextVersionIdMarker: idOf(last.item) }),
        }),
      MaxKeys: limit,
      EncodingType: input.EncodingType,
      IsTruncated: more,
      Entries,
      ...(CommonPrefixes.length > 0 && { CommonPrefixes }),
    };
  },
  { keys: listKeys },
);

/** Where the null version stands among its key's versions is known by its own id. */
async function markedId(
  bucket: Bucket,
  key: string,
  marker: string,
  ports: S3Ports,
): Promise<string | undefined> {
  if (marker === '') return undefined;
  if (key === '') {
    throw invalidArgument(
      'A version-id marker cannot be specified without a key marker.',
      'version-id-marker',
      marker,
    );
  }
  if (marker !== 'null') return marker;
  return (await ports.objects.versions.find(bucket, key, 'null'))?.id;
}

function idOf({ version }: ListedVersion): string {
  return version.isNull ? 'null' : version.id;
}

function common(Key: string, item: ListedVersion, Owner: Owner): DeleteMarkerEntry {
  return {
    Key,
    VersionId: idOf(item),
    IsLatest: item.isLatest,
    LastModified: new Date(item.version.modified),
    Owner,
  };
}

function listed(Key: string, item: ListedVersion, owner: Owner): ObjectVersion {
  const { version } = item;
  if (version.marker) throw new TypeError('a delete marker has no content');
  return {
    ...common(Key, item, owner),
    ETag: quoted(version.etag),
    ChecksumAlgorithm: [version.checksum.algorithm],
    ChecksumType: version.checksum.type,
    Size: version.size,
    StorageClass: (version.storageClass ?? 'STANDARD') as NonNullable<ObjectVersion['StorageClass']>,
  };
}
