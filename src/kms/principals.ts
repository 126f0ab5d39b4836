import { type PolicyKind, PolicySyntaxError } from '../policy/index.js';

/**
 * Key policies and grants name users and roles by ARN and are stored with their unique ids, so that an entity of
 * the same name made later is not meant.
 */
export interface PrincipalMapper {
  /** The policy as it is stored. Throws `PolicySyntaxError` where it names somebody who does not exist. */
  toStored(document: string, kind: PolicyKind, partition: string): Promise<string>;
  /** A stored policy as it is shown: the ids of what was deleted stay ids. */
  toShown(document: string, kind: PolicyKind): Promise<string>;
}

/** One principal as it is stored; `undefined` where it does not exist. */
export async function storedPrincipal(
  principals: PrincipalMapper,
  arn: string,
  partition: string,
): Promise<string | undefined> {
  try {
    return principalOf(await principals.toStored(policyNaming(arn), 'key', partition));
  } catch (error) {
    if (error instanceof PolicySyntaxError) return undefined;
    throw error;
  }
}

/** The ARN of a stored principal, or its bare id where it was deleted. */
export async function shownPrincipal(principals: PrincipalMapper, stored: string): Promise<string> {
  return principalOf(await principals.toShown(policyNaming(stored), 'key'));
}

/** The mapping works on whole policies. */
function policyNaming(principal: string): string {
  const statement = { Effect: 'Allow', Principal: { AWS: principal }, Action: 'kms:*', Resource: '*' };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

function principalOf(policy: string): string {
  const { Statement } = JSON.parse(policy) as { Statement: [{ Principal: { AWS: string } }] };
  return Statement[0].Principal.AWS;
}
