/** Rewraps key material after the root key was replaced. */

import type { Parts } from '../store/tables.js';
import { about, type Keys } from './keys.js';
import { type KeyRecord, type Material, tables } from './records.js';

/** Keys that are read at once. */
const BATCH = 64;

/**
 * Wraps all material under the current root key; answers with how many keys had some that was not. Ends early on
 * `signal`.
 */
export async function resealKeys(keys: Keys, signal: AbortSignal): Promise<number> {
  let resealed = 0;
  let after: Parts | undefined;
  while (!signal.aborted) {
    const rows = await keys.store.list(tables.keys, [], { after, limit: BATCH });
    for (const { value } of rows) if (await resealKey(keys, value)) resealed++;
    if (rows.length < BATCH) break;
    after = rows.at(-1)!.parts;
  }
  return resealed;
}

async function resealKey(keys: Keys, { account, region, id }: KeyRecord): Promise<boolean> {
  return await keys.store.transact(id, async transaction => {
    const key = await transaction.get(tables.keys, account, region, id);
    if (key === undefined) return false;
    const materials = key.materials.map(material => rewrapped(keys, key, material));
    if (materials.every((material, index) => material === key.materials[index])) return false;
    keys.save(transaction, key, { ...key, materials });
    return true;
  });
}

function rewrapped(keys: Keys, { account, id }: KeyRecord, material: Material): Material {
  if (!material.wrapped) return material;
  const wrapped = keys.keyring.material.reseal(material.wrapped, about(account, id, material.id));
  return wrapped ? { ...material, wrapped } : material;
}
