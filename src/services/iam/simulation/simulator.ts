/** Decides simulated requests with the engine that decides real ones. */
import type * as iam from '@aws-sdk/client-iam';
import type { Slices } from '../../../core/slices.js';
import type { Explanation, StatementTrace } from '../../../policy/explain/types.js';
import { explain, parseArn, position } from '../../../policy/index.js';
import type { Layer, PolicySet } from '../../../policy/types.js';
import type { PolicySource } from '../policies/policy-sources.js';
import type { Simulation } from './simulation-input.js';
import { contextKeysOf, distinctKeys } from './statement-keys.js';

type Verdict = iam.PolicyEvaluationDecisionType;

/** One action on all resources; the caller adds what the action's resources look like. */
export async function simulate(
  simulation: Simulation,
  action: string,
  resources: readonly string[],
  slices: Slices,
): Promise<iam.EvaluationResult> {
  const results: ResourceResult[] = [];
  for (const resource of resources) {
    results.push(simulateOne(simulation, action, resource));
    await slices.pause();
  }
  const isAll = resources.length === 1 && resources[0] === '*';
  const boundary = results.every(
    result => result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary,
  );
  return {
    EvalActionName: action,
    EvalDecision: mostRestrictive(results.map(({ EvalResourceDecision }) => EvalResourceDecision!)),
    MatchedStatements: distinctStatements(results.flatMap(({ MatchedStatements }) => MatchedStatements!)),
    MissingContextValues: distinctKeys(results.flatMap(({ MissingContextValues }) => MissingContextValues!)),
    ...(simulation.serviceControl && {
      OrganizationsDecisionDetail: {
        AllowedByOrganizations: results.every(({ allowed }) => allowed.organizations),
      },
    }),
    ...(simulation.boundary && {
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: boundary },
    }),
    ...detailsOf(results, isAll),
    ...(!isAll && { ResourceSpecificResults: results.map(({ allowed: _, ...result }) => result) }),
  };
}

/**
 * What each side decided. "If the simulation evaluates policies within the same account and includes a resource ARN,
 * then the parameter is present but the response is empty. If [it] specifies all resources (*), then the parameter is
 * not returned." (IAM API Reference, EvaluationResult).
 */
function detailsOf(
  results: readonly ResourceResult[],
  isAll: boolean,
): Pick<iam.EvaluationResult, 'EvalDecisionDetails'> {
  const details = results.flatMap(({ EvalDecisionDetails }) => Object.entries(EvalDecisionDetails ?? {}));
  if (isAll && details.length === 0) return {};
  const sides = [...new Set(details.map(([side]) => side))];
  const worst = (side: string) =>
    mostRestrictive(details.flatMap(([name, verdict]) => (name === side ? [verdict] : [])));
  return { EvalDecisionDetails: Object.fromEntries(sides.map(side => [side, worst(side)])) };
}

interface ResourceResult extends iam.ResourceSpecificResult {
  readonly allowed: { readonly organizations: boolean };
}

function simulateOne(simulation: Simulation, action: string, resource: string): ResourceResult {
  const { principal, context, boundary, serviceControl } = simulation;
  // AWS's own policies (`arn:aws:iam::aws:policy/…`) are in every account.
  const named = parseArn(resource)?.account ?? '';
  const resourceAccount = /^\d{12}$/.test(named) ? named : simulation.resourceOwner;
  const explanation = explain(
    { principal, action, resource, resourceAccount, context },
    policySet(simulation),
  );
  const [{ evaluatedEffect }] = explanation.evaluations;
  const decision = VERDICTS[evaluatedEffect];
  const crossAccount = resourceAccount !== principal.account;
  return {
    EvalResourceName: resource,
    EvalResourceDecision: decision,
    MatchedStatements: matchedStatements(simulation, explanation, decision),
    MissingContextValues: missingKeys(simulation, explanation),
    ...(crossAccount && {
      EvalDecisionDetails: {
        [IAM_POLICY]: layerVerdict(explanation, 'identity'),
        [RESOURCE_POLICY]: layerVerdict(explanation, simulation.resourceKind ?? 'resource'),
      },
    }),
    ...(boundary && {
      PermissionsBoundaryDecisionDetail: {
        AllowedByPermissionsBoundary: layerVerdict(explanation, 'boundary') === 'allowed',
      },
    }),
    allowed: {
      organizations: serviceControl === undefined || !blocks(explanation, 'service-control'),
    },
  };
}

