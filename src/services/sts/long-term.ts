import type { Call } from '../../core/operation.js';
import { accountOf } from './credentials.js';

/** Root users' sessions last an hour at most; asking for more gets an hour (STS API Reference, GetSessionToken). */
const LONGEST_OF_ROOT = 3600;
const LONGEST = 129_600;

/** Whom a session stands for that is made with a long-term key, and how many seconds it may last. */
export function longTermEntity(call: Call): { entity: string; entityId: string; longest: number } {
  const { principal, userId } = call.caller;
  if (principal.type === 'root')
    return { entity: '', entityId: accountOf(call).id, longest: LONGEST_OF_ROOT };
  const name = principal.arn.slice(principal.arn.lastIndexOf('/') + 1);
  return { entity: name.toLowerCase(), entityId: userId, longest: LONGEST };
}
