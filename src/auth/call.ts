/**
 * A request as an operation sees it, with the one decider of what it may do: the server, what S3 writes in the name of
 * its services, and the tests of every service go through here.
 */
import type { Caller, CallerPolicies } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { Call, CallOnBehalf, Requirement } from '../core/operation.js';
import { denialMessage } from '../policy/index.js';
import type { Context } from '../policy/types.js';
import { type Authorisation, createAuthoriser, type PolicySource } from './authorise.js';
import { globalContext } from './context.js';
import type { Authenticated } from './types.js';

/** What is known of a request once it is clear who sent it and what for. */
export interface CallFacts {
  readonly requestId: string;
  /** `sts` */
  readonly service: string;
  /** `AssumeRole` */
  readonly operation: string;
  readonly request: HttpRequest;
  readonly authenticated: Authenticated;
  /** The region the request was signed for; the server's default where it says none. */
  readonly region: string;
  readonly sourceIp: string;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  readonly tlsVersion?: string | undefined;
  /** See `SigningTraits`. */
  readonly conditions?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly arrived: number;
}

/** What a call needs of the server. */
export interface CallPorts {
  readonly credentials: PolicySource;
  readonly clock: Clock;
  /** The service's answer to a caller that is not allowed. `message`: AWS's sentence. */
  accessDenied(message: string, caller: { readonly anonymous: boolean; readonly foreign: boolean }): ApiError;
  /** Writes the event of what another service did for the request. */
  note(made: CallOnBehalf): void;
}

/** Refusals of one request whose reasoning is stored: DeleteObjects may be refused a thousand keys. */
const MOST_REFUSALS = 20;

/** What was decided of a request, for its event and for the trace of a denial. */
export class Decisions {
  /** What was asked for: ARNs with the account that owns each, where that is known. */
  readonly resources = new Map<string, string | undefined>();
  /** What policies refused, in order. */
  readonly refusals: Authorisation[] = [];
  /** Accounts whose resources were asked for. */
  readonly owners: string[] = [];
  /** The error that the last refusal made. */
  denied: ApiError | undefined;
  /**
   * As whom the last was decided, where that is not who signed the request: somebody whom an identity provider vouches
   * for.
   */
  actedAs: Caller | undefined;

  /** `made` hears of each decision. */
  constructor(private readonly made?: (decision: Authorisation['decision']) => void) {}

  add(authorisation: Authorisation): void {
    this.made?.(authorisation.decision);
    const { resource, resourceAccount: owner } = authorisation.request;
    this.resources.set(resource, owner);
    if (owner !== undefined && !this.owners.includes(owner)) this.owners.push(owner);
    if (!authorisation.decision.allowed && this.refusals.length < MOST_REFUSALS)
      this.refusals.push(authorisation);
  }
}

/** The request as its operation sees it. All that it demands is written down in `decisions`. */
export function createCall(facts: CallFacts, decisions: Decisions, ports: CallPorts): Call {
  const { requestId, service, operation, request, authenticated, region, sourceIp, arrived } = facts;
  const { caller } = authenticated;
  const { credentials } = ports;
  const authorise = createAuthoriser({ credentials });
  // Most decisions read no condition key: what is known of the request is put together only for one that does.
  let known: Context | undefined;
  const context = () => (known ??= globalContext(request, authenticated, { ...facts, now: arrived }));
  let policies: Promise<CallerPolicies> | undefined;
  const check = async (requirement: Requirement): Promise<ApiError | undefined> => {
    const asking = requirement.caller ?? caller;
    if (requirement.caller !== undefined) decisions.actedAs = requirement.caller;
    const own =
      asking === caller ? (policies ??= credentials.policiesOf(caller)) : credentials.policiesOf(asking);
    const authorisation = await authorise(asking, requirement, context, own);
    decisions.add(authorisation);
    if (authorisation.decision.allowed) return undefined;
    return (decisions.denied = errorOf(authorisation, requirement, asking, ports));
  };
  return {
    requestId,
    operation,
    action: `${service}:${operation}`,
    caller,
    time: arrived,
    clock: ports.clock,
    region,
    signedRegion: authenticated.region,
    signatureVersion: authenticated.signatureVersion,
    certificate: authenticated.certificate,
    sourceIp,
    http: request,
    permits: async requirement => (await check(requirement)) === undefined,
    demand: async requirement => {
      const denied = await check(requirement);
      if (denied) throw denied;
    },
    note: made => ports.note(made),
  };
}

function errorOf(
  { decision, request }: Authorisation,
  { shownAs, denialHeaders: headers }: Requirement,
  caller: Caller,
  ports: CallPorts,
): ApiError {
  const shown = { ...request, resource: shownAs ?? request.resource };
  const denied = ports.accessDenied(denialMessage(decision, shown), {
    anonymous: caller.principal.type === 'anonymous',
    foreign: caller.account?.id !== request.resourceAccount,
  });
  return headers ? denied.with({ headers }) : denied;
}
