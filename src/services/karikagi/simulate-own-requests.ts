import { isControlled } from '../../auth/index.js';
import type { CallerPolicies } from '../../core/caller.js';
import { ApiError } from '../../core/errors.js';
import type { Call, Operation, Requirement } from '../../core/operation.js';
import { organizationContext } from '../../identity/callers/callers.js';
import type { Account } from '../../identity/index.js';
import { denialMessage, evaluate, parseArn } from '../../policy/index.js';
import type { AuthorizationRequest } from '../../policy/types.js';
import { homeOf, type KarikagiPorts } from './ports.js';

interface OwnRequest {
  readonly Action: string;
  /** An ARN, or `*`. */
  readonly Resource: string;
}

interface Result extends OwnRequest {
  readonly Allowed: boolean;
  /** What the API would answer; no more is said of the policies. */
  readonly Message?: string;
}

/**
 * Whether some requests would be allowed: what a program asks before it offers something. Open to everyone, as each
 * could find out by trying. Beside the caller's own policies the organization's count, and the policy of a bucket or
 * key of the caller's account with its grants; of other accounts' resources, and of a role's trust policy, nothing is
 * known here.
 */
export const SimulateOwnRequests: Operation<
  KarikagiPorts,
  { readonly Requests: readonly OwnRequest[] },
  { readonly Results: readonly Result[] },
  Account
> = {
  resolve: (_input, call) => ({ requires: [], subject: homeOf(call) }),
  async run(_home, { Requests }, call, ports) {
    const own = await ports.identity.policiesOf(call.caller);
    return {
      Results: await Promise.all(Requests.map(request => simulate(request, call, own, ports))),
    };
  },
};

async function simulate(
  asked: OwnRequest,
  call: Call,
  { identity, boundary, session, controls }: CallerPolicies,
  ports: KarikagiPorts,
): Promise<Result> {
  const { Action, Resource } = asked;
  try {
    const requirement = await ports.requirementOn(Action, Resource, call);
    const request = requestOf(asked, call, requirement);
    const isOwn = request.resourceAccount === call.caller.account?.id;
    const decision = evaluate(request, {
      identity,
      boundary,
      session,
      serviceControl: controls?.serviceControl,
      resourceControl: isOwn && isControlled(Action) ? controls?.resourceControl : undefined,
      resource: requirement?.resourcePolicy,
      resourceKind: requirement?.resourceKind,
      setAside: requirement?.setAside,
      acl: requirement?.acl,
    });
    const { allowed: Allowed } = decision;
    return { Action, Resource, Allowed, ...(!Allowed && { Message: denialMessage(decision, request) }) };
  } catch (error) {
    // A bucket's terms may not be met: the request itself would be answered so.
    if (!(error instanceof ApiError)) throw error;
    return { Action, Resource, Allowed: false, Message: error.message };
  }
}

function requestOf(
  { Action, Resource }: OwnRequest,
  { caller, sourceIp, time, region }: Call,
  requirement: Requirement | undefined,
): AuthorizationRequest {
  const { account } = caller;
  const owner = requirement?.resourceAccount ?? (parseArn(Resource)?.account || account?.id);
  return {
    principal: caller.principal,
    action: Action,
    resource: Resource,
    resourceAccount: owner,
    context: {
      ...requirement?.context,
      ...(owner !== undefined && { 'aws:ResourceAccount': owner }),
      ...(account && owner === account.id && organizationContext('Resource', account)),
      'aws:SourceIp': sourceIp,
      'aws:CurrentTime': new Date(time).toISOString(),
      'aws:EpochTime': String(Math.floor(time / 1000)),
      'aws:RequestedRegion': region,
      'aws:ViaAWSService': 'false',
      ...caller.context,
    },
  };
}
