/** Roles of AWS's services, which accounts see and do not change. */
import { errors } from '../errors.js';
import type { Role } from '../model.js';

/** The path of these roles goes on with the service. */
export const LINKED_PATH = '/aws-service-role/';

export function isServiceLinked({ path }: Pick<Role, 'path'>): boolean {
  return path.startsWith(LINKED_PATH);
}

/** Throws `UnmodifiableEntity` for the role of a service. */
export function demandModifiable(role: Pick<Role, 'path' | 'name'>): void {
  if (!isServiceLinked(role)) return;
  throw errors.UnmodifiableEntity(
    `Cannot perform the operation on the protected role '${role.name}' - this role is only modifiable by AWS`,
  );
}
