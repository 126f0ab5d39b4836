import type { Database, Transaction } from '../../store/tables.js';
import type { Tags } from '../model.js';
import type { Page } from '../page.js';
import { changeOrganization } from './organization-change.js';
import { constraintViolated, organizationErrors } from './organization-errors.js';
import {
  type ChildKind,
  type OrganizationalUnit,
  type OrganizationRecord,
  organizationTables,
  randomLetters,
} from './organization-model.js';
import { dropAttachments } from './organization-policies.js';

/** Levels of units below the root. Source: "Quotas and service limits for AWS Organizations". */
const MAX_DEPTH = 5;

/** Organisational units. A unit stays where it was made: only accounts move. */
export class OrganizationUnits {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Throws `ParentNotFoundException`, `DuplicateOrganizationalUnitException`, `ConstraintViolationException`. */
  async create(
    { id: organization }: OrganizationRecord,
    parent: string,
    name: string,
    tags: Tags,
  ): Promise<OrganizationalUnit> {
    return await changeOrganization(this.#db, organization, async (transaction, record) => {
      const above = await pathTo(transaction, record, parent);
      if (above === undefined) throw organizationErrors.ParentNotFoundException();
      if (above.length > MAX_DEPTH) {
        throw constraintViolated(
          'OU_DEPTH_LIMIT_EXCEEDED',
          'You have exceeded the maximum nesting depth of organizational units.',
        );
      }
      const unit = { id: `ou-${record.rootId.slice(2)}-${randomLetters(8)}`, name, above, tags };
      await putUnit(transaction, organization, unit);
      return unit;
    });
  }

  /** Throws `OrganizationalUnitNotFoundException`. */
  async get(organization: string, id: string): Promise<OrganizationalUnit> {
    const unit = await this.find(organization, id);
    if (unit === undefined) throw organizationErrors.OrganizationalUnitNotFoundException();
    return unit;
  }

  async find(organization: string, id: string): Promise<OrganizationalUnit | undefined> {
    return await this.#db.get(organizationTables.units, organization, id);
  }

  /** Throws `OrganizationalUnitNotFoundException`, `DuplicateOrganizationalUnitException`. */
  async rename(organization: OrganizationRecord, id: string, name: string): Promise<OrganizationalUnit> {
    return await changeOrganization(this.#db, organization.id, async transaction => {
      const unit = await demandUnit(transaction, organization.id, id);
      if (unit.name === name) return unit;
      await demandFreeName(transaction, organization.id, unit.above.at(-1)!, name);
      const renamed = { ...unit, name };
      transaction.put(organizationTables.units, [organization.id, id], renamed);
      return renamed;
    });
  }

  /** Throws `OrganizationalUnitNotFoundException`, `OrganizationalUnitNotEmptyException`. */
  async delete(organization: OrganizationRecord, id: string): Promise<void> {
    await changeOrganization(this.#db, organization.id, async transaction => {
      const unit = await demandUnit(transaction, organization.id, id);
      if ((await transaction.list(organizationTables.children, [organization.id, id], 1)).length > 0) {
        throw organizationErrors.OrganizationalUnitNotEmptyException();
      }
      await dropAttachments(transaction, organization.id, id);
      transaction.delete(organizationTables.units, organization.id, id);
      transaction.delete(organizationTables.children, organization.id, unit.above.at(-1)!, 'unit', id);
    });
  }

  /** The ids of a parent's children of one kind, in their order. Throws `ParentNotFoundException`. */
  async children(
    organization: OrganizationRecord,
    parent: string,
    kind: ChildKind,
    { after, limit }: Page,
  ): Promise<string[]> {
    if (parent !== organization.rootId && (await this.find(organization.id, parent)) === undefined) {
      throw organizationErrors.ParentNotFoundException();
    }
    const prefix = [organization.id, parent, kind];
    const rows = await this.#db.list(organizationTables.children, prefix, {
      after: after === undefined ? undefined : [...prefix, after],
      limit,
    });
    return rows.map(({ parts }) => parts[3] as string);
  }
}

/** Throws `DuplicateOrganizationalUnitException`. */
export async function putUnit(
  transaction: Transaction,
  organization: string,
  unit: OrganizationalUnit,
): Promise<void> {
  const parent = unit.above.at(-1) as string;
  await demandFreeName(transaction, organization, parent, unit.name);
  transaction.put(organizationTables.units, [organization, unit.id], unit);
  transaction.put(organizationTables.children, [organization, parent, 'unit', unit.id], true);
}

/** The ids from the root to that root or unit, itself included; `undefined` where there is none. */
export async function pathTo(
  transaction: Transaction,
  { id, rootId }: OrganizationRecord,
  parent: string,
): Promise<readonly string[] | undefined> {
  if (parent === rootId) return [rootId];
  const unit = await transaction.get(organizationTables.units, id, parent);
  return unit && [...unit.above, unit.id];
}

async function demandUnit(
  transaction: Transaction,
  organization: string,
  id: string,
): Promise<OrganizationalUnit> {
  const unit = await transaction.get(organizationTables.units, organization, id);
  if (unit === undefined) throw organizationErrors.OrganizationalUnitNotFoundException();
  return unit;
}

/** Names are unique among the units of one parent. */
async function demandFreeName(
  transaction: Transaction,
  organization: string,
  parent: string,
  name: string,
): Promise<void> {
  const { children, units } = organizationTables;
  for (const { parts } of await transaction.list(children, [organization, parent, 'unit'])) {
    const unit = await transaction.get(units, organization, parts[3] as string);
    if (unit?.name === name) throw organizationErrors.DuplicateOrganizationalUnitException();
  }
}
