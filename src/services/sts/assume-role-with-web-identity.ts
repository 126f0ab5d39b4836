import type {
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse,
} from '@aws-sdk/client-sts';
import type { NamedOperation } from '../../core/operation.js';
import type { FederatedIdentity, Identity } from '../../identity/index.js';
import { credentialsOf, tokenSizeOf } from './credentials.js';
import { stsErrors } from './errors.js';
import { federatedRequirements, issueFederated } from './federated-session.js';
import type { StsPorts } from './ports.js';
import { roleNameOf } from './target-role.js';

const DEFAULT_DURATION = 3600;

/** Tokens verified for a request that has yet to run. */
const verified = new WeakMap<AssumeRoleWithWebIdentityRequest, FederatedIdentity>();

/** Whom the request's token is for. A provider counts in the account of the role alone. */
async function verify(
  input: AssumeRoleWithWebIdentityRequest,
  identity: Identity,
): Promise<FederatedIdentity> {
  const known = verified.get(input);
  if (known !== undefined) return known;
  if (input.ProviderId !== undefined) {
    throw stsErrors.ValidationError([
      'ProviderId is for OAuth 2.0 access tokens, which are not accepted here: pass an OpenID Connect ID token without it.',
    ]);
  }
  const account = await identity.account(roleNameOf(input.RoleArn!).account);
  if (account === undefined) {
    throw stsErrors.AccessDenied(['Not authorized to perform sts:AssumeRoleWithWebIdentity']);
  }
  const federated = await identity.oidcTokens.verify(account, input.WebIdentityToken!);
  verified.set(input, federated);
  return federated;
}

/**
 * Temporary credentials of a role for whoever an OpenID Connect provider vouches for. Source: STS API Reference,
 * AssumeRoleWithWebIdentity.
 */
export const assumeRoleWithWebIdentity: NamedOperation<
  StsPorts,
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse
> = {
  name: 'AssumeRoleWithWebIdentity',

  async requires(input, _call, { identity }) {
    const federated = await verify(input, identity);
    const action = 'sts:AssumeRoleWithWebIdentity';
    return await federatedRequirements(action, input, federated, input.RoleSessionName!, identity);
  },

  async run(input, call, { identity }) {
    const federated = await verify(input, identity);
    const session = {
      sessionName: input.RoleSessionName!,
      duration: input.DurationSeconds ?? DEFAULT_DURATION,
    };
    const { issued, assumedRole } = await issueFederated(input, call, federated, session, identity);
    return {
      Credentials: credentialsOf(issued),
      SubjectFromWebIdentityToken: federated.subject,
      AssumedRoleUser: assumedRole,
      PackedPolicySize: issued.packedPolicySize,
      ...tokenSizeOf(issued),
      // The provider's ARN: what AWS answers for providers made in IAM.
      Provider: federated.provider,
      Audience: federated.audience,
      SourceIdentity: federated.sourceIdentity,
    };
  },
};
