/** Who a set of keys is, and how long a session of a role would last that they ask for. */

import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { type SessionCap, type SourceKind, sessionCap, sourceKindOf } from './session-cap.js';
import { ask, regionFor, type StsTarget, stsClient } from './sts-client.js';
import type { CredentialsProvider } from './types.js';

export interface CallerIdentity {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
  readonly accessKeyId: string;
  readonly kind: SourceKind;
  /** Absent for keys that do not end, and where their source does not say. */
  readonly expiration?: Date;
}

/** Asks GetCallerIdentity, which needs no permission. Throws `CredentialsError`. */
export async function callerIdentity(
  credentials: CredentialsProvider,
  target: StsTarget = {},
): Promise<CallerIdentity> {
  const keys = await credentials();
  const client = stsClient(target, 'arn:aws:iam:::', async () => keys);
  const output = await ask(
    () => client.send(new GetCallerIdentityCommand({})),
    'these credentials are not accepted',
  );
  client.destroy();
  const { Account = '', Arn = '', UserId = '' } = output;
  return {
    account: Account,
    arn: Arn,
    userId: UserId,
    accessKeyId: keys.accessKeyId,
    kind: sourceKindOf(Arn, keys.accessKeyId),
    ...(keys.expiration && { expiration: keys.expiration }),
  };
}

/**
 * The role's `MaxSessionDuration` in seconds; `undefined` where the caller may not read the role, or it is another
 * account's.
 */
export async function roleMaximum(
  credentials: CredentialsProvider,
  roleArn: string,
  target: StsTarget = {},
): Promise<number | undefined> {
  const { endpoint, profile } = target;
  const client = new IAMClient({
    region: () => regionFor(target, roleArn),
    credentials,
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
  });
  try {
    const { Role } = await client.send(new GetRoleCommand({ RoleName: roleArn.split('/').at(-1)! }));
    return Role?.Arn === roleArn ? Role.MaxSessionDuration : undefined;
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

/**
 * What caps a session of the role that these keys would ask for. Throws `CredentialsError` where they are not accepted.
 */
export async function capOf(
  credentials: CredentialsProvider,
  roleArn: string,
  asked: number | undefined,
  target: StsTarget = {},
): Promise<SessionCap> {
  const { kind } = await callerIdentity(credentials, target);
  return sessionCap({ source: kind, asked, roleMaximum: await roleMaximum(credentials, roleArn, target) });
}
