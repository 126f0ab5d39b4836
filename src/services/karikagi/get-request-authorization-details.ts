import { ApiError } from '../../errors.js';
import type { Operation } from '../../operation.js';
import { type Explanation, visibleTo } from '../../policy/index.js';
import type { KarikagiPorts } from './ports.js';

interface Input {
  readonly RequestId: string;
}

interface Output {
  readonly RequestId: string;
  readonly EventTime: Date;
  /** One for each check that was refused, as far as the caller's account may see it. */
  readonly AuthorizationDetails: readonly Explanation[];
}

/** The whole reasoning of a denied request. To whoever may ask, in the caller's or the resource's account. */
export const getRequestAuthorizationDetails: Operation<KarikagiPorts, Input, Output> = {
  name: 'GetRequestAuthorizationDetails',
  requires: () => [{ action: 'karikagi:GetRequestAuthorizationDetails', resource: '*' }],
  async run(input, call, { denials }) {
    const denial = await denials.find(input.RequestId);
    const account = call.caller.account?.id;
    if (!denial || account === undefined || !denial.accounts.includes(account)) {
      throw new ApiError(
        'ResourceNotFoundException',
        400,
        `No denied request ${input.RequestId} is known in this account. Allowed requests leave no reasoning, and it is kept for a limited time.`,
      );
    }
    return {
      RequestId: denial.requestId,
      EventTime: new Date(denial.time),
      AuthorizationDetails: denial.explanations.map(explanation => visibleTo(explanation, account)),
    };
  },
};
