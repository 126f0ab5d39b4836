import { errorTable } from '../core/errors.js';

const own = (message: string) => message;

/**
 * KMS's errors: all but the internal one are answered with status 400 (KMS API Reference, "Common errors" and each
 * operation's).
 */
export const errors = errorTable({
  AccessDeniedException: [400, own],
  AlreadyExistsException: [400, own],
  CustomKeyStoreNotFoundException: [400, 'The specified custom key store does not exist.'],
  DisabledException: [400, (arn: string) => `${arn} is disabled.`],
  DryRunOperationException: [400, 'The request would have succeeded, but the DryRun option is set.'],
  ExpiredImportTokenException: [400, 'Import token has expired.'],
  IncorrectKeyException: [
    400,
    'The key ID in the request does not identify a CMK that can perform this operation.',
  ],
  IncorrectKeyMaterialException: [400, own],
  InvalidAliasNameException: [400, own],
  InvalidArnException: [400, own],
  InvalidCiphertextException: [400, ''],
  InvalidGrantIdException: [400, own],
  InvalidGrantTokenException: [400, 'A grant token in the request is not valid.'],
  InvalidImportTokenException: [400, 'Invalid import token.'],
  InvalidKeyUsageException: [400, own],
  InvalidMarkerException: [400, 'The marker in the request is not valid.'],
  KMSInternalException: [500, own],
  KMSInvalidMacException: [400, ''],
  KMSInvalidSignatureException: [400, ''],
  KMSInvalidStateException: [400, own],
  LimitExceededException: [400, own],
  MalformedPolicyDocumentException: [400, own],
  MissingAuthenticationTokenException: [400, 'Missing Authentication Token'],
  NotAuthorizedException: [400, ''],
  NotFoundException: [400, own],
  TagException: [400, own],
  // "Rate exceeded": as AWS answers who asks too often; the SDKs try again after a while.
  ThrottlingException: [400, 'Rate exceeded'],
  UnsupportedOperationException: [400, own],
  ValidationException: [400, own],
});
