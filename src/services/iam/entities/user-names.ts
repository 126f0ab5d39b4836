/** Which user a request means that may leave the name out. */
import type { Call } from '../../../core/operation.js';
import { errors } from '../../../identity/index.js';

/**
 * The user that a request means: the named one, else the caller; `undefined` for the root user.
 * Throws `ValidationError` for callers that are no users.
 */
export function userNameOf(name: string | undefined, { caller }: Call): string | undefined {
  if (name !== undefined) return name;
  const { type, arn } = caller.principal;
  if (type === 'root') return undefined;
  if (type === 'user') return arn.slice(arn.lastIndexOf('/') + 1);
  throw errors.ValidationError('Must specify userName when calling with non-User credentials');
}

/** The user that a request means, for what root users do not have. Throws `ValidationError` for them too. */
export function namedUserOf(name: string | undefined, call: Call): string {
  const user = userNameOf(name, call);
  if (user === undefined) {
    throw errors.ValidationError('Must specify userName when calling with root credentials');
  }
  return user;
}
