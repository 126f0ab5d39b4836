import type { Call } from '../../core/operation.js';
import type { Account, Identity } from '../../identity/index.js';
import { iamErrors } from './errors.js';

/** What IAM works on. */
export interface IamPorts {
  readonly identity: Identity;
}

/**
 * The account that the caller works in: IAM knows no other. Throws for callers that may not call IAM at all:
 * anonymous ones, federated users, and GetSessionToken's credentials without MFA (IAM User Guide, "Permissions
 * for GetSessionToken", "Permissions for GetFederationToken").
 */
export function homeOf({ caller }: Call): Account {
  if (caller.account === undefined)
    throw iamErrors.MissingAuthenticationToken({ advice: 'Sign the request.' });
  const withoutMfa =
    caller.credentials === 'session-token' && caller.context['aws:MultiFactorAuthPresent'] !== 'true';
  if (caller.credentials === 'federation-token' || withoutMfa) {
    throw iamErrors.InvalidClientTokenId({
      reason: 'IAM refuses these temporary credentials',
      advice:
        'Call IAM with an access key, a session of a role, or one of GetSessionToken that was asked for with a second factor: it takes no others.',
    });
  }
  return caller.account;
}
