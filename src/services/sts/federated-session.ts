/**
 * What AssumeRoleWithWebIdentity and AssumeRoleWithSAML have in common once the identity provider's word is verified.
 * The request is unsigned: it is decided as the federated identity, by the role's trust policy alone.
 */
import type { PolicyDescriptorType } from '@aws-sdk/client-sts';
import type { Call, Requirement, Resolution } from '../../core/operation.js';
import {
  assumedRoleArn,
  type Caller,
  type FederatedIdentity,
  findRole,
  type Identity,
  type IssuedSession,
  type Role,
  readSessionPolicies,
  roleTagContext,
  type Target,
  trustPolicyOf,
} from '../../identity/index.js';
import { minimumTokenSize } from './credentials.js';
import { stsErrors } from './errors.js';
import { readSessionTags, tagRequestContext } from './session-input.js';
import { roleNameOf, trusted } from './target-role.js';

interface FederatedInput {
  readonly RoleArn: string | undefined;
  readonly PolicyArns?: PolicyDescriptorType[] | undefined;
  readonly Policy?: string | undefined;
  readonly MinimumSessionTokenSize?: number | undefined;
}

/** What the identity provider vouches for, and the role that is asked for; it may not be there. */
export interface FederatedSubject<F extends FederatedIdentity> {
  readonly federated: F;
  readonly target: Target | undefined;
}

/**
 * What the role must allow: the operation itself, tagging and setting the source identity where the identity brings
 * them.
 */
export async function resolveFederated<F extends FederatedIdentity>(
  call: Call,
  input: FederatedInput,
  federated: F,
  sessionName: string,
  identity: Identity,
): Promise<Resolution<FederatedSubject<F>>> {
  const name = roleNameOf(input.RoleArn!);
  const target = await findRole(identity, name);
  const shared: Omit<Requirement, 'action'> = {
    caller: callerOf(federated),
    resource: input.RoleArn!,
    resourceAccount: name.account,
    resourceKind: 'trust',
    ...(target ? { resourcePolicy: trustPolicyOf(target.role) } : { absent: true }),
    context: {
      ...(target && roleTagContext(target.role)),
      ...federated.context,
      'sts:RoleSessionName': sessionName,
      ...(federated.sourceIdentity !== undefined && { 'sts:SourceIdentity': federated.sourceIdentity }),
      ...tagRequestContext(tagsOf(federated), [...federated.transitiveTagKeys]),
    },
  };
  const actions = [
    call.action,
    ...(federated.tags.length > 0 ? ['sts:TagSession'] : []),
    ...(federated.sourceIdentity !== undefined ? ['sts:SetSourceIdentity'] : []),
  ];
  return { requires: actions.map(action => ({ action, ...shared })), subject: { federated, target } };
}

/** The federated identity as the caller. */
function callerOf({ provider, label }: FederatedIdentity): Caller {
  return {
    principal: { type: 'anonymous', arn: label, federatedProvider: provider },
    userId: label,
    credentials: 'none',
    context: { 'aws:FederatedProvider': provider },
  };
}

function tagsOf({ tags }: FederatedIdentity) {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}

interface FederatedSession extends Target {
  readonly issued: IssuedSession;
  readonly assumedRole: { readonly AssumedRoleId: string; readonly Arn: string };
}

/**
 * Issues the role's session for `duration` seconds. Throws `ValidationError` where that is more than the role allows.
 */
export async function issueFederated(
  { federated, target }: FederatedSubject<FederatedIdentity>,
  input: FederatedInput,
  call: Call,
  { sessionName, duration }: { sessionName: string; duration: number },
  identity: Identity,
): Promise<FederatedSession> {
  const { account, role } = trusted(target);
  checkDuration(role, duration);
  const { tags, transitiveKeys } = readSessionTags(tagsOf(federated), [...federated.transitiveTagKeys]);
  const arn = assumedRoleArn(account, role.name, sessionName);
  const issued = await identity.sessions.issue({
    arn,
    duration,
    minimumTokenSize: minimumTokenSize(input),
    issuer: { arn: federated.label, accessKeyId: '', sourceIp: call.sourceIp, region: call.region },
    claims: {
      kind: 'assume-role',
      account: account.id,
      entityId: role.id,
      entity: role.name.toLowerCase(),
      name: sessionName,
      ...(await readSessionPolicies(identity.policies, account, input)),
      tags,
      transitiveKeys,
      sourceIdentity: federated.sourceIdentity,
      mfa: false,
      chained: false,
      federation: { provider: federated.provider, keys: federated.sessionKeys },
    },
  });
  return { account, role, issued, assumedRole: { AssumedRoleId: `${role.id}:${sessionName}`, Arn: arn } };
}

function checkDuration(role: Role, duration: number): void {
  if (duration > role.maxSessionDuration) {
    throw stsErrors.ValidationError(
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
}
