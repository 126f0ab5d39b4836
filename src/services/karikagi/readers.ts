/** Who may read of whose refused requests. */
import type { Denial } from '../../events/denials.js';
import type { Account } from '../../identity/index.js';
import type { KarikagiPorts } from './ports.js';

/** The accounts of a denial that a reader stands for; empty where it is none of the reader's business. */
export type Readable = (denial: Denial) => Promise<readonly string[]>;

/**
 * A reader stands for its own account; in the management account of an organization for the members too, whom that
 * account administers; and the first account, which administers the server, for anonymous requests.
 */
export function readableBy(reader: Account, { identity, firstAccount }: KarikagiPorts): Readable {
  return async ({ accounts }) => {
    if (accounts.length === 0) return reader.id === firstAccount ? [firstAccount] : [];
    const own = await Promise.all(accounts.map(id => isOwn(id)));
    return accounts.filter((_, at) => own[at]);
  };

  async function isOwn(id: string): Promise<boolean> {
    if (id === reader.id) return true;
    if (!reader.organization?.management) return false;
    const account = await identity.account(id);
    return account?.organization?.id === reader.organization.id;
  }
}
