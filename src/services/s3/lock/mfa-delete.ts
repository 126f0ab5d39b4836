/** MFA delete: what is deleted for good takes a second factor ("Configuring MFA delete", S3 User Guide). */

import type { Call } from '../../../core/operation.js';
import { s3Errors } from '../../../core/s3-errors.js';
import type { Bucket } from '../../../objects/index.js';
import type { S3Ports } from '../ports.js';

export interface MfaInput {
  /** `x-amz-mfa`: a device's serial number and the code that it shows. */
  readonly MFA?: string | undefined;
}

/**
 * Demands a second factor of the root user of the bucket's account: no other caller may do what takes one. The code is
 * used up. Throws AccessDenied.
 */
export async function demandMfa(
  bucket: Bucket,
  { MFA }: MfaInput,
  call: Call,
  ports: S3Ports,
): Promise<void> {
  if (MFA === undefined) throw mfaNeeded();
  const { principal, account } = call.caller;
  if (principal.type !== 'root' || account?.id !== bucket.owner) {
    throw s3Errors.AccessDenied('This operation may only be performed by the bucket owner', {
      owner: bucket.owner,
      advice: 'MFA Delete takes the root user of the bucket’s account, with a code of its device.',
    });
  }
  const [serial = '', code = '', ...rest] = MFA.split(' ');
  if (rest.length > 0 || !(await ports.provesMfa(account, serial, code))) {
    throw mfaNeeded('the code in x-amz-mfa is not one that a device of the root user shows now');
  }
}

/** The refusal of a request that proves no second factor. `reason`: for the log. */
export function mfaNeeded(reason?: string): Error {
  return s3Errors.AccessDenied('Mfa Authentication must be used for this request', {
    ...(reason !== undefined && { reason }),
    advice:
      'The bucket has MFA Delete: as the root user of its account send x-amz-mfa with the serial number of the device and its present code.',
  });
}

/** Throws InvalidBucketState: rules delete without anybody who could prove anything. */
export function demandNoMfaBesideRules(bucket: Pick<Bucket, 'mfaDelete' | 'lifecycle'>): void {
  if (bucket.mfaDelete !== 'Enabled' || bucket.lifecycle === undefined) return;
  throw s3Errors.InvalidBucketState(
    'Mfa Authentication is not supported on a bucket with lifecycle configuration. Delete lifecycle configuration before enabling Mfa Authentication.',
  );
}
