/** The second factor in requests to STS. */

import type { Call } from '../../core/operation.js';
import type { Account, Identity } from '../../identity/index.js';
import { accountOf } from './credentials.js';
import { stsErrors } from './errors.js';

interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/** A code of one of the calling user's devices. */
export interface SecondFactor {
  readonly account: Account;
  readonly serial: string;
  readonly owner: string;
  readonly code: string;
  /** Whether the device showed it when the request was looked at. */
  readonly holds: boolean;
}

/**
 * The second factor that a request brings; `undefined` where it brings none. Nothing is written: `spend` uses the code
 * up, or counts that it is wrong. Throws `AccessDenied` for a device that is not the caller's. Source: IAM User Guide,
 * "Secure API access with MFA".
 */
export async function secondFactorOf(
  input: MfaInput,
  call: Call,
  identity: Identity,
): Promise<SecondFactor | undefined> {
  const { SerialNumber: serial, TokenCode: code } = input;
  if (serial === undefined && code === undefined) return undefined;
  const account = accountOf(call);
  const { type, uniqueId = account.id } = call.caller.principal;
  const mayHaveDevices = type === 'user' || type === 'root';
  if (serial === undefined || code === undefined || !mayHaveDevices) throw unknownDevice();
  const holds = await identity.mfaDevices.shows(account, serial, uniqueId, code);
  if (holds === undefined) throw unknownDevice();
  return { account, serial, owner: uniqueId, code, holds };
}

/**
 * Uses the code up. Throws `AccessDenied`, and has counted it, where it does not hold or another request was faster:
 * what was decided without it is not done, even where the device shows the code by now.
 */
export async function spend(factor: SecondFactor, identity: Identity): Promise<void> {
  const { account, serial, owner, code, holds } = factor;
  if ((await identity.mfaDevices.authenticate(account, serial, owner, code)) && holds) return;
  throw stsErrors.AccessDenied('MultiFactorAuthentication failed with invalid MFA one time pass code. ', {
    advice:
      'Send the code that the device shows now; each code is good once. If codes never hold, resynchronize the device (aws iam resync-mfa-device).',
  });
}

function unknownDevice() {
  return stsErrors.AccessDenied(
    'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    {
      advice:
        'Send SerialNumber and TokenCode of a device that is enabled for the calling user itself (aws iam list-mfa-devices); sessions of roles have none.',
    },
  );
}
