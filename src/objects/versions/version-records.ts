/**
 * How versions are stored: as tuples, which every request decodes one of and a listing a thousand, in a third
 * of the time that objects with names take.
 */
import { type RecordType, recordType } from '../../store/records.js';
import { knownTexts, Skim } from '../../store/skim.js';
import type { Checksum } from '../bodies/checksums.js';
import type {
  Content,
  ContentHeaders,
  DeleteMarker,
  ObjectRecord,
  Pairs,
  VersionRecord,
} from '../records.js';

/** What few objects have. */
const REST = [
  'tags',
  'storageClass',
  'retention',
  'legalHold',
  'owner',
  'acl',
  'upload',
  'encryption',
  'salt',
  'replication',
] as const;

type Rest = Pick<ObjectRecord, (typeof REST)[number]> & {
  /** The headers beside the content type. */
  readonly headers?: Omit<ContentHeaders, 'contentType'>;
};

type ObjectRow = readonly [
  id: string,
  isNull: boolean,
  modified: number,
  size: number,
  etag: string,
  algorithm: Checksum['algorithm'],
  checksum: string,
  checksumType: Checksum['type'],
  kind: Content['kind'],
  /** The inline content's CRC, the blob's id, or the number of parts. */
  content: number | string,
  contentType: string | undefined,
  metadata: Pairs,
  rest?: Rest,
];
/** Where `rest` is. */
const REST_AT = 12;

type MarkerRow = readonly [id: string, isNull: boolean, modified: number];

const VERSION = 1;

const rows = recordType<ObjectRow | MarkerRow>({ version: VERSION });

export const versionRecords: RecordType<VersionRecord> = {
  encode: version => rows.encode(version.marker ? markerRow(version) : objectRow(version)),
  decode(bytes) {
    const row = rows.decode(bytes);
    return row.length === 3 ? markerOf(row) : objectOf(row);
  },
};

/** What a listing shows of an object. */
export interface ListedObject
  extends Pick<ObjectRecord, 'modified' | 'size' | 'etag' | 'storageClass' | 'owner'> {
  readonly checksum: Pick<Checksum, 'algorithm' | 'type'>;
}

/** Reads of an object's record what a listing shows. Throws `RecordUnreadable`. */
export function listedObject(bytes: Uint8Array): ListedObject {
  try {
    return skimmed(new Skim(bytes));
  } catch {
    // Of an earlier format, of a kind that is new to this reader, or damaged: which of them, that reader finds out.
    return versionRecords.decode(bytes) as ObjectRecord;
  }
}

/** Of nearly all objects. */
const ALGORITHMS = knownTexts('CRC64NVME', 'CRC32', 'SHA256', 'CRC32C');
const TYPES = knownTexts('FULL_OBJECT', 'COMPOSITE');

/** Throws `RangeError` where the record is not as it is written now. */
function skimmed(skim: Skim): ListedObject {
  skim.array();
  if (skim.number() !== VERSION) throw new RangeError('another format');
  const values = skim.array();
  skim.skip(2);
  const modified = skim.number();
  const size = skim.number();
  const etag = skim.string();
  const algorithm = skim.oneOf(ALGORITHMS) as Checksum['algorithm'];
  skim.skip();
  const type = skim.oneOf(TYPES) as Checksum['type'];
  const listed = { modified, size, etag, checksum: { algorithm, type } };
  // To the end, where nothing further is shown: a record that is cut short is none.
  skim.skip(REST_AT - 8);
  if (values === REST_AT) return listed;
  for (let pairs = skim.map(); pairs > 0; pairs--) {
    const name = skim.string();
    // Few objects have either, and an owner is a structure of its own.
    if (name === 'storageClass' || name === 'owner') throw new RangeError('more than is skimmed');
    skim.skip();
  }
  return listed;
}

function markerRow({ id, isNull, modified }: DeleteMarker): MarkerRow {
  return [id, isNull, modified];
}

function markerOf([id, isNull, modified]: MarkerRow): DeleteMarker {
  return { marker: true, id, isNull, modified };
}

function objectRow(record: ObjectRecord): ObjectRow {
  const { id, isNull, modified, size, etag, checksum, content, metadata } = record;
  const rest = restOf(record);
  const { algorithm, value, type } = checksum;
  const row: [...ObjectRow] = [
    id,
    isNull,
    modified,
    size,
    etag,
    algorithm,
    value,
    type,
    content.kind,
    contentValue(content),
    record.headers.contentType,
    metadata,
  ];
  if (rest) row.push(rest);
  return row;
}

/** Undefined where there is nothing. */
function restOf(record: ObjectRecord): Rest | undefined {
  const rest: Record<string, unknown> = {};
  for (const name of REST) if (record[name] !== undefined) rest[name] = record[name];
  const headers: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(record.headers)) {
    if (name !== 'contentType' && value !== undefined) headers[name] = value;
  }
  if (Object.keys(headers).length > 0) rest['headers'] = headers;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

function contentValue(content: Content): number | string {
  if (content.kind === 'inline') return content.crc;
  return content.kind === 'blob' ? content.blob : content.count;
}

function objectOf(row: ObjectRow): ObjectRecord {
  const rest = row[REST_AT];
  const record = {
    id: row[0],
    isNull: row[1],
    modified: row[2],
    size: row[3],
    etag: row[4],
    checksum: { algorithm: row[5], value: row[6], type: row[7] },
    content: contentOf(row[8], row[9]),
    metadata: row[11],
    headers: rest?.headers ? { contentType: row[10], ...rest.headers } : { contentType: row[10] },
  };
  if (!rest) return record;
  const further: Record<string, unknown> = record;
  for (const name of REST) if (rest[name] !== undefined) further[name] = rest[name];
  return record;
}

function contentOf(kind: Content['kind'], value: number | string): Content {
  if (kind === 'inline') return { kind, crc: value as number };
  return kind === 'blob' ? { kind, blob: value as string } : { kind, count: value as number };
}
