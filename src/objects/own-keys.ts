import { hkdfSync, randomBytes } from 'node:crypto';
import type { Entry, Kv } from '../store/kv.js';
import { unwrapKey, wrapKey } from './encryption.js';

/** The engine's own key, as it is stored. */
const OWN_KEY = ['object-encryption-key'];
const LENGTH = 32;

/** A data key, and what to keep beside the object. */
export interface OwnDataKey {
  /** 32 bytes. */
  readonly dataKey: Buffer;
  readonly wrapped: Uint8Array;
}

/** What the data key of an object or an upload belongs to. `bucket`: its id. */
export function ownerOf(bucket: string, key: string): string {
  return `${bucket}/${key}`;
}

/**
 * The keys of objects under SSE-S3. Each object's data key is wrapped under the engine's own key, and that one
 * under the server's root key: when the root key is replaced, one record is wrapped anew.
 */
export class OwnKeys {
  readonly #kv: Kv;
  /** What the root keys give for this purpose, the current one first. */
  readonly #wrapping: readonly Buffer[];
  #own: Promise<Buffer> | undefined;

  constructor(kv: Kv, rootKey: Uint8Array, formerRootKeys: readonly Uint8Array[] = []) {
    this.#kv = kv;
    this.#wrapping = [rootKey, ...formerRootKeys].map(root =>
      Buffer.from(hkdfSync('sha256', root, '', 'karikagi object encryption', LENGTH)),
    );
  }

  /** `owner`: whatever the key is for and will be asked for with. */
  async create(owner: string): Promise<OwnDataKey> {
    const dataKey = randomBytes(LENGTH);
    return { dataKey, wrapped: wrapKey(await this.#key(), dataKey, owner) };
  }

  /** Throws `BlobDamaged` for a key that was not wrapped for `owner`. */
  async open(owner: string, wrapped: Uint8Array): Promise<Buffer> {
    return unwrapKey(await this.#key(), wrapped, owner);
  }

  /** Whether the root keys are those of this store: they open what is stored, if there is anything. */
  async fit(): Promise<boolean> {
    const entry = await this.#kv.get(OWN_KEY);
    if (!entry) return true;
    try {
      this.#unwrap(entry);
      return true;
    } catch {
      return false;
    }
  }

  /** Wraps the engine's own key under the current root key, if it is not. Answers how many keys that were. */
  async reseal(): Promise<number> {
    for (;;) {
      const entry = await this.#kv.get(OWN_KEY);
      if (!entry) return 0;
      const { key, current } = this.#unwrap(entry);
      if (current) return 0;
      const value = wrapKey(this.#wrapping[0]!, key, OWN_KEY[0]!);
      if (await this.#kv.commit([{ key: OWN_KEY, version: entry.version }], [{ key: OWN_KEY, value }]))
        return 1;
    }
  }

  #key(): Promise<Buffer> {
    this.#own ??= this.#load().catch(error => {
      this.#own = undefined;
      throw error;
    });
    return this.#own;
  }

  async #load(): Promise<Buffer> {
    for (;;) {
      const entry = await this.#kv.get(OWN_KEY);
      if (entry) return this.#unwrap(entry).key;
      const value = wrapKey(this.#wrapping[0]!, randomBytes(LENGTH), OWN_KEY[0]!);
      await this.#kv.commit([{ key: OWN_KEY, version: undefined }], [{ key: OWN_KEY, value }]);
    }
  }

  #unwrap({ value }: Entry): { readonly key: Buffer; readonly current: boolean } {
    let failure: unknown;
    for (const [index, wrapping] of this.#wrapping.entries()) {
      try {
        return { key: unwrapKey(wrapping, value, OWN_KEY[0]!), current: index === 0 };
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
