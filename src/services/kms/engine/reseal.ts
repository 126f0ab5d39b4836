/** Wraps all key material under the current root key. */
import type { Keys } from './keys.js';
import { type KeyRecord, tables } from './records.js';
import type { Parts } from './store.js';

const KEYS_AT_ONCE = 64;

/** Resolves with how many keys had material under a former root key. Ends early once `signal` is aborted. */
export async function resealKeys(keys: Keys, signal: AbortSignal): Promise<number> {
  let resealed = 0;
  let after: Parts | undefined;
  while (!signal.aborted) {
    const rows = await keys.store.list(tables.keys, [], KEYS_AT_ONCE, after);
    if (rows.length === 0) break;
    for (const { parts } of rows) if (await resealKey(keys, parts)) resealed++;
    after = rows.at(-1)!.parts;
  }
  return resealed;
}

async function resealKey(keys: Keys, parts: Parts): Promise<boolean> {
  return await keys.store.transact(async transaction => {
    const key = await transaction.get(tables.keys, ...parts);
    const materials = key?.materials.map(material => {
      const wrapped = material.wrapped && keys.rewrapped(key, material);
      return wrapped ? { ...material, wrapped } : material;
    });
    const changed = materials?.some((material, index) => material !== key!.materials[index]) ?? false;
    if (changed) transaction.put(tables.keys, parts, { ...(key as KeyRecord), materials: materials! });
    return changed;
  });
}
