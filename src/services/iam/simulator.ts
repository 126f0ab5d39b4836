/** Decides simulated requests with the engine that decides real ones. */
import type * as iam from '@aws-sdk/client-iam';
import type { Explanation, StatementTrace } from '../../policy/explain/types.js';
import { explain, parseArn, parsePolicy, position } from '../../policy/index.js';
import type { Layer, PolicySet } from '../../policy/types.js';
import { contextKeysOf, distinctKeys } from './context-keys.js';
import type { PolicySource } from './policy-sources.js';
import type { Simulation } from './simulation-input.js';

type Verdict = iam.PolicyEvaluationDecisionType;

/** One action on all resources; the caller adds what the action's resources look like. */
export function simulate(
  simulation: Simulation,
  action: string,
  resources: readonly string[],
): iam.EvaluationResult {
  const results = resources.map(resource => simulateOne(simulation, action, resource));
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
    ...(!isAll && { ResourceSpecificResults: results.map(({ allowed: _, ...result }) => result) }),
  };
}

interface ResourceResult extends iam.ResourceSpecificResult {
  readonly allowed: { readonly organizations: boolean };
}

function simulateOne(simulation: Simulation, action: string, resource: string): ResourceResult {
  const { principal, context, boundary, serviceControl } = simulation;
  const resourceAccount = parseArn(resource)?.account || simulation.resourceOwner;
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
    EvalDecisionDetails: crossAccount
      ? {
          'IAM Policy': layerVerdict(explanation, 'identity'),
          'Resource Policy': layerVerdict(explanation, 'resource'),
        }
      : {},
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

function policySet({ identity, boundary, resource, serviceControl }: Simulation): PolicySet {
  const named = (sources: readonly PolicySource[]) => sources.map(({ policy }) => policy);
  return {
    identity: named(identity),
    ...(boundary && { boundary: boundary.policy }),
    ...(resource && { resource: resource.policy }),
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
  { identity, resource }: Simulation,
  { policies }: Explanation,
): Generator<{ source: PolicySource; trace: StatementTrace }> {
  for (const { name, layer, statements } of policies) {
    if (layer !== 'identity' && layer !== 'resource') continue;
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

function statementOf({ id, type, document, policy }: PolicySource, index: number): iam.Statement {
  const kind = type === 'resource' ? 'resource' : 'identity';
  const { start, end } = parsePolicy(policy.policy.text, kind).statements[index]!;
  const at = (offset: number) => {
    const { line, column } = position(document, offset);
    return { Line: line, Column: column };
  };
  return { SourcePolicyId: id, SourcePolicyType: type, StartPosition: at(start), EndPosition: at(end) };
}

/** Keys that statements about this action read and the request does not give. */
function missingKeys(simulation: Simulation, explanation: Explanation): string[] {
  const given = new Set(Object.keys(simulation.context).map(key => key.toLowerCase()));
  const keys: string[] = [];
  for (const { source, trace } of tracedStatements(simulation, explanation)) {
    if (trace.mismatches.some(({ element }) => element === 'Action' || element === 'NotAction')) continue;
    const document = parsePolicy(source.document, source.type === 'resource' ? 'resource' : 'identity');
    keys.push(...contextKeysOf(document, document.statements[trace.index]!));
  }
  return distinctKeys(keys).filter(key => !given.has(key.toLowerCase()));
}

function distinctStatements(statements: readonly iam.Statement[]): iam.Statement[] {
  return [...new Map(statements.map(statement => [JSON.stringify(statement), statement])).values()];
}
