import type {
  GetObjectAttributesOutput,
  GetObjectAttributesParts,
  GetObjectAttributesRequest,
  ObjectAttributes as Wanted,
} from '@aws-sdk/client-s3';
import { invalidArgument, s3Errors } from '../../../core/s3-errors.js';
import type { Bucket, ObjectRecord } from '../../../objects/index.js';
import { versionOperation } from '../bucket-operation.js';
import { demandCustomerKey } from '../encryption/customer-keys.js';
import { entriesAsked } from '../listing/list-objects.js';
import type { S3Ports } from '../ports.js';
import { shownVersionId } from './attributes.js';
import { checksumMember, checksumMembers } from './checksum-members.js';
import { existingObject } from './get-object.js';

const ATTRIBUTES: ReadonlySet<string> = new Set<Wanted>([
  'ETag',
  'Checksum',
  'ObjectParts',
  'StorageClass',
  'ObjectSize',
]);

export const GetObjectAttributes = versionOperation<GetObjectAttributesRequest, GetObjectAttributesOutput>(
  () => ['s3:GetObject', 's3:GetObjectAttributes'],
  async (subject, input, ports, call) => {
    const { bucket } = subject;
    const wanted = wantedOf(input);
    const record = await existingObject(subject, input, call);
    demandCustomerKey(record.encryption, input);
    return {
      LastModified: new Date(record.modified),
      VersionId: shownVersionId(bucket, record),
      // Without quotes, unlike everywhere else.
      ...(wanted.has('ETag') && { ETag: record.etag }),
      ...(wanted.has('Checksum') && { Checksum: withoutCount(checksumMembers(record.checksum)) }),
      ...(wanted.has('ObjectParts') && (await partsMember(bucket, record, input, ports))),
      ...(wanted.has('StorageClass') && { StorageClass: (record.storageClass ?? 'STANDARD') as 'STANDARD' }),
      ...(wanted.has('ObjectSize') && { ObjectSize: record.size }),
    };
  },
);

/** Throws InvalidArgument for an attribute that does not exist, InvalidRequest where none is named. */
function wantedOf({ ObjectAttributes }: GetObjectAttributesRequest): ReadonlySet<string> {
  const names = ObjectAttributes ?? [];
  const unknown = names.find(name => !ATTRIBUTES.has(name));
  if (unknown !== undefined) {
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', unknown);
  }
  if (names.length > 0) return new Set(names);
  throw s3Errors.InvalidRequest(
    'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
  );
}

/** Only here, a composite checksum does not say of how many parts it is (recorded, as what follows). */
function withoutCount(members: ReturnType<typeof checksumMembers>): ReturnType<typeof checksumMembers> {
  const shown = Object.entries(members).map(([name, value]) => [name, value?.replace(/-\d+$/, '')]);
  return Object.fromEntries(shown);
}

/**
 * The parts of an object that was uploaded in parts: how many there are, and each only where the checksum is made of
 * theirs (LocalStack's recordings of AWS, test_complete_multipart_parts_checksum_*).
 */
async function partsMember(
  bucket: Bucket,
  record: ObjectRecord,
  input: GetObjectAttributesRequest,
  ports: S3Ports,
): Promise<{ ObjectParts?: GetObjectAttributesParts }> {
  if (!record.etag.includes('-')) return {};
  const parts = await ports.objects.contents.parts(bucket.id, record.id);
  if (record.checksum.type !== 'COMPOSITE') return { ObjectParts: { TotalPartsCount: parts.length } };
  const marker = Number(input.PartNumberMarker ?? 0);
  const limit = entriesAsked(input.MaxParts, 'max-parts');
  const behind = parts.filter(part => part.number > marker);
  const page = behind.slice(0, limit);
  return {
    ObjectParts: {
      TotalPartsCount: parts.length,
      PartNumberMarker: String(marker),
      NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
      MaxParts: limit,
      IsTruncated: behind.length > page.length,
      Parts: page.map(part => ({
        PartNumber: part.number,
        Size: part.size,
        ...checksumMember(record.checksum.algorithm, part.checksum),
      })),
    },
  };
}