/** What AWS calls the source of a statement and the sides of a decision, whatever the API's enumeration has. */
const IAM_POLICY = 'IAM Policy' as iam.PolicySourceType;
const RESOURCE_POLICY = 'Resource Policy' as iam.PolicySourceType;

const VERDICTS: Readonly<Record<'ALLOW' | 'EXPLICIT_DENY' | 'IMPLICIT_DENY', Verdict>> = {
  ALLOW: 'allowed',
  EXPLICIT_DENY: 'explicitDeny',
  IMPLICIT_DENY: 'implicitDeny',
};

const SEVERITY: readonly Verdict[] = ['allowed', 'implicitDeny', 'explicitDeny'];

function mostRestrictive(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce((worst, verdict) =>
    SEVERITY.indexOf(verdict) > SEVERITY.indexOf(worst) ? verdict : worst,
  );
}

function policySet({ identity, boundary, resource, resourceKind, serviceControl }: Simulation): PolicySet {
  const named = (sources: readonly PolicySource[]) => sources.map(({ policy }) => policy);
  return {
    identity: named(identity),
    ...(boundary && { boundary: boundary.policy }),
    ...(resource && { resource: resource.policy, resourceKind }),
    ...(serviceControl && { serviceControl: serviceControl.map(named) }),
  };
}

function layerVerdict({ layers }: Explanation, layer: Layer): Verdict {
  const verdicts = layers
    .filter(trace => trace.layer === layer)
    .map(trace => VERDICTS[trace.evaluatedEffect]);
  return verdicts.length === 0 ? 'implicitDeny' : mostRestrictive(verdicts);
}

function blocks({ layers }: Explanation, layer: Layer): boolean {
  return layers.some(trace => trace.layer === layer && trace.blocks);
}

/** Each statement of the identity and resource policies with the source it stands in. */
function* tracedStatements(
  { identity, resource, resourceKind = 'resource' }: Simulation,
  { policies }: Explanation,
): Generator<{ source: PolicySource; trace: StatementTrace }> {
  for (const { name, layer, statements } of policies) {
    if (layer !== 'identity' && layer !== resourceKind) continue;
    const sources = layer === 'identity' ? identity : resource === undefined ? [] : [resource];
    const source = sources.find(({ policy }) => policy.name === name);
    if (source === undefined) continue;
    for (const trace of statements) yield { source, trace };
  }
}

/** The statements that made the decision: what denied, else what allowed; nothing where nothing spoke. */
function matchedStatements(
  simulation: Simulation,
  explanation: Explanation,
  decision: Verdict,
): iam.Statement[] {
  if (decision === 'implicitDeny') return [];
  const effect = decision === 'allowed' ? 'ALLOW' : 'DENY';
  const matched: iam.Statement[] = [];
  for (const { source, trace } of tracedStatements(simulation, explanation)) {
    if (trace.matched && trace.effect === effect) matched.push(statementOf(source, trace.index));
  }
  return matched;
}

/** Where a statement stands: AWS's positions begin behind its opening brace and end behind its closing one. */
function statementOf({ id, type, document, policy }: PolicySource, index: number): iam.Statement {
  const { start, end } = policy.policy.document.statements[index]!;
  const at = (offset: number) => {
    const { line, column } = position(document, offset);
    return { Line: line, Column: column };
  };
  return {
    SourcePolicyId: id,
    SourcePolicyType: type === 'resource' ? RESOURCE_POLICY : IAM_POLICY,
    StartPosition: at(start + 1),
    EndPosition: at(end),
  };
}

/** Keys that statements about this action read and the request does not give. */
function missingKeys(simulation: Simulation, explanation: Explanation): string[] {
  const given = new Set(Object.keys(simulation.context).map(key => key.toLowerCase()));
  const keys: string[] = [];
  for (const { source, trace } of tracedStatements(simulation, explanation)) {
    if (trace.mismatches.some(({ element }) => element === 'Action' || element === 'NotAction')) continue;
    const { document } = source.policy.policy;
    keys.push(...contextKeysOf(document, document.statements[trace.index]!));
  }
  return distinctKeys(keys).filter(key => !given.has(key.toLowerCase()));
}

function distinctStatements(statements: readonly iam.Statement[]): iam.Statement[] {
  return [...new Map(statements.map(statement => [JSON.stringify(statement), statement])).values()];
}
