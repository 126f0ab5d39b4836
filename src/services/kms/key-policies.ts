import type {
  GetKeyPolicyRequest,
  GetKeyPolicyResponse,
  ListKeyPoliciesRequest,
  ListKeyPoliciesResponse,
  PutKeyPolicyRequest,
} from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import { demandNoLockout, POLICY_NAME, readPolicy } from '../../kms/key-policies.js';
import { keyContext, keyOperation } from './access.js';
import { demandCustomerManaged } from './usage.js';

/** A key has one policy, and it has one name. */
function demandPolicyName({ PolicyName = POLICY_NAME }: { readonly PolicyName?: string | undefined }): void {
  if (PolicyName !== POLICY_NAME) throw errors.NotFoundException('No such policy exists');
}

export const GetKeyPolicy = keyOperation<GetKeyPolicyRequest, GetKeyPolicyResponse>({
  async run(key, input, _call, kms) {
    demandPolicyName(input);
    return { Policy: await kms.principals.toShown(key.policy, 'key'), PolicyName: POLICY_NAME };
  },
});

export const ListKeyPolicies = keyOperation<ListKeyPoliciesRequest, ListKeyPoliciesResponse>({
  run: async () => ({ PolicyNames: [POLICY_NAME], Truncated: false }),
});

export const PutKeyPolicy = keyOperation<PutKeyPolicyRequest, object>({
  context: input => ({
    'kms:BypassPolicyLockoutSafetyCheck': String(input.BypassPolicyLockoutSafetyCheck ?? false),
  }),
  check(key, input) {
    demandPolicyName(input);
    demandCustomerManaged(key);
  },
  async run(key, input, call, kms) {
    const policy = await readPolicy(kms.principals, input.Policy!, key.partition);
    if (!input.BypassPolicyLockoutSafetyCheck) {
      const context = { 'kms:CallerAccount': key.account, ...keyContext(key) };
      demandNoLockout(policy, call.caller, context, key.account);
    }
    await kms.keys.update(key, now => ({ ...now, policy }));
    return {};
  },
});
