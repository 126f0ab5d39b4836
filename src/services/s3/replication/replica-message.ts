/**
 * What a request of replication carries from one server to another: four bytes that say how long the head is (big
 * endian), the head (JSON), and, where the head says so, the bytes of the content.
 */
import { Cutter } from '../../../core/cutter.js';
import { gathered, type RequestBody } from '../../../core/http-message.js';
import { s3Errors } from '../../../core/s3-errors.js';
import {
  bytesOf,
  type Checksum,
  type CopiedPart,
  isChecksumAlgorithm,
  isVersionId,
  type Manifest,
  type ObjectRecord,
  type Pairs,
} from '../../../objects/index.js';
import { jsonReader, types } from '../../../wire/index.js';
import { MOST_PARTS } from '../multipart/multipart.js';

/** 10,000 parts, each with its number, size, ETag and checksum, and what a client may set with an object. */
const LONGEST_HEAD = 4 * 1024 * 1024;
const LENGTH = 4;

/** A version that is to be copied, without its content. */
export interface ReplicaHead {
  /** The version's id, which the copy keeps. */
  readonly id: string;
  readonly isNull: boolean;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Absent of a delete marker. */
  readonly object?: ReplicaObject | undefined;
}

type Carried = 'etag' | 'headers' | 'metadata' | 'tags' | 'storageClass' | 'retention' | 'legalHold';

export interface ReplicaObject extends Pick<ObjectRecord, Carried> {
  readonly manifest: Manifest;
  /** Of an object under SSE-C, whose content comes as it is stored. */
  readonly customer?: { readonly salt: Uint8Array; readonly check: Uint8Array } | undefined;
  /** Whether the copy belongs to the owner of its bucket. */
  readonly ownerOverride: boolean;
  /** Whether the original's bucket has Object Lock. */
  readonly isLocked: boolean;
  /** Whether the content follows; without it, a copy that is there already takes over what was changed. */
  readonly hasContent: boolean;
}

/** The head as the request begins with it. */
export function encodeHead({ object, ...version }: ReplicaHead): Buffer {
  const { id, isNull, modified } = version;
  const head = { Id: id, IsNull: isNull, Modified: modified, Object: object && objectShape(object) };
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}

/** How long the request's body is. */
export function messageLength(head: Uint8Array, { object }: ReplicaHead): number {
  return head.length + (object?.hasContent ? bytesOf(object.manifest) : 0);
}

/** Reads the head; `content` then reads on. Throws InvalidRequest for what is no such message. */
export async function readMessage(
  body: RequestBody,
): Promise<{ readonly head: ReplicaHead; readonly content: Cutter }> {
  const content = new Cutter(body);
  const prefix = await gathered(content.take(LENGTH));
  const length = prefix.length < LENGTH ? 0 : Buffer.from(prefix).readUInt32BE();
  if (length === 0 || length > LONGEST_HEAD) throw malformed('its head has no length that a head may have');
  const text = await gathered(content.take(length));
  const head = decodeHead(text);
  const expected = messageLength(Buffer.concat([prefix, text]), head);
  if (body.length !== expected) throw malformed(`${expected} bytes were expected`);
  return { head, content };
}

const { string, number, boolean, blob, list, structure } = types;

const pairs = list('Pairs', structure('Pair', { Name: string, Value: string }));
const HEADERS = {
  ContentType: string,
  CacheControl: string,
  ContentDisposition: string,
  ContentEncoding: string,
  ContentLanguage: string,
  Expires: number,
  WebsiteRedirectLocation: string,
};
const part = structure('Part', { Number: number, Size: number, ETag: string, Checksum: string, Salt: blob });

const readHead = jsonReader('Replica', {
  Id: string,
  IsNull: boolean,
  Modified: number,
  Object: structure('ReplicaObject', {
    ETag: string,
    Size: number,
    Checksum: structure('Checksum', { Algorithm: string, Value: string, Type: string, IsChecked: boolean }),
    Salt: blob,
    Parts: list('Parts', part),
    Customer: structure('Customer', { Salt: blob, Check: blob }),
    Headers: structure('Headers', HEADERS),
    Metadata: pairs,
    Tags: pairs,
    StorageClass: string,
    Retention: structure('Retention', { Mode: string, Until: number }),
    LegalHold: boolean,
    OwnerOverride: boolean,
    IsLocked: boolean,
    HasContent: boolean,
  }),
});

/** The JSON of a head; what its reader has found of it may be absent. */
interface HeadShape {
  readonly Id: string;
  readonly IsNull: boolean;
  readonly Modified: number;
  readonly Object?: ObjectShape | undefined;
}

interface ObjectShape {
  readonly ETag: string;
  readonly Size: number;
  readonly Checksum: {
    readonly Algorithm: string;
    readonly Value: string;
    readonly Type: string;
    readonly IsChecked: boolean;
  };
  readonly Salt?: Uint8Array | undefined;
  readonly Parts?: readonly PartShape[] | undefined;
  readonly Customer?: { readonly Salt: Uint8Array; readonly Check: Uint8Array } | undefined;
  readonly Headers: HeadersShape;
  readonly Metadata: readonly PairShape[];
  readonly Tags?: readonly PairShape[] | undefined;
  readonly StorageClass?: string | undefined;
  readonly Retention?: { readonly Mode: string; readonly Until: number } | undefined;
  readonly LegalHold?: boolean | undefined;
  readonly OwnerOverride: boolean;
  readonly IsLocked: boolean;
  readonly HasContent: boolean;
}

interface PartShape {
  readonly Number: number;
  readonly Size: number;
  readonly ETag: string;
  readonly Checksum: string;
  readonly Salt?: Uint8Array | undefined;
}

interface PairShape {
  readonly Name: string;
  readonly Value: string;
}

