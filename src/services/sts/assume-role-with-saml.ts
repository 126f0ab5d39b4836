import type { AssumeRoleWithSAMLRequest, AssumeRoleWithSAMLResponse } from '@aws-sdk/client-sts';
import type { Call, NamedOperation } from '../../core/operation.js';
import type { Identity, SamlIdentity } from '../../identity/index.js';
import { credentialsOf } from './credentials.js';
import { stsErrors } from './errors.js';
import { federatedRequirements, issueFederated } from './federated-session.js';
import type { StsPorts } from './ports.js';
import { roleNameOf } from './target-role.js';

const ACTION = 'sts:AssumeRoleWithSAML';
const DEFAULT_DURATION = 3600;
const SHORTEST = 900;

/** Responses verified for a request that has yet to run. */
const verified = new WeakMap<AssumeRoleWithSAMLRequest, SamlIdentity>();

/** Whom the request's response is for. Role and provider belong to one account, and the assertion must pair them. */
async function verify(input: AssumeRoleWithSAMLRequest, identity: Identity): Promise<SamlIdentity> {
  const known = verified.get(input);
  if (known !== undefined) return known;
  const { RoleArn: role, PrincipalArn: provider } = input;
  const account = await identity.account(roleNameOf(role!).account);
  if (account === undefined) throw stsErrors.AccessDenied([`Not authorized to perform ${ACTION}`]);
  const federated = await identity.samlResponses.verify(account, provider!, input.SAMLAssertion!);
  if (!federated.roles.some(pair => pair.role === role && pair.provider === provider)) {
    throw stsErrors.AccessDenied([`Not authorized to perform ${ACTION}`]);
  }
  verified.set(input, federated);
  return federated;
}

/** Seconds: what is asked for, else what the assertion says, and never beyond the identity provider's own session. */
function durationOf(input: AssumeRoleWithSAMLRequest, federated: SamlIdentity, call: Call): number {
  const wanted = input.DurationSeconds ?? federated.sessionDuration ?? DEFAULT_DURATION;
  if (federated.sessionEnd === undefined) return wanted;
  return Math.max(SHORTEST, Math.min(wanted, Math.floor((federated.sessionEnd - call.time) / 1000)));
}

/**
 * Temporary credentials of a role for whoever a SAML 2.0 identity provider vouches for. Source: STS API Reference,
 * AssumeRoleWithSAML.
 */
export const assumeRoleWithSaml: NamedOperation<
  StsPorts,
  AssumeRoleWithSAMLRequest,
  AssumeRoleWithSAMLResponse
> = {
  name: 'AssumeRoleWithSAML',

  async requires(input, _call, { identity }) {
    const federated = await verify(input, identity);
    return await federatedRequirements(ACTION, input, federated, federated.roleSessionName, identity);
  },

  async run(input, call, { identity }) {
    const federated = await verify(input, identity);
    const session = {
      sessionName: federated.roleSessionName,
      duration: durationOf(input, federated, call),
    };
    const { issued, assumedRole } = await issueFederated(input, call, federated, session, identity);
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
