/** Says in which way a principal of a policy misses the caller. */

import { splitArn, splitPattern } from '../evaluate/arn.js';
import type { Principal } from '../types.js';
import { componentKind, REMARKS } from './arn-differences.js';
import type { Finding } from './finding.js';

const UNIQUE_ID = /^A(?:IDA|ROA)[A-Z0-9]{8,}$/;

/** `idsAreGone`: a unique id that is still in the policy has no owner. */
export function principalFinding(
  wanted: string,
  caller: Principal,
  idsAreGone: boolean,
): Finding | undefined {
  const entity = caller.roleArn ?? caller.arn;
  if (UNIQUE_ID.test(wanted)) return idFinding(wanted, caller, idsAreGone);
  const message = `the policy names ${wanted}, the caller is ${entity}`;
  if (wanted !== entity && wanted.toLowerCase() === entity.toLowerCase())
    return { kind: 'case', message: `${message} (upper and lower case differ)` };
  if (caller.type === 'assumed-role' && upToName(wanted) === upToName(caller.arn))
    return {
      kind: 'session-name',
      message: `the policy names the session ${wanted}, the caller is ${caller.arn}`,
    };
  const kind = splitArn(wanted) && componentKind(splitPattern(wanted), splitArn(entity));
  return kind && { kind, message: `${message}${REMARKS[kind] ?? ''}` };
}

/** An ARN without what follows its last slash. */
function upToName(arn: string): string {
  return arn.slice(0, arn.lastIndexOf('/') + 1);
}

function idFinding(wanted: string, caller: Principal, idsAreGone: boolean): Finding | undefined {
  if (caller.uniqueId?.slice(0, 4) !== wanted.slice(0, 4)) return undefined;
  const what = wanted.startsWith('AIDA') ? 'user' : 'role';
  if (idsAreGone) {
    const message = `the policy names ${wanted}, a ${what} that was deleted: one that was created again under its name is another, so save the policy with the ARN once more`;
    return { kind: 'recreated', message };
  }
  return {
    kind: 'recreated',
    message: `the policy names the unique id ${wanted}, the caller's is ${caller.uniqueId}: if the caller was deleted and created again under its old name, save the policy with its ARN once more`,
  };
}

const MOST_NAMES = 3;

/** Whom the policy lets in instead. */
export function otherPrincipals(wanted: readonly string[], caller: Principal): Finding | undefined {
  const named = wanted.filter(name => !UNIQUE_ID.test(name));
  if (named.length === 0) return undefined;
  const more = named.length > MOST_NAMES ? ` and ${named.length - MOST_NAMES} more` : '';
  const who = `${named.slice(0, MOST_NAMES).join(', ')}${more}`;
  const entity = caller.arn === '*' ? 'anonymous' : (caller.roleArn ?? caller.arn);
  return { kind: 'other-principal', message: `the statement names ${who}; the caller is ${entity}` };
}
