import type { AssumeRoleWithSAMLRequest, AssumeRoleWithSAMLResponse } from '@aws-sdk/client-sts';
import type { Call, Operation } from '../../core/operation.js';
import type { Identity, SamlIdentity } from '../../identity/index.js';
import { credentialsOf } from './credentials.js';
import { stsErrors } from './errors.js';
import { type FederatedSubject, issueFederated, resolveFederated } from './federated-session.js';
import type { StsPorts } from './ports.js';
import { accountOfRole } from './target-role.js';

const DEFAULT_DURATION = 3600;
const SHORTEST = 900;

/** Whom the request's response is for. Role and provider belong to one account, and the assertion must pair them. */
async function verify(
  input: AssumeRoleWithSAMLRequest,
  { action, sourceIp }: Call,
  identity: Identity,
): Promise<SamlIdentity> {
  const { RoleArn: role, PrincipalArn: provider } = input;
  const account = await accountOfRole(identity, role!, action);
  const federated = await identity.samlResponses.verify(account, provider!, input.SAMLAssertion!, sourceIp);
  if (!federated.roles.some(pair => pair.role === role && pair.provider === provider)) {
    throw stsErrors.AccessDenied(`Not authorized to perform ${action}`, {
      advice:
        'Let the identity provider put the ARNs of this role and of this provider, as one pair, into the attribute https://aws.amazon.com/SAML/Attributes/Role.',
    });
  }
  return federated;
}

/** Seconds: what is asked for, else what the assertion says, and never beyond the identity provider's own session. */
function durationOf(input: AssumeRoleWithSAMLRequest, federated: SamlIdentity, call: Call): number {
  const wanted = input.DurationSeconds ?? federated.sessionDuration ?? DEFAULT_DURATION;
  if (federated.sessionEnd === undefined) return wanted;
  return Math.max(SHORTEST, Math.min(wanted, Math.floor((federated.sessionEnd - call.time) / 1000)));
}

/**
 * Temporary credentials of a role for an identity that a SAML 2.0 provider vouches for. Source: STS API Reference,
 * AssumeRoleWithSAML.
 */
export const AssumeRoleWithSAML: Operation<
  StsPorts,
  AssumeRoleWithSAMLRequest,
  AssumeRoleWithSAMLResponse,
  FederatedSubject<SamlIdentity>
> = {
  async resolve(input, call, { identity }) {
    const federated = await verify(input, call, identity);
    return await resolveFederated(call, input, federated, federated.roleSessionName, identity);
  },

  async run(subject, input, call, { identity }) {
    const { federated } = subject;
    const session = {
      sessionName: federated.roleSessionName,
      duration: durationOf(input, federated, call),
    };
    const { issued, assumedRole } = await issueFederated(subject, input, call, session, identity);
    return {
      Credentials: credentialsOf(issued),
      AssumedRoleUser: assumedRole,
      PackedPolicySize: issued.packedPolicySize,
      Subject: federated.subject,
      SubjectType: federated.subjectType,
      Issuer: federated.issuer,
      Audience: federated.audience,
      NameQualifier: federated.nameQualifier,
      SourceIdentity: federated.sourceIdentity,
    };
  },
};
