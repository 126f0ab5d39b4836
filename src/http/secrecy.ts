/** Secrets that requests carry in the clear cross no network without TLS. */
import { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceId } from '../core/operation.js';
import { isLoopback } from './sources.js';
import type { Connection } from './state.js';

/** Headers with a customer's key (SSE-C): of an object, and of the source of a copy. */
const KEY_HEADERS = [
  'x-amz-server-side-encryption-customer-key',
  'x-amz-copy-source-server-side-encryption-customer-key',
];

/** Operations of IAM that carry a password. */
const WITH_PASSWORD = new Set(['ChangePassword', 'CreateLoginProfile', 'UpdateLoginProfile']);

/** Whether nobody on the way reads along: over TLS, or inside this machine. */
export function isPrivate({ secure, sourceIp }: Connection): boolean {
  return secure || isLoopback(sourceIp);
}

/**
 * Throws where a request brings a customer's key (S3's InvalidRequest) or a password (AccessDenied) over a network
 * without TLS. The secret has been seen by then; the refusal keeps it from being of use.
 * Source: "Using server-side encryption with customer-provided keys", S3 User Guide: "Amazon S3 rejects any requests
 * made over HTTP when using SSE-C". IAM has no endpoint without TLS.
 */
export function demandSecrecy(
  service: ServiceId,
  operation: string,
  { headers }: HttpRequest,
  connection: Connection,
): void {
  if (isPrivate(connection)) return;
  if (service === 's3' && KEY_HEADERS.some(name => headers.has(name))) {
    throw new ApiError(
      'InvalidRequest',
      400,
      'Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.',
    );
  }
  if (service === 'iam' && WITH_PASSWORD.has(operation)) throw insecurePassword();
}

/** The refusal of a password that came without TLS. */
export function insecurePassword(): ApiError {
  return new ApiError('AccessDenied', 403, 'Passwords must be sent over a secure connection.', {
    advice:
      'Send passwords over https (serve --tls-cert and --tls-key, or --tls self-signed), or from the machine itself.',
  });
}
