import type { AssumeRoleRequest, AssumeRoleResponse } from '@aws-sdk/client-sts';
import type { Call, Operation, Requirement } from '../../core/operation.js';
import {
  assumedRoleArn,
  type Caller,
  findRole,
  type Identity,
  type Role,
  readSessionPolicies,
  roleTagContext,
  type Target,
  trustPolicyOf,
} from '../../identity/index.js';
import type { Context } from '../../policy/types.js';
import { credentialsOf, demandCredentials, issuerOf, minimumTokenSize, tokenSizeOf } from './credentials.js';
import { stsErrors } from './errors.js';
import { type SecondFactor, secondFactorOf, spend } from './mfa.js';
import type { StsPorts } from './ports.js';
import { readSessionTags, tagRequestContext } from './session-input.js';
import { roleNameOf, trusted } from './target-role.js';

const DEFAULT_DURATION = 3600;
/**
 * Seconds that a session may last that temporary credentials ask for, those of GetSessionToken among them (AWS
 * Knowledge Center, "iam-role-chaining-limit"; so do aws-vault#263 and aws-runas#11 report of the service).
 */
const MAX_CHAINED = 3600;

/** Switching roles in the console is no chain (the same page). */
const UNCAPPED: readonly Caller['credentials'][] = ['long-term', 'sign-in'];

/** The role that is asked for; `undefined` where the caller's partition has none of exactly that ARN. */
async function targetOf(
  input: AssumeRoleRequest,
  call: Call,
  identity: Identity,
): Promise<Target | undefined> {
  const name = roleNameOf(input.RoleArn!);
  return call.caller.account?.partition === name.partition ? await findRole(identity, name) : undefined;
}

/** What the session will carry as its source identity: along a chain it stays as it was set first. */
function sourceIdentityOf(input: AssumeRoleRequest, call: Call): string | undefined {
  return call.caller.session?.sourceIdentity ?? input.SourceIdentity;
}

/**
 * The role's own tags, the tags and names of the request. Source: Service Authorization Reference, STS;
 * `aws:MultiFactorAuthPresent` belongs to the caller's credentials.
 */
function requestContext(input: AssumeRoleRequest, call: Call, target: Target | undefined): Context {
  const sourceIdentity = sourceIdentityOf(input, call);
  return {
    'sts:RoleSessionName': input.RoleSessionName!,
    ...(input.ExternalId !== undefined && { 'sts:ExternalId': input.ExternalId }),
    ...(sourceIdentity !== undefined && { 'sts:SourceIdentity': sourceIdentity }),
    ...tagRequestContext(input.Tags, input.TransitiveTagKeys),
    ...(target && roleTagContext(target.role)),
  };
}

/** What is asked for: a role that may not be there, and the second factor that comes with the request. */
interface Subject {
  readonly target: Target | undefined;
  readonly factor: SecondFactor | undefined;
}

/**
 * Temporary credentials of a role. A role that does not exist is denied like one that does not trust the caller.
 * Sources: STS API Reference, AssumeRole; IAM User Guide, "Pass session tags in AWS STS" and "Monitor and control
 * actions taken with assumed roles" (which actions the caller needs along a chain).
 */
