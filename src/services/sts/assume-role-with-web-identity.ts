import type {
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse,
} from '@aws-sdk/client-sts';
import type { Call, Operation } from '../../core/operation.js';
import type { FederatedIdentity, Identity } from '../../identity/index.js';
import { credentialsOf, tokenSizeOf } from './credentials.js';
import { stsErrors } from './errors.js';
import { type FederatedSubject, issueFederated, resolveFederated } from './federated-session.js';
import type { StsPorts } from './ports.js';
import { accountOfRole } from './target-role.js';

const DEFAULT_DURATION = 3600;

/** Whom the request's token is for. A provider counts in the account of the role alone. */
async function verify(
  input: AssumeRoleWithWebIdentityRequest,
  { action }: Call,
  identity: Identity,
): Promise<FederatedIdentity> {
  if (input.ProviderId !== undefined) {
    throw stsErrors.ValidationError(
      'ProviderId is for OAuth 2.0 access tokens, which are not accepted here: pass an OpenID Connect ID token without it.',
    );
  }
  const account = await accountOfRole(identity, input.RoleArn!, action);
  return await identity.oidcTokens.verify(account, input.WebIdentityToken!);
}

/**
 * Temporary credentials of a role for an identity that an OpenID Connect provider vouches for. Source: STS API
 * Reference, AssumeRoleWithWebIdentity.
 */
export const AssumeRoleWithWebIdentity: Operation<
  StsPorts,
  AssumeRoleWithWebIdentityRequest,
  AssumeRoleWithWebIdentityResponse,
  FederatedSubject<FederatedIdentity>
> = {
  async resolve(input, call, { identity }) {
    const federated = await verify(input, call, identity);
    return await resolveFederated(call, input, federated, input.RoleSessionName!, identity);
  },

  async run(subject, input, call, { identity }) {
    const { federated } = subject;
    const session = {
      sessionName: input.RoleSessionName!,
      duration: input.DurationSeconds ?? DEFAULT_DURATION,
    };
    const { issued, assumedRole } = await issueFederated(subject, input, call, session, identity);
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
