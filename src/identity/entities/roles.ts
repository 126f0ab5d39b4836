import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { policySize } from '../../policy/index.js';
import type { Database } from '../../store/tables.js';
import { quotas } from '../accounts/quotas.js';
import { errors, overQuota } from '../errors.js';
import { type Role, type Tags, tables } from '../model.js';
import type { Page } from '../page.js';
import {
  demandEntity,
  demandNoPolicies,
  noSuchEntity,
  replaceBoundary,
} from '../policies/entity-policies.js';
import { checkDocument, malformed } from '../policies/policy-documents.js';
import type { Principals } from './principals.js';
import { demandModifiable, isServiceLinked } from './protected-roles.js';
import { addRole, demandFreeRole, dropRole, newRole } from './role-records.js';
import { mergeTags, withoutTags } from './tags.js';

interface NewRole {
  readonly name: string;
  readonly path?: string | undefined;
  /** The trust policy as its author wrote it. */
  readonly trust: string;
  readonly description?: string | undefined;
  /** Seconds, 3,600 to 43,200; default 3,600. */
  readonly maxSessionDuration?: number | undefined;
  readonly boundary?: string | undefined;
  readonly tags?: Tags;
}

interface RoleChanges {
  readonly description?: string | undefined;
  readonly maxSessionDuration?: number | undefined;
}

/** Roles. Everything throws `NoSuchEntity` for a name that is not there. */
export class Roles {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #principals: Principals;

  constructor(db: Database, clock: Clock, principals: Principals) {
    this.#db = db;
    this.#clock = clock;
    this.#principals = principals;
  }

  /**
   * Throws `EntityAlreadyExists`, `MalformedPolicyDocument`, `LimitExceeded`, and `InvalidInput` for the paths that are
   * AWS's own ("IAM identifiers"; tilfin/aws-iam-policy-tool#9 has the sentence).
   */
  async create(home: Account, input: NewRole): Promise<Role> {
    const { path = '/' } = input;
    if (isServiceLinked({ path })) {
      throw errors.InvalidInput(
        "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
      );
    }
    if (path.startsWith('/aws-reserved/')) {
      throw errors.InvalidInput("Path prefix '/aws-reserved/' can only be used by AWS");
    }
    const trust = await this.#trust(home, input.trust);
    return await this.#db.transact(home.id, async transaction => {
      await demandFreeRole(transaction, home, input.name, () =>
        errors.EntityAlreadyExists(`Role with name ${input.name} already exists.`),
      );
      const role = newRole(home, this.#clock.now(), { ...input, path, trust });
      const holder = { kind: 'role', name: role.name.toLowerCase(), id: role.id } as const;
      await replaceBoundary(transaction, home, holder, undefined, role.boundary);
      await addRole(transaction, home, role);
      return role;
    });
  }

  async find(account: string, name: string): Promise<Role | undefined> {
    return await this.#db.get(tables.roles, account, name.toLowerCase());
  }

  async get(account: string, name: string): Promise<Role> {
    return this.demand(await this.find(account, name), name);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(role: Role | undefined, name: string): Role {
    if (role === undefined) throw noSuchEntity('role', name);
    return role;
  }

  /** In the order of their names. */
  async list(account: string, page: Page): Promise<Role[]> {
    const after = page.after === undefined ? undefined : [account, page.after];
    const rows = await this.#db.list(tables.roles, [account], { after, limit: page.limit });
    return rows.map(row => row.value);
  }

  /** Throws `DeleteConflict` while it has policies or is in an instance profile, `UnmodifiableEntity`. */
  async delete(home: Account, name: string): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const role = await demandEntity(transaction, home, 'role', name);
      demandModifiable(role);
      if (role.profiles.length > 0) {
        throw errors.DeleteConflict('Cannot delete entity, must remove roles from instance profile first.');
      }
      demandNoPolicies(role);
      const holder = { kind: 'role', name: name.toLowerCase(), id: role.id } as const;
      await replaceBoundary(transaction, home, holder, role.boundary, undefined);
      await dropRole(transaction, home, role);
    });
  }

  /** Throws `UnmodifiableEntity` for the role of a service, but for its description. */
  async update(home: Account, name: string, changes: RoleChanges): Promise<Role> {
    return await this.#change(home, name, role => {
      if (changes.maxSessionDuration !== undefined) demandModifiable(role);
      return {
        ...role,
        description: changes.description ?? role.description,
        maxSessionDuration: changes.maxSessionDuration ?? role.maxSessionDuration,
      };
    });
  }

  /** Throws `MalformedPolicyDocument`, `LimitExceeded`, `UnmodifiableEntity`. */
  async setTrust(home: Account, name: string, document: string): Promise<void> {
    await this.get(home.id, name);
    const trust = await this.#trust(home, document);
    await this.#change(home, name, role => {
      demandModifiable(role);
      return { ...role, trust };
    });
  }

  /** Every session of the role that was issued before now is refused from the next request on. */
  async revokeSessions(home: Account, name: string): Promise<void> {
    await this.#change(home, name, role => ({ ...role, revokedBefore: this.#clock.now() }));
  }

  async tag(home: Account, name: string, tags: Tags): Promise<void> {
    await this.#change(home, name, role => ({ ...role, tags: mergeTags(role.tags, tags, 'TagsPerRole') }));
  }

  async untag(home: Account, name: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, name, role => ({ ...role, tags: withoutTags(role.tags, keys) }));
  }

  async #trust(home: Account, document: string): Promise<string> {
    checkDocument(document, 'trust', { partition: home.partition });
    if (policySize(document) > quotas.trustPolicySize)
      throw overQuota('ACLSizePerRole', quotas.trustPolicySize);
    try {
      return await this.#principals.toStored(document, 'trust', home.partition);
    } catch (error) {
      throw malformed(error);
    }
  }

  async #change(home: Account, name: string, change: (role: Role) => Role): Promise<Role> {
    return await this.#db.transact(home.id, async transaction => {
      const role = change(await demandEntity(transaction, home, 'role', name));
      transaction.put(tables.roles, [home.id, name.toLowerCase()], role);
      return role;
    });
  }
}
