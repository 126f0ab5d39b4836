/** What the policies of a role say against it, where the caller may read them. */
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  type Role,
} from '@aws-sdk/client-iam';
import type { CallerIdentity } from '../../credentials/index.js';
import { type DocumentContext, documentFindings } from './documents.js';
import type { DoctorOptions, Finding, PolicyText } from './finding.js';

/** Grants that never match, in the role's own and attached policies; nothing where the caller may not read them. */
export async function policyFindings(
  role: string,
  iam: IAMClient,
  context: DocumentContext,
): Promise<Finding[]> {
  const RoleName = role.split('/').at(-1)!;
  const found: Finding[] = [];
  for (const texts of [inlinePolicies(RoleName, iam), attachedPolicies(RoleName, iam)]) {
    try {
      for (const text of await texts) found.push(...(await documentFindings(text, context)));
    } catch (error) {
      if (!/^(AccessDenied|NoSuchEntity)/.test((error as Error).name)) throw error;
    }
  }
  return found;
}

const asText = (name: string, document = ''): PolicyText => ({
  kind: 'identity',
  attachedTo: 'role',
  name,
  text: decodeURIComponent(document),
});

async function inlinePolicies(RoleName: string, iam: IAMClient): Promise<PolicyText[]> {
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  return Promise.all(
    PolicyNames.map(async PolicyName => {
      const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
      return asText(`policy ${PolicyName} of ${RoleName}`, PolicyDocument);
    }),
  );
}

/** AWS's own managed policies have no mistakes to find. */
const BY_AWS = /^arn:aws[\w-]*:iam::aws:/;

async function attachedPolicies(RoleName: string, iam: IAMClient): Promise<PolicyText[]> {
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const own = AttachedPolicies.filter(({ PolicyArn = '' }) => !BY_AWS.test(PolicyArn));
  return Promise.all(
    own.map(async ({ PolicyArn }) => {
      const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
      const VersionId = Policy?.DefaultVersionId;
      const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
      return asText(`managed policy ${PolicyArn}`, PolicyVersion?.Document);
    }),
  );
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