export const AssumeRole: Operation<StsPorts, AssumeRoleRequest, AssumeRoleResponse, Subject> = {
  async resolve(input, call, { identity }) {
    demandCredentials(call, ['long-term', 'assume-role', 'session-token', 'sign-in']);
    const name = roleNameOf(input.RoleArn!);
    if (call.caller.principal.type === 'root') {
      throw stsErrors.AccessDenied('Roles may not be assumed by root accounts.', {
        advice:
          'A root user assumes no role, whatever the policies say: create a user (aws iam create-user, create-access-key), allow it sts:AssumeRole on the role, and call as that user.',
      });
    }
    const target = await targetOf(input, call, identity);
    const factor = await secondFactorOf(input, call, identity);
    // A code that does not hold is refused before any policy is asked: `run` counts it, and does nothing else.
    if (factor?.holds === false) return { requires: [], subject: { target, factor } };
    const shared: Omit<Requirement, 'action'> = {
      resource: input.RoleArn!,
      resourceAccount: name.account,
      resourceKind: 'trust',
      ...(target ? { resourcePolicy: trustPolicyOf(target.role) } : { absent: true }),
      context: requestContext(input, call, target),
      ...(factor && { caller: withMfa(call) }),
    };
    const { transitiveTags = {} } = call.caller.session ?? {};
    const actions = [call.action];
    if ((input.Tags ?? []).length > 0 || Object.keys(transitiveTags).length > 0)
      actions.push('sts:TagSession');
    if (sourceIdentityOf(input, call) !== undefined) actions.push('sts:SetSourceIdentity');
    return { requires: actions.map(action => ({ action, ...shared })), subject: { target, factor } };
  },

  async run({ target, factor }, input, call, { identity }) {
    if (factor) await spend(factor, identity);
    const { account, role } = trusted(target);
    const duration = input.DurationSeconds ?? DEFAULT_DURATION;
    const chained = !UNCAPPED.includes(call.caller.credentials);
    checkRequest(input, call, role, duration, chained);
    const { tags, transitiveKeys } = readSessionTags(
      input.Tags,
      input.TransitiveTagKeys,
      call.caller.session?.transitiveTags,
    );
    const sourceIdentity = sourceIdentityOf(input, call);
    const policies = await readSessionPolicies(identity.policies, account, input);
    const arn = assumedRoleArn(account, role.name, input.RoleSessionName!);
    const issued = await identity.sessions.issue({
      arn,
      duration,
      issuer: issuerOf(call),
      minimumTokenSize: minimumTokenSize(input),
      claims: {
        kind: 'assume-role',
        account: account.id,
        entityId: role.id,
        entity: role.name.toLowerCase(),
        name: input.RoleSessionName!,
        ...policies,
        tags,
        transitiveKeys,
        sourceIdentity,
        externalId: input.ExternalId,
        mfa: false,
        chained,
      },
    });
    return {
      Credentials: credentialsOf(issued),
      AssumedRoleUser: { AssumedRoleId: `${role.id}:${input.RoleSessionName}`, Arn: arn },
      PackedPolicySize: issued.packedPolicySize,
      ...tokenSizeOf(issued),
      SourceIdentity: sourceIdentity,
    };
  },
};

/** What depends on the role or the chain. Throws `ValidationError`, `AccessDenied`. */
function checkRequest(
  input: AssumeRoleRequest,
  call: Call,
  role: Role,
  duration: number,
  chained: boolean,
): void {
  if ((input.ProvidedContexts ?? []).length > 0) {
    throw stsErrors.ValidationError(
      'No context provider is known here: the provided contexts are not valid.',
    );
  }
  if (chained && duration > MAX_CHAINED) {
    throw stsErrors.ValidationError(
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  if (duration > role.maxSessionDuration) {
    throw stsErrors.ValidationError(
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  const inherited = call.caller.session?.sourceIdentity;
  if (inherited !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== inherited) {
    throw stsErrors.AccessDenied(
      'The source identity is already set on the calling session and cannot be changed.',
      {
        advice: 'Leave SourceIdentity out: the session that is asked for has the one of the calling session.',
      },
    );
  }
  if (input.SourceIdentity?.toLowerCase().startsWith('aws:')) {
    throw stsErrors.ValidationError('A source identity must not begin with aws:, which is reserved.');
  }
}

/**
 * The caller as the role's trust policy sees it once the second factor is proven. The new session does not carry it on
 * (IAM User Guide, "Secure API access with MFA": AssumeRole's credentials do not include MFA information).
 */
function withMfa({ caller }: Call): Caller {
  const proven = { 'aws:MultiFactorAuthPresent': 'true', 'aws:MultiFactorAuthAge': '0' };
  return { ...caller, context: { ...caller.context, ...proven } };
}
