/** The policies of users, groups and roles: inline, attached, boundary. */

import type { Account } from '../../core/caller.js';
import type { Database, Table, Transaction } from '../../store/tables.js';
import { quotas } from '../accounts/quotas.js';
import { demandModifiable, LINKED_PATH } from '../entities/protected-roles.js';
import { errors, overQuota } from '../errors.js';
import {
  type BoundedEntity,
  type Entity,
  type Group,
  type InlinePolicy,
  type Role,
  tables,
  type User,
} from '../model.js';
import { beginUse, checkPolicyArn, endUse, type PolicyHolder } from './managed-policies.js';
import { checkDocument, totalSize } from './policy-documents.js';

export type HolderKind = 'user' | 'group' | 'role';

interface HolderTypes {
  user: User;
  group: Group;
  role: Role;
}

const QUOTAS: Readonly<Record<HolderKind, string>> = {
  user: 'PoliciesPerUser',
  group: 'PoliciesPerGroup',
  role: 'PoliciesPerRole',
};

const TABLES: { readonly [K in HolderKind]: Table<HolderTypes[K]> } = {
  user: tables.users,
  group: tables.groups,
  role: tables.roles,
};

/** `The user with name X cannot be found.` */
export function noSuchEntity(kind: HolderKind, name: string) {
  return errors.NoSuchEntity(`The ${kind} with name ${name} cannot be found.`);
}

/** The entity of that name within a transaction. Throws `NoSuchEntity`. */
export async function demandEntity<K extends HolderKind>(
  transaction: Transaction,
  home: Account,
  kind: K,
  name: string,
): Promise<HolderTypes[K]> {
  const entity = await transaction.get(TABLES[kind], home.id, name.toLowerCase());
  if (entity === undefined) throw noSuchEntity(kind, name);
  return entity;
}

/**
 * Puts, attaches and removes the policies of users, groups and roles. Everything throws `NoSuchEntity` where
 * the entity does not exist.
 */
export class EntityPolicies {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Throws `MalformedPolicyDocument`, `LimitExceeded`. */
  async putInline(home: Account, kind: HolderKind, name: string, policy: InlinePolicy): Promise<void> {
    await this.#change(home, kind, name, entity => {
      checkDocument(policy.document, 'identity', { partition: home.partition });
      const others = entity.inline.filter(other => other.name !== policy.name);
      const inline = [...others, policy].sort((a, b) => (a.name < b.name ? -1 : 1));
      const most = quotas.inlinePolicySize[kind];
      if (totalSize(inline.map(({ document }) => document)) > most) {
        const limit = `Maximum policy size of ${most} bytes exceeded`;
        throw errors.LimitExceeded(`${limit} for ${kind} ${entity.name}`);
      }
      return { ...entity, inline };
    });
  }

  async deleteInline(home: Account, kind: HolderKind, name: string, policyName: string): Promise<void> {
    await this.#change(home, kind, name, entity => {
      inlinePolicy(entity, kind, policyName);
      return { ...entity, inline: entity.inline.filter(other => other.name !== policyName) };
    });
  }

  /**
   * Attaching twice is attaching once. Throws `NoSuchEntity` for the policy, `LimitExceeded`, `InvalidInput`, and
   * `PolicyNotAttachable` for the policies of service-linked roles.
   */
  async attach(home: Account, kind: HolderKind, name: string, arn: string): Promise<void> {
    if (arn.includes(`:aws:policy${LINKED_PATH}`)) {
      throw errors.PolicyNotAttachable('Cannot attach a Service Role Policy to a Customer Role.');
    }
    await this.#change(home, kind, name, async (entity, transaction, holder) => {
      if (entity.attached.includes(arn)) return entity;
      await beginUse(transaction, home, arn, 'attached', holder);
      if (entity.attached.length >= quotas.attachedPolicies) {
        throw overQuota(QUOTAS[kind], quotas.attachedPolicies);
      }
      return { ...entity, attached: [...entity.attached, arn] };
    });
  }

  async detach(home: Account, kind: HolderKind, name: string, arn: string): Promise<void> {
    checkPolicyArn(home, arn);
    await this.#change(home, kind, name, async (entity, transaction, holder) => {
      if (!entity.attached.includes(arn)) throw errors.NoSuchEntity(`Policy ${arn} was not found.`);
      await endUse(transaction, home, arn, 'attached', holder);
      return { ...entity, attached: entity.attached.filter(other => other !== arn) };
    });
  }

  /** Sets the permissions boundary, or takes it away where `arn` is absent. */
  async setBoundary(
    home: Account,
    kind: 'user' | 'role',
    name: string,
    arn: string | undefined,
  ): Promise<void> {
    await this.#change(home, kind, name, async (entity, transaction, holder) => {
      await replaceBoundary(transaction, home, holder, entity.boundary, arn);
      return { ...entity, boundary: arn };
    });
  }

  async #change<K extends HolderKind>(
    home: Account,
    kind: K,
    name: string,
    change: (
      entity: HolderTypes[K],
      transaction: Transaction,
      holder: PolicyHolder,
    ) => HolderTypes[K] | Promise<HolderTypes[K]>,
  ): Promise<void> {
    const key = name.toLowerCase();
    await this.#db.transact(home.id, async transaction => {
      const entity = await demandEntity(transaction, home, kind, name);
      if (kind === 'role') demandModifiable(entity);
      const changed = await change(entity, transaction, { kind, name: key, id: entity.id });
      if (changed !== entity) transaction.put(TABLES[kind], [home.id, key], changed);
    });
  }
}

/** Throws `NoSuchEntity`. */
export function inlinePolicy(entity: Entity, kind: HolderKind, policyName: string): InlinePolicy {
  const found = entity.inline.find(({ name }) => name === policyName);
  if (found === undefined) {
    throw errors.NoSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`);
  }
  return found;
}

/** Throws `DeleteConflict` while the entity has policies. */
export function demandNoPolicies(entity: Entity): void {
  if (entity.attached.length > 0) {
    throw errors.DeleteConflict('Cannot delete entity, must detach all policies first.');
  }
  if (entity.inline.length > 0)
    throw errors.DeleteConflict('Cannot delete entity, must delete policies first.');
}

/** Notes that one permissions boundary takes the place of another. */
export async function replaceBoundary(
  transaction: Transaction,
  home: Account,
  holder: PolicyHolder,
  before: BoundedEntity['boundary'],
  after: BoundedEntity['boundary'],
): Promise<void> {
  if (before === after) return;
  if (before !== undefined) await endUse(transaction, home, before, 'boundary', holder);
  if (after !== undefined) await beginUse(transaction, home, after, 'boundary', holder);
}
