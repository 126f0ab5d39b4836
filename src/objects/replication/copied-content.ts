import { Cutter } from '../../core/cutter.js';
import type { Checksum } from '../bodies/checksums.js';
import type { Contents, PlacedContent, Received } from '../bodies/content.js';
import { storedSize } from '../bodies/encryption.js';
import { blobReferenceKey, contentKey, EMPTY, type ObjectRecord, type Part, partLists } from '../records.js';

/** A body whose bytes were copied, on its way into a commit. */
export interface CopiedContent {
  /** What a commit writes for it, in the name of the version `id` of the bucket with the id `bucket`. */
  place(bucket: string, id: string): PlacedContent;
  /** Drops it where no commit took it, for the reason `why`. */
  abandon(why: unknown): void;
}

/** A version whose content is copied. */
interface ContentSource {
  /** The id of its bucket. */
  readonly bucket: string;
  readonly record: ObjectRecord;
}

/** The keys of the original and of the copy; absent where one is not encrypted. */
export interface CopyKeys {
  readonly from?: Uint8Array | undefined;
  readonly to?: Uint8Array | undefined;
}

/** A part of a body that is copied. */
export type CopiedPart = Omit<Part, 'blob'>;
type CopiedBody = Pick<Part, 'size' | 'salt'>;

/** What the bytes of a body are that is copied. */
export interface Manifest {
  /** Bytes, as clients see them. */
  readonly size: number;
  readonly checksum: Checksum;
  /** Whether they come as they are stored, for a version whose key its customer has. */
  readonly asStored: boolean;
  /** Whether the checksums are of what comes: of the parts, or of the whole where there are none. */
  readonly isChecked: boolean;
  /** Of a body that comes as it is stored and has no parts. */
  readonly salt?: Uint8Array | undefined;
  /** Of a body that was uploaded in parts. */
  readonly parts?: readonly CopiedPart[] | undefined;
}

/** How many bytes come. */
export function bytesOf({ asStored, parts, ...whole }: Manifest): number {
  const bodies: readonly CopiedBody[] = parts ?? [whole];
  return bodies.reduce((sum, body) => sum + lengthOf(body, asStored), 0);
}

/** Bytes of one body as it comes. */
function lengthOf({ size, salt }: CopiedBody, asStored: boolean): number {
  return asStored ? storedSize(size, 1, salt) : size;
}

/**
 * Copies the bytes of a version, part by part where it was uploaded in parts. `asStored`: as they are stored, for a
 * version whose key its customer has. Throws what `readContent` and `receiveContent` throw; then nothing stays behind.
 */
export async function copyContent(
  contents: Contents,
  source: ContentSource,
  keys: CopyKeys | 'asStored',
  signal: AbortSignal,
): Promise<CopiedContent> {
  const isStored = keys === 'asStored';
  const { manifest, bytes } = await readContent(contents, source, isStored ? keys : keys.from, signal);
  return receiveContent(contents, manifest, new Cutter(bytes), isStored ? undefined : keys.to);
}

/**
 * The bytes of a version, and what they are. `key`: of the version. The iteration throws `ContentGone`, `BlobDamaged`,
 * and what `signal` was ended with.
 */
export async function readContent(
  contents: Contents,
  { bucket, record }: ContentSource,
  key: Uint8Array | undefined | 'asStored',
  signal: AbortSignal,
): Promise<{ readonly manifest: Manifest; readonly bytes: AsyncGenerator<Uint8Array> }> {
  const { size, checksum } = record;
  const asStored = key === 'asStored';
  const parts = record.content.kind === 'parts' ? await contents.parts(bucket, record.id) : undefined;
  const salt = asStored && !parts ? record.salt : undefined;
  const sent = parts?.map(({ blob: _, salt: own, ...part }) => ({ ...part, ...(asStored && { salt: own }) }));
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const bodies = parts?.map(part => partOf(record, part)) ?? [record];
    for (const body of bodies) {
      const source = asStored ? { ...body, encryption: undefined, size: lengthOf(body, true) } : body;
      const content = await contents.read(bucket, source, asStored ? {} : { dataKey: key });
      signal.throwIfAborted();
      if (content instanceof Uint8Array) {
        yield content;
        continue;
      }
      for await (const chunk of content) {
        signal.throwIfAborted();
        yield chunk;
      }
    }
  }
  // A copy of an object of parts has a checksum of its own over all of them.
  const isWhole = parts ? record.etag.includes('-') : checksum.type === 'FULL_OBJECT';
  const isChecked = isWhole && !asStored;
  return { manifest: { size, checksum, asStored, isChecked, salt, parts: sent }, bytes: bytes() };
}

