/** Finds what somebody meant who named a role that is not there. */

import type { Account } from '../../core/caller.js';
import { entityArn, parseEntityArn } from '../arn.js';
import type { Role } from '../model.js';
import type { Roles } from './roles.js';

/** Roles of an account that are looked through: as many as an account has by default ("IAM and AWS STS quotas"). */
const LOOKED_THROUGH = 1000;
/** Of so many characters two names may differ at most. */
const MOST_EDITS = 3;
const MOST_NAMED = 3;

/** The part of `Identity` that is looked through. */
interface AccountsWithRoles {
  account(id: string): Promise<Account | undefined>;
  readonly roles: Pick<Roles, 'list'>;
}

/**
 * ARNs of the roles most like the one that `arn` names, the likeliest first: right but for path, case or partition, or
 * for a few characters. None for what is no role's ARN, or where the account does not exist. Reads all roles of the
 * account: for people, not for requests.
 */
export async function similarRoles(identity: AccountsWithRoles, arn: string): Promise<string[]> {
  const wanted = parseEntityArn(arn);
  const account = wanted?.kind === 'role' ? await identity.account(wanted.account) : undefined;
  if (!wanted || !account) return [];
  const roles = await identity.roles.list(account.id, { limit: LOOKED_THROUGH });
  return roles
    .map(role => ({ role, distance: distanceOf(wanted.name, role) }))
    .filter(({ role, distance }) => distance <= allowedEdits(role))
    .toSorted((a, b) => a.distance - b.distance || (a.role.name < b.role.name ? -1 : 1))
    .slice(0, MOST_NAMED)
    .map(({ role }) => entityArn('role', account, role.path, role.name));
}

/** Short names are alike too easily. */
function allowedEdits({ name }: Role): number {
  return Math.min(MOST_EDITS, Math.floor(name.length / 3));
}

/** 0 for the name in any case; else how many characters are to be put in, taken out, changed or swapped. */
function distanceOf(wanted: string, { name }: Role): number {
  return editDistance(wanted.toLowerCase(), name.toLowerCase());
}

/** The optimal string alignment distance of two short texts. */
export function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const replaced = (last[j - 1] as number) + (same ? 0 : 1);
      let least = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (swapped) least = Math.min(least, (before[j - 2] as number) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last.at(-1) as number;
}
