/** What a page of ListObjects and ListObjectsV2 has of keys and common prefixes. */
import type { _Object, CommonPrefix, Owner } from '@aws-sdk/client-s3';
import type { FoundObject, ListedObject, ObjectPage } from '../../../objects/index.js';
import { formatDateTimeZeroMillis } from '../../../wire/timestamps.js';
import { escapeXml, plainInXml } from '../../../wire/xml/escape.js';
import { WrittenList } from '../../../wire/xml/written-list.js';
import { quoted } from '../object/attributes.js';
import { keyWriter, plainInUrl } from './url-encoding.js';

export interface Listed {
  readonly Contents?: WrittenList<_Object>;
  readonly CommonPrefixes?: CommonPrefix[];
}

/** The owner of what may have one of its own. */
type OwnerOf = (record: Pick<ListedObject, 'owner'>) => Owner;

/** `ownerOf`: absent where no owners are shown. */
export function listed(
  entries: ObjectPage['entries'],
  encodingType: string | undefined,
  ownerOf: OwnerOf | undefined,
): Listed {
  const write = keyWriter(encodingType);
  const found: FoundObject[] = [];
  const CommonPrefixes: { Prefix: string }[] = [];
  for (const entry of entries) {
    if ('prefix' in entry) CommonPrefixes.push({ Prefix: write(entry.prefix) });
    else found.push(entry);
  }
  return {
    ...(found.length > 0 && { Contents: contentsOf(found, encodingType, ownerOf) }),
    ...(CommonPrefixes.length > 0 && { CommonPrefixes }),
  };
}

function contentsOf(
  found: readonly FoundObject[],
  encodingType: string | undefined,
  ownerOf: OwnerOf | undefined,
): WrittenList<_Object> {
  const writeKey = keyWriter(encodingType);
  const isPlain = encodingType === 'url' ? plainInUrl : plainInXml;
  const make = (index: number) => {
    const { key, item } = found[index]!;
    return contentOf(writeKey(key), item, ownerOf?.(item));
  };
  return new WrittenList(found.length, make, (xml, element) => {
    // Of all that are in place: an owner of its own is more than those show.
    const end = endOf(ownerOf?.({}));
    for (let index = 0; index < found.length; index++) {
      const object = found[index]!;
      const placed = object.inPlace();
      if (!placed) {
        element(make(index), xml);
        continue;
      }
      const { bytes, keyStart, keyEnd, glance } = placed;
      xml.bytes(BEGIN);
      if (!xml.plain(bytes, keyStart, keyEnd, isPlain, 1)) xml.text(writeKey(object.key));
      xml.bytes(modifiedAt(glance.modified));
      if (!xml.plain(bytes, glance.etagStart, glance.etagEnd, plainInXml)) xml.text(object.item.etag);
      xml.bytes(checksumOf(glance.algorithm, glance.type));
      xml.ascii(String(glance.size));
      xml.bytes(end);
    }
  });
}

function contentOf(Key: string, record: ListedObject, owner: Owner | undefined): _Object {
  const { algorithm, type } = record.checksum;
  const content: _Object = {
    Key,
    LastModified: new Date(record.modified),
    ETag: quoted(record.etag),
    ChecksumAlgorithm: [algorithm],
    ChecksumType: type,
    Size: record.size,
    StorageClass: (record.storageClass ?? 'STANDARD') as NonNullable<_Object['StorageClass']>,
  };
  // Not spread: that would take as long as all the rest.
  if (owner) content.Owner = owner;
  return content;
}

// What most rows of a page have alike, as the shape `Object` has it written.

const BEGIN = Buffer.from('<Contents><Key>');

let lastModified = { second: Number.NaN, markup: BEGIN };

function modifiedAt(time: number): Buffer {
  const second = Math.floor(time / 1000);
  if (second !== lastModified.second) {
    const text = formatDateTimeZeroMillis(new Date(time));
    lastModified = {
      second,
      markup: Buffer.from(`</Key><LastModified>${text}</LastModified><ETag>&quot;`),
    };
  }
  return lastModified.markup;
}

let lastChecksum = { algorithm: '', type: '', markup: BEGIN };

function checksumOf(algorithm: string, type: string): Buffer {
  if (algorithm !== lastChecksum.algorithm || type !== lastChecksum.type) {
    const markup = Buffer.from(
      '&quot;</ETag>' +
        `<ChecksumAlgorithm>${escapeXml(algorithm)}</ChecksumAlgorithm>` +
        `<ChecksumType>${escapeXml(type)}</ChecksumType><Size>`,
    );
    lastChecksum = { algorithm, type, markup };
  }
  return lastChecksum.markup;
}

/** `owner`: absent where none is shown. */
function endOf(owner: Owner | undefined): Buffer {
  const id = owner?.ID === undefined ? '' : `<ID>${escapeXml(owner.ID)}</ID>`;
  const shown = owner ? `<Owner>${id}</Owner>` : '';
  return Buffer.from(`</Size><StorageClass>STANDARD</StorageClass>${shown}</Contents>`);
}
