/** Roles that belong to an AWS service: made for it, assumed by it alone, changed by it alone. */

import { randomUUID } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { DAY_MS } from '../../core/time.js';
import { type Database, table } from '../../store/tables.js';
import { errors } from '../errors.js';
import type { Role } from '../model.js';
import { demandEntity } from '../policies/entity-policies.js';
import { beginUse, endUse } from '../policies/managed-policies.js';
import { LINKED_SERVICES, type LinkedService } from './linked-services.js';
import { isServiceLinked, LINKED_PATH } from './protected-roles.js';
import { addRole, demandFreeRole, dropRole, newRole } from './role-records.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A role's deletion, which is done when it is answered. */
interface Deletion {
  /** `task/aws-service-role/SERVICE/ROLE/UUID` */
  readonly task: string;
  readonly done: number;
}

/** Keys: account, the UUID of the task. */
const deletions = table<Deletion>('role-deletion');

interface NewLinkedRole {
  /** `autoscaling.amazonaws.com` */
  readonly service: string;
  readonly suffix?: string | undefined;
  readonly description?: string | undefined;
}

export function linkedService(service: string): LinkedService | undefined {
  return LINKED_SERVICES.find(linked => linked.service === service);
}

/** The name of a service's role, and of one of several where it takes a suffix. */
export function linkedRoleName({ role }: LinkedService, suffix: string | undefined): string {
  return suffix === undefined ? role : `${role}_${suffix}`;
}

/** The trust policy of a service's role. */
function linkedTrust(service: string): string {
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

export class ServiceLinkedRoles {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `InvalidInput` for an unknown service, a suffix that it does not take and a role that is there already. */
  async create(home: Account, { service, suffix, description }: NewLinkedRole): Promise<Role> {
    const linked = linkedService(service);
    if (linked === undefined) {
      throw errors.InvalidInput(`The service ${service} has no service-linked role.`);
    }
    if (suffix !== undefined && !linked.suffix) {
      throw errors.InvalidInput(`Custom suffix is not allowed for ${service}`);
    }
    const name = linkedRoleName(linked, suffix);
    const policy = `arn:${home.partition}:iam::aws:policy${LINKED_PATH}${linked.policy}`;
    return await this.#db.transact(home.id, async transaction => {
      await demandFreeRole(transaction, home, name, () =>
        errors.InvalidInput(
          `Service role name ${name} has been taken in this account, please try a different suffix.`,
        ),
      );
      const role = newRole(home, this.#clock.now(), {
        name,
        path: `${LINKED_PATH}${service}/`,
        trust: linkedTrust(service),
        description,
      });
      const holder = { kind: 'role', name: name.toLowerCase(), id: role.id } as const;
      await beginUse(transaction, home, policy, 'attached', holder);
      const attached = { ...role, attached: [policy] };
      await addRole(transaction, home, attached);
      return attached;
    });
  }

  /** Answers with the task of the deletion, which is done. Throws `NoSuchEntity` for what is no service's role. */
  async delete(home: Account, name: string): Promise<string> {
    const now = this.#clock.now();
    return await this.#db.transact(home.id, async transaction => {
      const role = await demandEntity(transaction, home, 'role', name);
      if (!isServiceLinked(role)) {
        throw errors.NoSuchEntity(`The service-linked role with name ${name} cannot be found.`);
      }
      const holder = { kind: 'role', name: role.name.toLowerCase(), id: role.id } as const;
      for (const arn of role.attached) await endUse(transaction, home, arn, 'attached', holder);
      await dropRole(transaction, home, role);
      for (const { parts, value } of await transaction.list(deletions, [home.id])) {
        if (value.done < now - DAY_MS) transaction.delete(deletions, ...parts);
      }
      const id = randomUUID();
      const task = `task${role.path}${role.name}/${id}`;
      transaction.put(deletions, [home.id, id], { task, done: now });
      return task;
    });
  }

  /** Throws `NoSuchEntity` for a task that is not known, or no longer: a day after it was done. */
  async demandDeletion(home: Account, task: string): Promise<void> {
    const id = task.slice(task.lastIndexOf('/') + 1);
    const found = UUID.test(id) ? await this.#db.get(deletions, home.id, id) : undefined;
    if (found?.task !== task) throw errors.NoSuchEntity(`Deletion task ${task} cannot be found.`);
  }
}