type HeadersShape = { readonly [N in keyof typeof HEADERS]?: N extends 'Expires' ? number : string };

const nameOf = (member: string) => member.charAt(0).toLowerCase() + member.slice(1);
const pairShapes = (all: Pairs) => all.map(([Name, Value]) => ({ Name, Value }));
const base64 = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('base64');

function objectShape(object: ReplicaObject): object {
  const { manifest, customer, headers, retention } = object;
  const { algorithm, value, type } = manifest.checksum;
  const known: Readonly<Record<string, unknown>> = { ...headers };
  return {
    ETag: object.etag,
    Size: manifest.size,
    Checksum: { Algorithm: algorithm, Value: value, Type: type, IsChecked: manifest.isChecked },
    Salt: base64(manifest.salt),
    Parts: manifest.parts?.map(partShape),
    Customer: customer && { Salt: base64(customer.salt), Check: base64(customer.check) },
    Headers: Object.fromEntries(Object.keys(HEADERS).map(name => [name, known[nameOf(name)]])),
    Metadata: pairShapes(object.metadata),
    Tags: object.tags && pairShapes(object.tags),
    StorageClass: object.storageClass,
    Retention: retention && { Mode: retention.mode, Until: retention.until },
    LegalHold: object.legalHold,
    OwnerOverride: object.ownerOverride,
    IsLocked: object.isLocked,
    HasContent: object.hasContent,
  };
}

function partShape({ number: at, size, etag, checksum, salt }: CopiedPart): object {
  return { Number: at, Size: size, ETag: etag, Checksum: checksum, Salt: base64(salt) };
}

/** Throws InvalidRequest. */
function decodeHead(text: Uint8Array): ReplicaHead {
  let head: Partial<HeadShape>;
  try {
    head = readHead(JSON.parse(Buffer.from(text).toString())) as Partial<HeadShape>;
  } catch {
    throw malformed('its head is no JSON of the form that a head has');
  }
  const { Id: id = '', IsNull: isNull, Modified: modified, Object: object } = head;
  if (!isVersionId(id) || isNull === undefined || modified === undefined || modified < 0) {
    throw malformed('it names no version');
  }
  return { id, isNull, modified, object: object && objectOf(object) };
}

/** Throws InvalidRequest. */
function objectOf(shape: Partial<ObjectShape>): ReplicaObject {
  const { ETag, Retention: retention, Headers: headers, Metadata: metadata } = shape;
  const { OwnerOverride: ownerOverride, IsLocked: isLocked, HasContent: hasContent } = shape;
  const { Customer: customer, LegalHold: legalHold, StorageClass: storageClass, Tags: tags } = shape;
  const mode = retention?.Mode;
  const isRetention = mode === 'GOVERNANCE' || mode === 'COMPLIANCE';
  const flags = [ownerOverride, isLocked, hasContent];
  if (!/^[0-9a-f]{32}(-\d{1,5})?$/.test(ETag ?? '') || !headers || !metadata || flags.includes(undefined)) {
    throw malformed('something of the object is missing');
  }
  if (retention && !(isRetention && retention.Until > 0)) throw malformed('its retention is none');
  if (customer && !(customer.Salt && customer.Check)) throw malformed('its customer’s key is missing');
  return {
    etag: ETag!,
    manifest: manifestOf(shape),
    customer: customer && { salt: customer.Salt, check: customer.Check },
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [nameOf(name), value])),
    metadata: pairsOf(metadata),
    tags: tags && pairsOf(tags),
    storageClass,
    retention: isRetention ? { mode, until: retention!.Until } : undefined,
    legalHold,
    ownerOverride: ownerOverride!,
    isLocked: isLocked!,
    hasContent: hasContent!,
  };
}

/** Throws InvalidRequest. */
function manifestOf({ Size: size = -1, Checksum, Salt, Parts, Customer }: Partial<ObjectShape>): Manifest {
  const { Algorithm = '', Value: value, Type: type, IsChecked: isChecked = false } = Checksum ?? {};
  const isType = type === 'FULL_OBJECT' || type === 'COMPOSITE';
  if (!isChecksumAlgorithm(Algorithm) || value === undefined || !isType)
    throw malformed('its checksum is none');
  const parts = Parts?.map(partOf);
  const isOrdered = parts?.every(({ number: at }, index) => index === 0 || at > parts[index - 1]!.number);
  const whole = parts ? parts.reduce((sum, one) => sum + one.size, 0) : size;
  const isWhole = size >= 0 && whole === size && isOrdered !== false;
  if (!isWhole || parts?.length === 0 || (parts?.length ?? 0) > MOST_PARTS) {
    throw malformed('its parts are not the object');
  }
  const checksum: Checksum = { algorithm: Algorithm, value, type };
  return { size, checksum, asStored: Customer !== undefined, isChecked, salt: Salt, parts };
}

/** Throws InvalidRequest. */
function partOf({ Number: at, Size, ETag, Checksum, Salt }: Partial<PartShape>): CopiedPart {
  const isNumbered = at !== undefined && at >= 1 && at <= MOST_PARTS;
  if (!isNumbered || Size === undefined || Size < 0 || ETag === undefined || Checksum === undefined) {
    throw malformed('a part of it is none');
  }
  return { number: at, size: Size, etag: ETag, checksum: Checksum, salt: Salt };
}

/** Throws InvalidRequest. */
function pairsOf(shapes: readonly Partial<PairShape>[]): Pairs {
  return shapes.map(({ Name, Value }) => {
    if (Name === undefined || Value === undefined) throw malformed('a pair of it is none');
    return [Name, Value];
  });
}

function malformed(why: string): Error {
  return s3Errors.InvalidRequest(`This is no message of replication: ${why}.`);
}
