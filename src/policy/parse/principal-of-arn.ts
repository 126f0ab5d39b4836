/** Reads who asks from an ARN, for tools that are given no more. */

import { parseArn } from '../evaluate/arn.js';
import type { Context, Principal } from '../types.js';

/**
 * The principal that an ARN, a service's name (`ec2.amazonaws.com`) or `*` (anonymous) stands for. The ARN of a role
 * stands for a session of it. What the ARN does not tell (unique ids, the path of a session's role) is left out.
 * Throws `RangeError` for text that names no principal.
 */
export function principalOfArn(text: string): Principal {
  if (text === '*') return { type: 'anonymous', arn: '*' };
  const arn = parseArn(text);
  if (!arn) {
    if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i.test(text)) return { type: 'service', arn: text };
    throw new RangeError(`"${text}" is no principal: an ARN, the name of a service, or "*".`);
  }
  const { partition, account, service } = arn;
  const [kind, ...rest] = arn.resource.split('/');
  const name = rest.at(-1) ?? '';
  const sts = `arn:${partition}:sts::${account}`;
  const iam = `arn:${partition}:iam::${account}`;
  const of = `${service}:${kind}`;
  if (of === 'iam:root' && rest.length === 0) return { type: 'root', arn: text, account };
  if (of === 'iam:user' && name) return { type: 'user', arn: text, account };
  if (of === 'iam:role' && name)
    return { type: 'assumed-role', arn: `${sts}:assumed-role/${name}/session`, account, roleArn: text };
  if (of === 'sts:assumed-role' && rest.length === 2)
    return { type: 'assumed-role', arn: text, account, roleArn: `${iam}:role/${rest[0]}` };
  if (of === 'sts:federated-user' && name) return { type: 'federated-user', arn: text, account };
  throw new RangeError(
    `"${text}" is no principal: root, user/…, role/…, assumed-role/… or federated-user/….`,
  );
}

/** The condition keys that follow from the principal alone ("AWS global condition context keys"). */
export function contextOfPrincipal(principal: Principal): Context {
  const { type, arn, account, roleArn } = principal;
  if (account === undefined) return {};
  const types = {
    root: 'Account',
    user: 'User',
    'assumed-role': 'AssumedRole',
    'federated-user': 'FederatedUser',
  };
  return {
    'aws:PrincipalArn': roleArn ?? arn,
    'aws:PrincipalAccount': account,
    'aws:PrincipalType': types[type as keyof typeof types],
    ...(type === 'user' && { 'aws:username': arn.slice(arn.lastIndexOf('/') + 1) }),
  };
}
