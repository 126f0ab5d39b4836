/** Copies of organisations: what is in them comes with the ids of the originals. */
import type { Transaction } from '../../store/tables.js';
import { tables } from '../model.js';
import { joinOrganization } from './organization-accounts.js';
import { invalidInput, organizationErrors } from './organization-errors.js';
import {
  type ControlPolicy,
  isAwsPolicy,
  type OrganizationRecord,
  organizationTables,
  placeholderEmail,
} from './organization-model.js';
import { checkContent, demandFreePolicyName } from './organization-policies.js';
import { pathTo, putUnit } from './organization-units.js';

/** Something below a root or a unit. */
interface Placed {
  readonly id: string;
  readonly name: string;
  /** The id of the root or unit. */
  readonly parent: string;
}

type PolicyOriginal = Omit<ControlPolicy, 'tags'>;

/** An organisation, or some of what is in it. */
export interface OrganizationOriginal {
  readonly id: string;
  readonly rootId: string;
  readonly managementAccount: string;
  /** Parents before their children. */
  readonly units: readonly Placed[];
  readonly policies: readonly PolicyOriginal[];
  readonly accounts: readonly Placed[];
}

/** Throws `ParentNotFoundException`, `DuplicateOrganizationalUnitException`, `InvalidInputException`. */
export async function copyUnit(
  transaction: Transaction,
  organization: OrganizationRecord,
  { id, name, parent }: Placed,
): Promise<void> {
  if ((await transaction.get(organizationTables.units, organization.id, id)) !== undefined) return;
  if (!id.startsWith(`ou-${organization.rootId.slice(2)}-`))
    throw invalidInput('INVALID_PATTERN', `${id} is no id of a unit below ${organization.rootId}.`);
  const above = await demandPath(transaction, organization, parent);
  await putUnit(transaction, organization.id, { id, name, above, tags: [] });
}

/** Throws `DuplicatePolicyException`, `MalformedPolicyDocumentException`, `ConstraintViolationException`. */
export async function copyPolicy(
  transaction: Transaction,
  organization: OrganizationRecord,
  policy: PolicyOriginal,
): Promise<void> {
  const { id, type, name, content } = policy;
  const { policies } = organizationTables;
  if (isAwsPolicy(id) || (await transaction.get(policies, organization.id, id)) !== undefined) return;
  checkContent(type, content, organization.partition);
  await demandFreePolicyName(transaction, organization.id, type, name);
  transaction.put(policies, [organization.id, id], { ...policy, tags: [] });
}

/**
 * Puts a member into its place and gives it its name. `isMade`: the account was made for this organisation and joins
 * it; one that was there before joins by an invitation alone, and is left. Throws `ParentNotFoundException`,
 * `HandshakeConstraintViolationException` where it is in another organisation.
 */
export async function copyMember(
  transaction: Transaction,
  organization: OrganizationRecord,
  { id, name, parent, isMade, joined }: Placed & { readonly isMade: boolean; readonly joined: number },
): Promise<void> {
  const path = await demandPath(transaction, organization, parent);
  if (isMade) {
    const member = { account: id, email: placeholderEmail(id), joined, tags: [] };
    await joinOrganization(transaction, organization, { ...member, joinedMethod: 'CREATED' }, path);
    return;
  }
  const account = await transaction.get(tables.accounts, id);
  if (account?.organization === undefined) return;
  const { organization: place } = account;
  if (place.id !== organization.id) {
    throw organizationErrors.HandshakeConstraintViolationException(
      `Account ${id} is a member of another organization.`,
    );
  }
  const { children } = organizationTables;
  transaction.delete(children, organization.id, place.path.at(-1)!, 'account', id);
  transaction.put(children, [organization.id, parent, 'account', id], true);
  transaction.put(tables.accounts, [id], { ...account, name, organization: { ...place, path } });
}

async function demandPath(
  transaction: Transaction,
  organization: OrganizationRecord,
  parent: string,
): Promise<readonly string[]> {
  const path = await pathTo(transaction, organization, parent);
  if (path === undefined) throw organizationErrors.ParentNotFoundException();
  return path;
}
