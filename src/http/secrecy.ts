/** Secrets that requests carry in the clear cross no network without TLS. */
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceTraits } from '../core/service.js';
import { isLoopback } from './sources.js';
import type { Connection } from './state.js';

/** Whether the way is private: over TLS, or inside this machine. */
export function isPrivate({ secure, sourceIp }: Connection): boolean {
  return secure || isLoopback(sourceIp);
}

/**
 * Throws where a request brings a secret over a network without TLS, as its service has it. The secret has been seen by
 * then; the refusal keeps it from being of use.
 */
export function demandSecrecy(
  service: ServiceTraits,
  operation: string,
  request: HttpRequest,
  connection: Connection,
): void {
  if (isPrivate(connection)) return;
  const refusal = service.secretIn(operation, request);
  if (refusal) throw refusal;
}
