/** The second factor in requests to STS. */

import type { Call } from '../../core/operation.js';
import type { Identity } from '../../identity/index.js';
import { accountOf } from './credentials.js';
import { stsErrors } from './errors.js';

interface MfaInput {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}

/**
 * Whether the request proves a second factor of the calling user; a right code is used up. Throws `AccessDenied`
 * where it brings one that does not hold. Source: IAM User Guide, "Secure API access with MFA".
 */
export async function provesMfa(input: MfaInput, call: Call, identity: Identity): Promise<boolean> {
  const { SerialNumber: serial, TokenCode: code } = input;
  if (serial === undefined && code === undefined) return false;
  const account = accountOf(call);
  const { type, uniqueId = account.id } = call.caller.principal;
  const mayHaveDevices = type === 'user' || type === 'root';
  if (serial === undefined || code === undefined || !mayHaveDevices) throw unknownDevice();
  const device = await identity.mfaDevices.find(account, serial);
  if (device === undefined || device.owner !== uniqueId) throw unknownDevice();
  if (await identity.mfaDevices.authenticate(account, serial, uniqueId, code)) return true;
  throw stsErrors.AccessDenied(['MultiFactorAuthentication failed with invalid MFA one time pass code. '], {
    advice:
      'Send the code that the device shows now; each code is good once. If codes never hold, resynchronize the device (aws iam resync-mfa-device).',
  });
}

function unknownDevice() {
  return stsErrors.AccessDenied(
    [
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    ],
    {
      advice:
        'Send SerialNumber and TokenCode of a device that is enabled for the calling user itself (aws iam list-mfa-devices); sessions of roles have none.',
    },
  );
}
