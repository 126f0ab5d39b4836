import type { CallerPolicies } from '../../core/caller.js';
import { ApiError } from '../../core/errors.js';
import type { Call, Operation, Requirement } from '../../core/operation.js';
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
 * could find out by trying. Beside the caller's own policies the policy counts of a bucket or key of the caller's
 * account; of other accounts' resources, and of a role's trust policy, nothing is known here.
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
    const decision = evaluate(request, {
      identity,
      boundary,
      session,
      serviceControl: controls?.serviceControl,
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
  return {
    principal: caller.principal,
    action: Action,
    resource: Resource,
    resourceAccount: requirement?.resourceAccount ?? (parseArn(Resource)?.account || caller.account?.id),
    context: {
      ...requirement?.context,
      'aws:SourceIp': sourceIp,
      'aws:CurrentTime': new Date(time).toISOString(),
      'aws:EpochTime': String(Math.floor(time / 1000)),
      'aws:RequestedRegion': region,
      'aws:ViaAWSService': 'false',
      ...caller.context,
    },
  };
}
