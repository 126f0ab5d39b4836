/** Bodies in memory: for tests and for servers that keep nothing. */
import { type BlobInfo, BlobMissing, type Blobs, newBlobId, type StoredBlob } from '../blobs.js';

/** Opens an empty store. `now`: milliseconds since the epoch. */
export function openMemoryBlobs(now: () => number): Blobs {
  return new MemoryBlobs(now);
}

interface Body {
  readonly bytes: Buffer;
  readonly modified: number;
}

/** What one `yield` of a read carries at most. */
const PIECE = 64 * 1024;

class MemoryBlobs implements Blobs {
  readonly #bodies = new Map<string, Body>();
  readonly #now: () => number;
  #open = true;

  constructor(now: () => number) {
    this.#now = now;
  }

  async write(source: AsyncIterable<Uint8Array>, id = newBlobId()): Promise<StoredBlob> {
    this.#demandOpen();
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(Buffer.from(piece));
    this.#demandOpen();
    const bytes = Buffer.concat(pieces);
    this.#bodies.set(id, { bytes, modified: this.#now() });
    return { id, size: bytes.length };
  }

  async *read(id: string, start = 0, end?: number, segment = PIECE): AsyncIterable<Uint8Array> {
    this.#demandOpen();
    const bytes = this.#bodies.get(id)?.bytes;
    if (bytes === undefined) throw new BlobMissing(`no blob ${id}`);
    const stop = end ?? bytes.length;
    if (start < 0 || start > stop || stop > bytes.length) {
      throw new RangeError(`blob ${id} has ${bytes.length} bytes, none from ${start} to ${stop}`);
    }
    for (let at = start; at < stop; at += segment) yield bytes.subarray(at, Math.min(at + segment, stop));
  }

  async delete(id: string): Promise<void> {
    this.#demandOpen();
    this.#bodies.delete(id);
  }

  async *list(): AsyncIterable<BlobInfo> {
    this.#demandOpen();
    for (const [id, { bytes, modified }] of this.#bodies) yield { id, size: bytes.length, modified };
  }

  async close(): Promise<void> {
    this.#open = false;
  }

  #demandOpen(): void {
    if (!this.#open) throw new Error('the store is closed');
  }
}
