/** Policies that a request gives a session to limit it. */
import type { Account } from '../../core/caller.js';
import { errors } from '../errors.js';
import type { ManagedPolicies } from './managed-policies.js';
import { checkDocument } from './policy-documents.js';

/** Managed policies per session. Source: "IAM and AWS STS quotas". */
const MAX_POLICIES = 10;

/** Plain text of inline and managed session policies together, characters. Source: AssumeRole, `Policy`. */
const MAX_POLICY_TEXT = 2048;

interface SessionPolicies {
  readonly policy: string | undefined;
  readonly policyArns: readonly string[];
}

interface PolicyInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
}

/**
 * The session policies of a request, of the account that issues the session. Throws `MalformedPolicyDocument`,
 * and `ValidationError` for a managed policy that does not exist there.
 */
export async function readSessionPolicies(
  managed: ManagedPolicies,
  account: Account,
  { Policy: policy, PolicyArns }: PolicyInput,
): Promise<SessionPolicies> {
  const policyArns = (PolicyArns ?? []).map(({ arn = '' }) => arn);
  if (policyArns.length > MAX_POLICIES) {
    throw errors.ValidationError(
      `1 validation error detected: Value '[${policyArns.join(', ')}]' at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to ${MAX_POLICIES}`,
    );
  }
  if ((policy ?? '').length + policyArns.join('').length > MAX_POLICY_TEXT) {
    throw errors.ValidationError(
      `The plaintext of the session policies exceeds ${MAX_POLICY_TEXT} characters.`,
    );
  }
  if (policy !== undefined) checkDocument(policy, 'session', { partition: account.partition });
  for (const arn of policyArns) {
    if ((await managed.find(account, arn)) === undefined) {
      throw errors.ValidationError(`Policy ${arn} does not exist or is not attachable.`);
    }
  }
  return { policy, policyArns };
}
