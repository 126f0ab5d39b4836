import type {
  AccessCheckPolicyType,
  CheckNoNewAccessRequest,
  CheckNoNewAccessResponse,
  ReasonSummary,
} from '@aws-sdk/client-accessanalyzer';
import type { Operation } from '../../core/operation.js';
import { diffPolicies, type PolicyChange, type PolicyKind, PolicySyntaxError } from '../../policy/index.js';
import { type AccessAnalyzerPorts, analyzerErrors, demandLength, onAll, resourceKind } from './ports.js';

/**
 * Whether a policy allows what another does not, as `karikagi policy diff` tells: conditions and principals are compared
 * as they are written, so that a narrower condition counts as new access. Source: Access Analyzer API Reference,
 * CheckNoNewAccess.
 */
export const CheckNoNewAccess: Operation<
  AccessAnalyzerPorts,
  CheckNoNewAccessRequest,
  CheckNoNewAccessResponse,
  undefined
> = {
  resolve: (_input, call) => onAll(call),
  async run(_subject, { existingPolicyDocument, newPolicyDocument, policyType }) {
    const [before, after] = [existingPolicyDocument!, newPolicyDocument!];
    demandLength('existingPolicyDocument', before);
    demandLength('newPolicyDocument', after);
    const changes = await changesBetween(before, after, kindOf(policyType!, after));
    const wider = changes.filter(({ change }) => change === 'allowed' || change === 'no longer denied');
    if (wider.length === 0)
      return { result: 'PASS', message: 'The modified permissions do not grant new access.' };
    return {
      result: 'FAIL',
      message: 'The modified permissions grant new access compared to your existing policy.',
      reasons: wider.map(reasonOf),
    };
  },
};

function kindOf(type: AccessCheckPolicyType, document: string): PolicyKind {
  if (type === 'IDENTITY_POLICY') return 'identity';
  if (type === 'RESOURCE_POLICY') return resourceKind(document);
  throw analyzerErrors.ValidationException([
    `1 validation error detected: Value '${type as string}' at 'policyType' failed to satisfy constraint: Member must satisfy enum value set: [IDENTITY_POLICY, RESOURCE_POLICY]`,
  ]);
}

async function changesBetween(before: string, after: string, kind: PolicyKind): Promise<PolicyChange[]> {
  try {
    return await diffPolicies(before, after, kind);
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error;
    throw analyzerErrors.InvalidParameterException([error.message]);
  }
}

function reasonOf({ change, action, resource, principal, condition }: PolicyChange): ReasonSummary {
  const on = resource === undefined ? '' : ` on ${resource}`;
  const whom = principal === undefined ? '' : ` to ${principal}`;
  const when = condition === undefined ? '' : ` under ${condition}`;
  return { description: `${action}${on}${whom} is ${change}${when}.` };
}
