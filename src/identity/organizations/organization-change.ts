import type { Database, Transaction } from '../../store/tables.js';
import { organizationErrors } from './organization-errors.js';
import { type OrganizationRecord, organizationTables } from './organization-model.js';

/**
 * Changes something within an organisation, all or nothing. Every change goes through here and raises the
 * organisation's revision: so changes never meet, lists that `work` reads hold, and what was made of the policies
 * is known to be old. Throws `AWSOrganizationsNotInUseException` where the organisation is gone.
 */
export async function changeOrganization<T>(
  db: Database,
  id: string,
  work: (transaction: Transaction, organization: OrganizationRecord) => Promise<T>,
): Promise<T> {
  const { organizations } = organizationTables;
  return await db.transact(`organization ${id}`, async transaction => {
    const before = await transaction.get(organizations, id);
    if (before === undefined) throw organizationErrors.AWSOrganizationsNotInUseException();
    const result = await work(transaction, before);
    const after = await transaction.get(organizations, id);
    if (after !== undefined) transaction.put(organizations, [id], { ...after, revision: after.revision + 1 });
    return result;
  });
}
