/** The rows of a grant beside its record, and finding one by its name. */
import { createHash } from 'node:crypto';
import type { Parts, Transaction } from '../store/tables.js';
import { type GrantRecord, type KeyRecord, tables } from './records.js';

export type NewGrant = Omit<GrantRecord, 'id' | 'created'>;

type GrantedKey = Pick<KeyRecord, 'account' | 'region' | 'id'>;

/** Deletes a grant with all that leads to it. */
export function dropGrant(transaction: Transaction, key: GrantedKey, grant: GrantRecord): void {
  const { account, region, id } = key;
  transaction.delete(tables.grants, account, region, id, grant.id);
  transaction.delete(tables.grantees, account, region, id, grant.grantee, grant.id);
  if (grant.name !== undefined) transaction.delete(tables.namedGrants, ...namePlace(key, grant));
  if (grant.retiring !== undefined)
    transaction.delete(tables.retiring, grant.retiring, account, region, id, grant.id);
}

/** Where the grant of that name with the same parameters is found. */
export function namePlace({ account, region, id }: GrantedKey, grant: NewGrant): Parts {
  return [account, region, id, createHash('sha256').update(fingerprint(grant)).digest('hex')];
}

/** Earlier versions looked through all grants of a principal for one of that name. */
export async function nameAll(transaction: Transaction, key: KeyRecord): Promise<void> {
  if (key.grants === 0) return;
  for (const { value } of await transaction.list(tables.grants, [key.account, key.region, key.id])) {
    if (value.name !== undefined)
      transaction.put(tables.namedGrants, namePlace(key, value), { id: value.id });
  }
}

function fingerprint({ name, grantee, retiring, operations, constraint, issuer }: NewGrant): string {
  const { equals, subset, sourceArn } = constraint ?? {};
  const parts = [name, grantee, retiring, [...operations].sort(), equals, subset, sourceArn, issuer];
  return JSON.stringify(parts.map(part => part ?? null));
}
