import { BoundedCache } from '../../core/bounded-cache.js';
import type { KeyOf } from '../../store/keyspace.js';
import type { Kv, Version } from '../../store/kv.js';
import { recordType } from '../../store/records.js';
import type { Bucket, PublicAccessBlock } from '../records.js';

const rows = recordType<PublicAccessBlock>({ version: 1 });
const key = (account: string): KeyOf<'objects'> => ['account-public-access-block', account];

/** Decoded blocks kept: of accounts that have one. */
const MOST_KEPT = 1000;

/**
 * Block Public Access of whole accounts, which holds beside that of each bucket ("Blocking public access to your Amazon
 * S3 storage", S3 User Guide).
 */
export class AccountBlocks {
  readonly #kv: Kv;
  readonly #kept = new BoundedCache<string, { readonly version: Version; readonly block: PublicAccessBlock }>(
    MOST_KEPT,
  );
  /** The same bucket under the same block is the same object: what is derived from it can be kept with it. */
  readonly #under = new WeakMap<Bucket, Bucket>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  async find(account: string): Promise<PublicAccessBlock | undefined> {
    const entry = await this.#kv.get(key(account));
    if (!entry) return undefined;
    const known = this.#kept.get(account);
    if (known?.version === entry.version) return known.block;
    const block = rows.decode(entry.value);
    this.#kept.set(account, { version: entry.version, block });
    return block;
  }

  async put(account: string, block: PublicAccessBlock): Promise<void> {
    await this.#kv.commit([], [{ key: key(account), value: rows.encode(block) }]);
  }

  /** Without effect where there is none. */
  async delete(account: string): Promise<void> {
    await this.#kv.commit([], [{ key: key(account), value: undefined }]);
  }

  /** The bucket with what its owner's account blocks. */
  async over(bucket: Bucket): Promise<Bucket> {
    const accountBlock = await this.find(bucket.owner);
    if (!accountBlock) return bucket;
    const known = this.#under.get(bucket);
    if (known?.accountBlock === accountBlock) return known;
    const under = { ...bucket, accountBlock };
    this.#under.set(bucket, under);
    return under;
  }
}
