import type { AssumeRoleRequest, AssumeRoleResponse } from '@aws-sdk/client-sts';
import {
  type Account,
  assumedRoleArn,
  compiledPolicy,
  type EntityName,
  type Identity,
  parseEntityArn,
  type Role,
  tagContext,
} from '../../identity/index.js';
import type { Call, Operation, Requirement } from '../../operation.js';
import type { Context } from '../../policy/types.js';
import { credentialsOf, demandCredentials, issuerOf } from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';
import { readSessionPolicies, readSessionTags, tagRequestContext } from './session-input.js';

const DEFAULT_DURATION = 3600;
/** Seconds that a session may last whose caller is a role's session itself. */
const MAX_CHAINED = 3600;

interface Target {
  readonly account: Account;
  readonly role: Role;
}

/** The role of an ARN; `undefined` where the caller's partition has none of exactly that ARN. */
async function findRole(identity: Identity, call: Call, name: EntityName): Promise<Target | undefined> {
  const account = await identity.account(name.account);
  if (account?.partition !== name.partition || call.caller.account?.partition !== name.partition)
    return undefined;
  const role = await identity.roles.find(account.id, name.name);
  return role?.name === name.name && role.path === name.path ? { account, role } : undefined;
}

/** Throws `ValidationError` for what is no role ARN. */
function roleNameOf(input: AssumeRoleRequest): EntityName {
  const name = parseEntityArn(input.RoleArn!);
  if (name?.kind !== 'role') throw stsErrors.ValidationError([`${input.RoleArn} is invalid`]);
  return name;
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
    ...tagContext('iam:ResourceTag', target?.role.tags ?? []),
    ...tagContext('aws:ResourceTag', target?.role.tags ?? []),
  };
}

/**
 * Temporary credentials of a role. A role that does not exist is denied like one that does not trust the caller.
 * Sources: STS API Reference, AssumeRole; IAM User Guide, "Pass session tags in AWS STS" and "Monitor and control
 * actions taken with assumed roles" (which actions the caller needs along a chain).
 */
export const assumeRole: Operation<StsPorts, AssumeRoleRequest, AssumeRoleResponse> = {
  name: 'AssumeRole',

  async requires(input, call, { identity }) {
    demandCredentials(call, 'AssumeRole', ['long-term', 'assume-role', 'session-token']);
    const name = roleNameOf(input);
    if (call.caller.principal.type === 'root') {
      throw stsErrors.AccessDenied(['Roles may not be assumed by root accounts.']);
    }
    const target = await findRole(identity, call, name);
    const shared: Omit<Requirement, 'action'> = {
      resource: input.RoleArn!,
      resourceAccount: name.account,
      resourceKind: 'trust',
      ...(target && {
        resourcePolicy: {
          name: `trust policy of role ${target.role.name}`,
          policy: compiledPolicy(target.role.trust, 'trust'),
        },
      }),
      context: requestContext(input, call, target),
    };
    const { transitiveTags = {} } = call.caller.session ?? {};
    const actions = ['sts:AssumeRole'];
    if ((input.Tags ?? []).length > 0 || Object.keys(transitiveTags).length > 0)
      actions.push('sts:TagSession');
    if (sourceIdentityOf(input, call) !== undefined) actions.push('sts:SetSourceIdentity');
    return actions.map(action => ({ action, ...shared }));
  },

  async run(input, call, { identity }) {
    const target = await findRole(identity, call, roleNameOf(input));
    if (target === undefined) throw deletedMeanwhile(input, call);
    const { account, role } = target;
    const duration = input.DurationSeconds ?? DEFAULT_DURATION;
    const chained = call.caller.credentials === 'assume-role';
    checkRequest(input, call, role, duration, chained);
    const { tags, transitiveKeys } = readSessionTags(
      input.Tags,
      input.TransitiveTagKeys,
      call.caller.session?.transitiveTags,
    );
    const sourceIdentity = sourceIdentityOf(input, call);
    const policies = await readSessionPolicies(identity, account, input);
    const arn = assumedRoleArn(account, role.name, input.RoleSessionName!);
    const issued = await identity.sessions.issue({
      arn,
      duration,
      issuer: issuerOf(call),
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
  if (chained && duration > MAX_CHAINED) {
    throw stsErrors.ValidationError([
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    ]);
  }
  if (duration > role.maxSessionDuration) {
    throw stsErrors.ValidationError([
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    ]);
  }
  const inherited = call.caller.session?.sourceIdentity;
  if (inherited !== undefined && input.SourceIdentity !== undefined && input.SourceIdentity !== inherited) {
    throw stsErrors.AccessDenied([
      'The source identity is already set on the calling session and cannot be changed.',
    ]);
  }
  if (input.SourceIdentity?.toLowerCase().startsWith('aws:')) {
    throw stsErrors.ValidationError(['A source identity must not begin with aws:, which is reserved.']);
  }
  if (input.SerialNumber !== undefined || input.TokenCode !== undefined) {
    throw stsErrors.AccessDenied([
      'MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    ]);
  }
}

function deletedMeanwhile(input: AssumeRoleRequest, call: Call) {
  return stsErrors.AccessDenied([
    `User: ${call.caller.principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`,
  ]);
}
