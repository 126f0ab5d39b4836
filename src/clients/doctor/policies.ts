/** What the policies of a role say against it, where the caller may read them. */
import {
  GetRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  type Role,
} from '@aws-sdk/client-iam';
import type { CallerIdentity } from '../../credentials/index.js';
import { lint } from '../../policy/index.js';
import type { DoctorOptions, Finding } from './finding.js';

/** Grants that never match, in the role's own policies; nothing where the caller may not read them. */
export async function policyFindings(role: string, iam: IAMClient): Promise<Finding[]> {
  const RoleName = role.split('/').at(-1)!;
  const found: Finding[] = [];
  try {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    for (const PolicyName of PolicyNames) {
      const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      const problems = await lint(decodeURIComponent(PolicyDocument), 'identity', { attachedTo: 'role' });
      for (const { code, severity, message, line, fix } of problems) {
        if (
          severity !== 'ERROR' &&
          !/ACTION_WITHOUT_MATCHING_RESOURCE|MIXED_PARTITIONS|PLACEHOLDER/.test(code)
        )
          continue;
        found.push({
          code: code === 'ACTION_WITHOUT_MATCHING_RESOURCE' ? 'resource' : 'policy',
          what: message,
          where: `policy ${PolicyName} of ${RoleName}, line ${line}`,
          fix: fix?.description ?? 'mend the statement; karikagi policy lint shows it',
          sure: 'certain',
        });
      }
    }
  } catch (error) {
    if (!/^(AccessDenied|NoSuchEntity)/.test((error as Error).name)) throw error;
  }
  return found;
}

interface Statement {
  readonly Condition?: { readonly StringEquals?: Readonly<Record<string, string | readonly string[]>> };
}

/** Why a role is not assumed. `role`: absent where the caller may not read it. */
export function trustFindings(
  { externalId, role: where = '' }: DoctorOptions,
  caller: CallerIdentity,
  refusal: Error,
  role: Role | undefined,
): Finding[] {
  if (/no identity-based policy allows/.test(refusal.message)) {
    const fix = `allow ${caller.arn} sts:AssumeRole on ${where}`;
    return [
      {
        code: 'assume-policy',
        what: 'your own policies do not allow to assume the role',
        where: caller.arn,
        fix,
        sure: 'certain',
      },
    ];
  }
  const wanted = externalIdsOf(role?.AssumeRolePolicyDocument);
  if (externalId === undefined) {
    if (wanted === undefined) return [trust(refusal, where, caller, role !== undefined && 'trust')];
    if (wanted.length > 0) return [missing(where, 'certain')];
  } else if (wanted !== undefined && wanted.length > 0 && !wanted.includes(externalId)) {
    const what = 'the external ID is not the one that the trust policy asks for';
    return [{ code: 'external-id', what, where, fix: 'give the one that was agreed on', sure: 'certain' }];
  }
  return [trust(refusal, where, caller, role !== undefined && 'trust')];
}

function missing(where: string, sure: Finding['sure']): Finding {
  const what = 'the trust policy asks for an external ID, and none was given';
  return { code: 'external-id', what, where, fix: 'give --external-id', sure };
}

function trust(refusal: Error, where: string, caller: CallerIdentity, read: string | false): Finding {
  const fix = `name ${caller.arn} as a principal of the trust policy${read === false ? ', and check the external ID' : ''}`;
  return {
    code: 'trust-policy',
    what: `the role does not let you in: ${refusal.message}`,
    where,
    fix,
    sure: read === false ? 'likely' : 'certain',
  };
}

/** The external IDs that a trust policy names; `undefined` where it was not read. */
function externalIdsOf(text: string | undefined): string[] | undefined {
  if (text === undefined) return undefined;
  const { Statement = [] } = JSON.parse(decodeURIComponent(text)) as { Statement?: Statement | Statement[] };
  return [Statement]
    .flat()
    .flatMap(({ Condition }) => [Condition?.StringEquals?.['sts:ExternalId'] ?? []].flat());
}
