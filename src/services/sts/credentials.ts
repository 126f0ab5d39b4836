/** Which credentials may call which operation, and the shape in which STS hands out new ones. */
import type { Credentials } from '@aws-sdk/client-sts';
import type { Call } from '../../core/operation.js';
import type { Account, Caller, IssuedSession } from '../../identity/index.js';
import { stsErrors } from './errors.js';

/** The caller's account. Throws `MissingAuthenticationToken` for anonymous callers. */
export function accountOf({ caller }: Call): Account {
  if (caller.account === undefined)
    throw stsErrors.MissingAuthenticationToken({ advice: 'Sign the request.' });
  return caller.account;
}

/**
 * Throws `AccessDenied` where the operation is not open to the caller's kind of credentials. Sources: STS API
 * Reference, GetSessionToken and GetFederationToken ("Permissions"); IAM User Guide, "Compare AWS STS credentials".
 */
export function demandCredentials(call: Call, kinds: readonly Caller['credentials'][]): void {
  accountOf(call);
  const { operation } = call;
  if (!kinds.includes(call.caller.credentials)) {
    throw stsErrors.AccessDenied(`Cannot call ${operation} with session credentials`, {
      advice: adviceFor(operation, call.caller.credentials),
    });
  }
}

/** What to do with which other credentials: no policy changes who may call the operation. */
function adviceFor(operation: string, credentials: Caller['credentials']): string {
  const of = {
    none: 'no credentials',
    'long-term': 'a long-term access key',
    'assume-role': 'a role’s session',
    'session-token': 'a session of GetSessionToken',
    'federation-token': 'a session of GetFederationToken',
    'sign-in': 'a session of the console',
    'assume-root': 'a session of AssumeRoot',
  }[credentials];
  const instead =
    operation === 'AssumeRole'
      ? 'the access key of a user, a role’s session or a session of GetSessionToken'
      : 'the long-term access key of a user';
  return `${operation} came with ${of}, and STS takes ${instead}: no policy changes that. Point the profile at other credentials${operation === 'GetSessionToken' ? ', or use the session that is there, as it lasts already' : ''}.`;
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

/** What a session token may have, in characters (STS API Reference, AssumeRole, `MinimumSessionTokenSize`). */
const MAX_TOKEN_SIZE = 4096;

/** The size that a request wants its session token to have at least. Throws `ValidationError`. */
export function minimumTokenSize({
  MinimumSessionTokenSize: size = 0,
}: {
  readonly MinimumSessionTokenSize?: number | undefined;
}): number {
  const bound = size < 0 ? 'greater than or equal to 0' : `less than or equal to ${MAX_TOKEN_SIZE}`;
  if (size < 0 || size > MAX_TOKEN_SIZE) {
    throw stsErrors.ValidationError(
      `1 validation error detected: Value '${size}' at 'minimumSessionTokenSize' failed to satisfy constraint: Member must have value ${bound}`,
    );
  }
  return size;
}

/** The members of a reply that tell how large the session token came out. */
export function tokenSizeOf({ credentials }: IssuedSession) {
  const size = credentials.sessionToken.length;
  return {
    SessionTokenSize: size,
    SessionTokenUtilization: Math.min(100, Math.ceil((100 * size) / MAX_TOKEN_SIZE)),
  };
}

/** Who asks for the session, for its record. */
export function issuerOf({ caller, sourceIp, region }: Call) {
  const { principal, accessKeyId = '', expires } = caller;
  return { arn: principal.arn, accessKeyId, sourceIp, region, expires };
}
