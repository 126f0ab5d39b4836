import type { Call, Operation } from '../../core/operation.js';
import type { Account, SessionCredentials } from '../../identity/index.js';
import { denied, homeOf, type KarikagiPorts } from './ports.js';

interface Input {
  /** 900 to 43,200; default 43,200. */
  readonly DurationSeconds?: number;
  /** Of one of the caller's MFA devices, with its code. */
  readonly SerialNumber?: string;
  readonly TokenCode?: string;
}

interface Output {
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly Expiration: Date;
  };
}

/**
 * Temporary credentials of the calling user itself for work at the console, in exchange for its access key. Unlike
 * GetSessionToken's they may call IAM, as the credentials behind AWS's console may. No policy controls it, as none
 * controls GetSessionToken: it gives no more than the access key itself.
 */
export const CreateConsoleSession: Operation<KarikagiPorts, Input, Output, Account> = {
  resolve(_input, call) {
    if (call.caller.credentials !== 'long-term') {
      throw denied('Cannot call CreateConsoleSession with session credentials.');
    }
    return { requires: [], subject: homeOf(call) };
  },
  async run(home, input, call, { identity }) {
    const mfa = await provesMfa(input, home, call, identity);
    const { principal, userId, accessKeyId = '' } = call.caller;
    const name = principal.arn.slice(principal.arn.lastIndexOf('/') + 1);
    const user = principal.type === 'root' ? undefined : { id: userId, name };
    const { sourceIp, region } = call;
    const issuer = { arn: principal.arn, accessKeyId, sourceIp, region };
    return shapeOf(await identity.signIn.session(home, user, mfa, issuer, input.DurationSeconds));
  },
};

/** Throws `AccessDeniedException` for a second factor that does not hold. */
async function provesMfa(
  { SerialNumber, TokenCode }: Input,
  home: Account,
  call: Call,
  identity: KarikagiPorts['identity'],
): Promise<boolean> {
  if (SerialNumber === undefined && TokenCode === undefined) return false;
  const { uniqueId = home.id } = call.caller.principal;
  if (SerialNumber !== undefined && TokenCode !== undefined) {
    if (await identity.mfaDevices.authenticate(home, SerialNumber, uniqueId, TokenCode)) return true;
  }
  throw denied('MultiFactorAuthentication failed: the code is not one of a device of the caller.');
}

function shapeOf({ accessKeyId, secretAccessKey, sessionToken, expires }: SessionCredentials): Output {
  return {
    Credentials: {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: new Date(expires),
    },
  };
}
