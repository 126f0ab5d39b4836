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
  const glance = glanceAt(bytes);
  // Of an earlier format, of a kind that is new to this reader, or damaged: which of them, that reader finds out.
  if (glance === undefined) return versionRecords.decode(bytes) as ObjectRecord;
  const { modified, size, algorithm, type, etagStart, etagEnd } = glance;
  const etag = Buffer.from(bytes.buffer, bytes.byteOffset).toString('utf8', etagStart, etagEnd);
  return { modified, size, etag, checksum: { algorithm, type } };
}

/** What a listing shows of nearly every object, found in its record without making anything. */
export interface Glance {
  /** Milliseconds since the epoch. */
  readonly modified: number;
  readonly size: number;
  /** Where the ETag is. */
  readonly etagStart: number;
  readonly etagEnd: number;
  readonly algorithm: Checksum['algorithm'];
  readonly type: Checksum['type'];
}

/**
 * A glance at the record that lies in `bytes` from `start` to `end`, or nothing where it shows more than that or cannot
 * be read so. It is written over by the next one.
 */
export function glanceAt(bytes: Uint8Array, start = 0, end = bytes.length): Glance | undefined {
  try {
    skim(new Skim(bytes, start, end));
    return glance;
  } catch {
    return undefined;
  }
}

/** Of nearly all objects. */
const ALGORITHMS = knownTexts('CRC64NVME', 'CRC32', 'SHA256', 'CRC32C');
const TYPES = knownTexts('FULL_OBJECT', 'COMPOSITE');
/** Of `rest`. */
const USUAL_REST = knownTexts('encryption', 'salt', 'headers', 'tags', 'upload');

const glance: { -readonly [Member in keyof Glance]: Glance[Member] } = {
  modified: 0,
  size: 0,
  etagStart: 0,
  etagEnd: 0,
  algorithm: 'CRC64NVME',
  type: 'FULL_OBJECT',
};

/** Throws `RangeError` where the record is not as it is written now, or shows more. */
function skim(record: Skim): void {
  record.array();
  if (record.number() !== VERSION) throw new RangeError('another format');
  const values = record.array();
  record.skip(2);
  glance.modified = record.number();
  glance.size = record.number();
  record.text();
  glance.etagStart = record.textStart;
  glance.etagEnd = record.textEnd;
  glance.algorithm = record.oneOf(ALGORITHMS) as Checksum['algorithm'];
  record.skip();
  glance.type = record.oneOf(TYPES) as Checksum['type'];
  // To the end, where nothing further is shown: a record that is cut short is none.
  record.skip(REST_AT - 8);
  if (values === REST_AT) return;
  for (let pairs = record.map(); pairs > 0; pairs--) {
    const name = record.oneOf(USUAL_REST);
    // Few objects have either, and an owner is a structure of its own.
    if (name === 'storageClass' || name === 'owner') throw new RangeError('more than is skimmed');
    record.skip();
  }
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