/** The body of a part, as if it were all of its version. */
function partOf(record: ObjectRecord, { blob, size, salt }: Part): ObjectRecord {
  return { ...record, content: { kind: 'blob', blob }, size, salt };
}

/**
 * Takes in what `readContent` gives. `key`: of the copy. Throws what `Contents.receive` throws, BadDigest among it, and
 * what reading the bytes throws; then nothing stays behind.
 */
export async function receiveContent(
  contents: Contents,
  manifest: Manifest,
  bytes: Cutter,
  key: Uint8Array | undefined,
): Promise<CopiedContent> {
  const { parts, asStored, salt } = manifest;
  try {
    if (parts) return await receiveParts(contents, manifest, parts, bytes, key);
    const { stored } = await receiveBody(contents, manifest, manifest, bytes, { key });
    const salted = asStored ? { ...stored, salt } : stored;
    return {
      place: (bucket, id) => contents.place(bucket, id, salted),
      abandon: why => contents.abandon(stored, why),
    };
  } finally {
    await bytes.end();
  }
}

async function receiveParts(
  contents: Contents,
  manifest: Manifest,
  parts: readonly CopiedPart[],
  bytes: Cutter,
  key: Uint8Array | undefined,
): Promise<CopiedContent> {
  const received: Part[] = [];
  const abandon = (why: unknown) => {
    for (const { blob } of received) contents.abandon({ blob }, why);
  };
  const { algorithm } = manifest.checksum;
  try {
    for (const part of parts) {
      const body = { size: part.size, salt: part.salt, checksum: { algorithm, value: part.checksum } };
      const { stored } = await receiveBody(contents, manifest, body, bytes, { key, asBlob: true });
      if (!('blob' in stored)) throw new TypeError('a part is a blob');
      received.push({ ...part, blob: stored.blob, salt: manifest.asStored ? part.salt : stored.salt });
    }
  } catch (error) {
    abandon(error);
    throw error;
  }
  return { place: (bucket, id) => placedParts(bucket, id, received), abandon };
}

function receiveBody(
  contents: Contents,
  { asStored, isChecked }: Manifest,
  { size, salt, checksum }: CopiedBody & { readonly checksum: Omit<Checksum, 'type'> },
  bytes: Cutter,
  { key, asBlob = false }: { readonly key: Uint8Array | undefined; readonly asBlob?: boolean },
): Promise<Received> {
  const { algorithm, value } = checksum;
  const length = lengthOf({ size, salt }, asStored);
  const body = {
    length,
    trailers: NO_TRAILERS,
    [Symbol.asyncIterator]: () => bytes.take(length),
  };
  return contents.receive(body, length, { algorithm, ...(isChecked && { value }) }, { dataKey: key, asBlob });
}

const NO_TRAILERS: ReadonlyMap<string, string> = new Map();

function placedParts(bucket: string, id: string, parts: readonly Part[]): PlacedContent {
  const references = parts.map(({ blob }) => ({ key: blobReferenceKey(blob, id), value: EMPTY }));
  return {
    content: { kind: 'parts', count: parts.length },
    writes: [{ key: contentKey(bucket, id), value: partLists.encode(parts) }, ...references],
  };
}
