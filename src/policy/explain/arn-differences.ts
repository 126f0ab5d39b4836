/** In which one way two ARNs differ. */

import { matchesArn } from '../evaluate/arn.js';
import type { NearMissKind } from './types.js';

export const REMARKS: Partial<Record<NearMissKind, string>> = {
  case: ' (upper and lower case differ)',
  partition: ' (another partition)',
  region: ' (another region)',
  account: ' (another account)',
  path: ' (the path differs)',
};

/** Which single component of two ARNs differs; a foreign partition brings its own regions. */
export function componentKind(
  wanted: readonly string[],
  needed: readonly string[] | undefined,
): NearMissKind | undefined {
  if (!needed || wanted.length < 6) return undefined;
  const [, partition, service, region, account] = needed.map((part, i) =>
    matchesArn(wanted[i] as string, part),
  );
  const resource = wanted.slice(5).join(':');
  const sameResource = matchesArn(resource, needed[5] as string);
  if (!service) return undefined;
  if (sameResource) {
    if (!partition && account) return 'partition';
    if (partition && !region && account) return 'region';
    if (partition && region && !account) return 'account';
    return undefined;
  }
  return partition && account && needed[2] === 'iam' && sameName(resource, needed[5] as string)
    ? 'path'
    : undefined;
}

/** `role/app` and `role/team/app`: one kind and name, different paths. */
function sameName(one: string, other: string): boolean {
  const [kind, ...rest] = one.split('/');
  const [otherKind, ...otherRest] = other.split('/');
  return kind === otherKind && rest.length > 0 && rest.at(-1) === otherRest.at(-1);
}
