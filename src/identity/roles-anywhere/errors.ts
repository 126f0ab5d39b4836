/** Errors of IAM Roles Anywhere. Source: IAM Roles Anywhere API Reference, "Errors" of its operations. */
import { errorTable } from '../../core/errors.js';

const said = (message: string) => message;

export const anywhereErrors = errorTable({
  AccessDeniedException: [403, said],
  ResourceNotFoundException: [404, said],
  TooManyTagsException: [400, said],
  ValidationException: [400, said],
});

/** What is wrong with a certificate or a list of revoked ones, as a sentence. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}
