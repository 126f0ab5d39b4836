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

/**
 * Copies the bytes of a version, part by part where it was uploaded in parts. `asStored`: as they are stored, for a
 * version whose key its customer has. Throws `ContentGone`, `BlobDamaged`, what `Contents.receive` throws, and what
 * `signal` was ended with; then nothing stays behind.
 */
export async function copyContent(
  contents: Contents,
  { bucket, record }: ContentSource,
  keys: CopyKeys | 'asStored',
  signal: AbortSignal,
): Promise<CopiedContent> {
  if (record.content.kind !== 'parts') {
    const { stored } = await copyBody(contents, bucket, record, keys, signal, false);
    const salted = keys === 'asStored' ? { ...stored, salt: record.salt } : stored;
    return {
      place: (target, id) => contents.place(target, id, salted),
      abandon: why => contents.abandon(stored, why),
    };
  }
  const parts: Part[] = [];
  const abandon = (why: unknown) => {
    for (const { blob } of parts) contents.abandon({ blob }, why);
  };
  try {
    for (const part of await contents.parts(bucket, record.id)) {
      const body = { ...record, content: { kind: 'blob', blob: part.blob }, ...partOf(part) } as const;
      const { stored } = await copyBody(contents, bucket, body, keys, signal, true);
      if (!('blob' in stored)) throw new TypeError('a part is a blob');
      const salt = keys === 'asStored' ? part.salt : stored.salt;
      parts.push({ ...part, blob: stored.blob, salt });
    }
  } catch (error) {
    abandon(error);
    throw error;
  }
  return { place: (target, id) => placedParts(target, id, parts), abandon };
}

function partOf({ size, salt }: Part): Pick<ObjectRecord, 'size' | 'salt'> {
  return { size, salt };
}

async function copyBody(
  contents: Contents,
  bucket: string,
  record: ObjectRecord,
  keys: CopyKeys | 'asStored',
  signal: AbortSignal,
  asBlob: boolean,
): Promise<Received> {
  const asStored = keys === 'asStored';
  const source = asStored ? { ...record, encryption: undefined, size: storedSize(record.size, 1) } : record;
  const content = await contents.read(bucket, source, asStored ? {} : { dataKey: keys.from });
  async function* chunks(): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted();
    if (content instanceof Uint8Array) {
      yield content;
      return;
    }
    for await (const chunk of content) {
      signal.throwIfAborted();
      yield chunk;
    }
  }
  const body = { length: source.size, trailers: new Map<string, string>(), [Symbol.asyncIterator]: chunks };
  const { algorithm } = record.checksum;
  return contents.receive(
    body,
    source.size,
    { algorithm },
    { dataKey: asStored ? undefined : keys.to, asBlob },
  );
}

function placedParts(bucket: string, id: string, parts: readonly Part[]): PlacedContent {
  const references = parts.map(({ blob }) => ({ key: blobReferenceKey(blob, id), value: EMPTY }));
  return {
    content: { kind: 'parts', count: parts.length },
    writes: [{ key: contentKey(bucket, id), value: partLists.encode(parts) }, ...references],
  };
}
