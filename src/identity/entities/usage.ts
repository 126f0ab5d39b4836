import type { Account, Caller } from '../../core/caller.js';
import { MINUTE_MS } from '../../core/time.js';
import type { Database, Transaction } from '../../store/tables.js';
import type { IdentifiedCaller } from '../callers/callers.js';
import { type LastUse, tables } from '../model.js';

/** Keys whose last noted use is remembered; for others it is noted again. */
const REMEMBERED = 10_000;

/**
 * When keys, sessions and roles were last used, and which services users and roles used. Noted at most once a
 * minute for each key and service.
 */
export class Usage {
  readonly #db: Database;
  readonly #noted = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Callers that did not come from `CredentialSource.lookup` are not noted. */
  note(caller: Caller, use: LastUse): void {
    const { account, accessKeyId } = caller;
    if (account === undefined || accessKeyId === undefined) return;
    const key = `${accessKeyId} ${use.service}`;
    const last = this.#noted.get(key);
    if (last !== undefined && Math.abs(use.time - last) < MINUTE_MS) return;
    if (this.#noted.size >= REMEMBERED) this.#noted.clear();
    this.#noted.set(key, use.time);
    // A use that cannot be noted is no reason to fail the request; the store's failure shows elsewhere.
    const writing = this.#write(caller as IdentifiedCaller, accessKeyId, use).catch(() => undefined);
    this.#writing.add(writing);
    writing.finally(() => this.#writing.delete(writing));
  }

  /** Resolves once all that was noted is written. */
  async settled(): Promise<void> {
    await Promise.all(this.#writing);
  }

  /** The last use of a role by any of its sessions. */
  async ofRole(roleId: string): Promise<LastUse | undefined> {
    return await this.#db.get(tables.roleUses, roleId);
  }

  /** The last use of each service by a user or role. */
  async ofServices(account: Account, entityId: string): Promise<LastUse[]> {
    return (await this.#db.list(tables.serviceUses, [account.id, entityId])).map(row => row.value);
  }

  /** What is gone leaves nothing behind: a use is written only while its key, session, user or role exists. */
  async #write(
    { account, entity, claims, expires }: IdentifiedCaller,
    key: string,
    use: LastUse,
  ): Promise<void> {
    await this.#db.transact(key, async transaction => {
      if (expires === undefined) await noteKey(transaction, key, use);
      else await noteSession(transaction, [account.id, expires / 1000, key], use);
      if (entity === undefined || (await transaction.get(tables.ids, entity.id)) === undefined) return;
      transaction.put(tables.serviceUses, [account.id, entity.id, use.service], use);
      if (claims?.kind === 'assume-role') transaction.put(tables.roleUses, [entity.id], use);
    });
  }
}

async function noteKey(transaction: Transaction, key: string, use: LastUse): Promise<void> {
  if ((await transaction.get(tables.accessKeys, key)) === undefined) return;
  transaction.put(tables.accessKeyUses, [key], use);
}

async function noteSession(
  transaction: Transaction,
  parts: readonly (string | number)[],
  use: LastUse,
): Promise<void> {
  const session = await transaction.get(tables.sessions, ...parts);
  if (session !== undefined) transaction.put(tables.sessions, parts, { ...session, lastUsed: use });
}

/** Takes away within a transaction what was noted of a user or role. */
export async function forgetUses(transaction: Transaction, account: string, entityId: string): Promise<void> {
  for (const { parts } of await transaction.list(tables.serviceUses, [account, entityId])) {
    transaction.delete(tables.serviceUses, ...parts);
  }
}
