/**
 * ARNs of accounts and of what IAM and STS hold. Source: Service Authorization Reference, IAM and STS resource types.
 */

import type { Account } from '../core/caller.js';
import { parseArn } from '../policy/index.js';

export type EntityKind = 'user' | 'group' | 'role' | 'policy' | 'instance-profile' | 'server-certificate';

/** What IAM Roles Anywhere holds, by the words in its ARNs. */
export type AnywhereKind = 'trust-anchor' | 'profile' | 'crl' | 'subject';

type Home = Pick<Account, 'id' | 'partition'>;

/** `arn:aws:iam::111122223333:user/path/name`; `path` begins and ends with a slash. */
export function entityArn(kind: EntityKind, home: Home, path: string, name: string): string {
  return `arn:${home.partition}:iam::${home.id}:${kind}${path}${name}`;
}

/** An IAM entity that an ARN names. */
export interface EntityName {
  readonly partition: string;
  /** 12 digits, or `aws` for AWS managed policies. */
  readonly account: string;
  readonly kind: EntityKind;
  readonly path: string;
  readonly name: string;
}

const ENTITY =
  /^(user|group|role|policy|instance-profile|server-certificate)(\/(?:[\x21-\x7e]+\/)?)([\w+=,.@-]{1,128})$/;

/** Reads the ARN of an IAM entity; `undefined` where the text is none. */
export function parseEntityArn(text: string): EntityName | undefined {
  const arn = parseArn(text);
  if (arn === undefined || arn.service !== 'iam' || arn.region !== '') return undefined;
  const match = ENTITY.exec(arn.resource);
  if (match === null || !/^(\d{12}|aws)$/.test(arn.account)) return undefined;
  const { partition, account } = arn;
  return { partition, account, kind: match[1] as EntityKind, path: match[2]!, name: match[3]! };
}

export function rootArn(home: Home): string {
  return `arn:${home.partition}:iam::${home.id}:root`;
}

/** A role session's ARN: the role's name without its path, then the session's. */
export function assumedRoleArn(home: Home, roleName: string, sessionName: string): string {
  return `arn:${home.partition}:sts::${home.id}:assumed-role/${roleName}/${sessionName}`;
}

/** EC2's own form: `arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0`. */
export function instanceArn(home: Home, region: string, id: string): string {
  return `arn:${home.partition}:ec2:${region}:${home.id}:instance/${id}`;
}

/** A trust anchor, profile, revocation list or subject: `arn:aws:rolesanywhere:us-east-1:111122223333:profile/…`. */
export function anywhereArn(home: Home, region: string, kind: AnywhereKind, id: string): string {
  return `arn:${home.partition}:rolesanywhere:${region}:${home.id}:${kind}/${id}`;
}

export function federatedUserArn(home: Home, name: string): string {
  return `arn:${home.partition}:sts::${home.id}:federated-user/${name}`;
}
