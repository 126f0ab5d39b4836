/**
 * What STS answers to a federated identity that it does not accept. Source: STS API Reference,
 * AssumeRoleWithWebIdentity and AssumeRoleWithSAML, "Errors".
 */
import { errorTable } from '../../core/errors.js';

const said = (message: string) => message;

export const federationErrors = errorTable({
  ExpiredTokenException: [400, said],
  IDPCommunicationError: [400, said],
  IDPRejectedClaim: [403, said],
  InvalidIdentityToken: [400, said],
});
