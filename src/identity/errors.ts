/** IAM's errors. Codes and statuses: IAM API Reference; words as AWS answers them. */
import { errorTable } from '../core/errors.js';

const said = (message: string) => message;

export const errors = errorTable({
  AccessDenied: [403, said],
  ConcurrentModification: [
    409,
    'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
  ],
  DeleteConflict: [409, said],
  DuplicateCertificate: [409, said],
  DuplicateSSHPublicKey: [400, said],
  EntityAlreadyExists: [409, said],
  InvalidCertificate: [400, said],
  InvalidInput: [400, said],
  InvalidPublicKey: [400, said],
  InvalidUserType: [400, said],
  KeyPairMismatch: [400, said],
  LimitExceeded: [409, said],
  MalformedCertificate: [400, said],
  MalformedPolicyDocument: [400, said],
  NoSuchEntity: [404, said],
  PackedPolicyTooLarge: [400, said],
  PasswordPolicyViolation: [400, said],
  PolicyNotAttachable: [400, said],
  ReportExpired: [
    410,
    'The most recent credential report has expired. Generate a new one with GenerateCredentialReport.',
  ],
  ReportNotPresent: [410, 'There is no credential report. Generate one with GenerateCredentialReport.'],
  // "Rate exceeded": as AWS answers who asks too often; the SDKs try again after a while.
  Throttling: [400, 'Rate exceeded'],
  UnmodifiableEntity: [400, said],
  UnrecognizedPublicKeyEncoding: [400, said],
  ValidationError: [400, said],
});

/** What a quota refuses: `Cannot exceed quota for AccessKeysPerUser: 2`. */
export function overQuota(quota: string, limit: number) {
  return errors.LimitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
}
