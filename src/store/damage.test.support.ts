/** For tests: a store in memory in which values can be damaged. */
import { encodeKey } from './keys.js';
import { type Key, type Kv, ValueDamaged, type Version } from './kv.js';
import { openMemoryKv } from './memory/memory.js';

export interface DamageableKv extends Kv {
  /** Damages what is stored under a key, until it is written again. */
  damage(key: Key): Promise<void>;
}

export function openDamageableKv(): DamageableKv {
  const kv = openMemoryKv();
  const damaged = new Map<string, Version>();
  const nameOf = (key: Key): string => encodeKey(key).toString('latin1');
  const isDamaged = (key: Key, version: Version): boolean => damaged.get(nameOf(key)) === version;
  const raise = (key: Key, version: Version): never => {
    throw new ValueDamaged(`what is stored at ${JSON.stringify(key)} is damaged`, key, version);
  };
  return {
    async damage(key) {
      damaged.set(nameOf(key), (await kv.get(key))!.version);
    },
    async get(key) {
      const entry = await kv.get(key);
      if (entry && isDamaged(key, entry.version)) raise(key, entry.version);
      return entry;
    },
    async getMany(keys) {
      const entries = await kv.getMany(keys);
      for (const [index, entry] of entries.entries())
        if (entry && isDamaged(keys[index]!, entry.version)) raise(keys[index]!, entry.version);
      return entries;
    },
    async list(range) {
      const told = range.damaged ?? raise;
      const items = await kv.list(range);
      return items.filter(({ key, version }) => {
        if (!isDamaged(key, version)) return true;
        told(key, version);
        return false;
      });
    },
    commit: (checks, writes) => kv.commit(checks, writes),
    close: () => kv.close(),
  };
}
