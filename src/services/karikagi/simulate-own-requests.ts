import type { Call, Operation } from '../../core/operation.js';
import type { Account } from '../../identity/index.js';
import { denialMessage, evaluate, parseArn } from '../../policy/index.js';
import type { AuthorizationRequest, PolicySet } from '../../policy/types.js';
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
 * Whether the caller's own policies would allow some requests: what a program asks before it offers something. Open to
 * everyone, as each could find out by trying. Policies of resources are left out: a bucket's, a key's or a role's may
 * still allow or deny.
 */
export const SimulateOwnRequests: Operation<
  KarikagiPorts,
  { readonly Requests: readonly OwnRequest[] },
  { readonly Results: readonly Result[] },
  Account
> = {
  resolve: (_input, call) => ({ requires: [], subject: homeOf(call) }),
  async run(_home, { Requests }, call, { identity }) {
    const { identity: policies, boundary, session, controls } = await identity.policiesOf(call.caller);
    const { serviceControl } = controls ?? {};
    const set: PolicySet = { identity: policies, boundary, session, serviceControl };
    return { Results: Requests.map(request => simulate(request, call, set)) };
  },
};

function simulate({ Action, Resource }: OwnRequest, call: Call, policies: PolicySet): Result {
  const { caller, sourceIp, time, region } = call;
  const request: AuthorizationRequest = {
    principal: caller.principal,
    action: Action,
    resource: Resource,
    resourceAccount: parseArn(Resource)?.account || caller.account?.id,
    context: {
      'aws:SourceIp': sourceIp,
      'aws:CurrentTime': new Date(time).toISOString(),
      'aws:EpochTime': String(Math.floor(time / 1000)),
      'aws:RequestedRegion': region,
      'aws:ViaAWSService': 'false',
      ...caller.context,
    },
  };
  const decision = evaluate(request, policies);
  return {
    Action,
    Resource,
    Allowed: decision.allowed,
    ...(!decision.allowed && { Message: denialMessage(decision, request) }),
  };
}
