/** Which credentials may call which operation, and the shape in which STS hands out new ones. */
import type { Credentials } from '@aws-sdk/client-sts';
import type { Account, Caller, IssuedSession } from '../../identity/index.js';
import type { Call } from '../../operation.js';
import { stsErrors } from './errors.js';

/** The caller's account. Throws `MissingAuthenticationToken` for anonymous callers. */
export function accountOf({ caller }: Call): Account {
  if (caller.account === undefined) throw stsErrors.MissingAuthenticationToken();
  return caller.account;
}

/**
 * Throws `AccessDenied` where the operation is not open to the caller's kind of credentials. Sources: STS API
 * Reference, GetSessionToken and GetFederationToken ("Permissions"); IAM User Guide, "Compare AWS STS credentials".
 */
export function demandCredentials(
  call: Call,
  operation: string,
  kinds: readonly Caller['credentials'][],
): void {
  accountOf(call);
  if (!kinds.includes(call.caller.credentials)) {
    throw stsErrors.AccessDenied([`Cannot call ${operation} with session credentials`]);
  }
}

export function credentialsOf({ credentials }: IssuedSession): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expires } = credentials;
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: new Date(expires),
  };
}

/** Who asks for the session, for its record. */
export function issuerOf({ caller, sourceIp, region }: Call) {
  return { arn: caller.principal.arn, accessKeyId: caller.accessKeyId ?? '', sourceIp, region };
}
