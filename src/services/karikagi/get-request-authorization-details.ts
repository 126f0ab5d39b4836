import { ApiError } from '../../core/errors.js';
import type { Operation } from '../../core/operation.js';
import type { Account } from '../../identity/index.js';
import type { Explanation } from '../../policy/index.js';
import { explanationsOf, type RefusalDetails, refusalDetails } from './denied-request.js';
import { type KarikagiPorts, onAccount } from './ports.js';
import { readableBy } from './readers.js';

interface Input {
  readonly RequestId: string;
}

/** Why a request was refused. At least one of `Refusal` and `AuthorizationDetails` says something. */
export interface RequestAuthorizationDetails {
  readonly RequestId: string;
  readonly EventTime: Date;
  /** `s3:GetObject`: service and operation; absent where that was not known. */
  readonly Operation?: string | undefined;
  /** Where no policy decided: the rule, and what to do. */
  readonly Refusal?: RefusalDetails | undefined;
  /** One for each check of policies that was refused, as far as the caller's account may see it. */
  readonly AuthorizationDetails: readonly Explanation[];
}

/**
 * The whole reasoning of a refused request, and what would have allowed it. For those who may ask, in the caller's or
 * the resource's account, or in the management account of its organization.
 */
export const GetRequestAuthorizationDetails: Operation<
  KarikagiPorts,
  Input,
  RequestAuthorizationDetails,
  Account
> = {
  resolve: (_input, call) => onAccount(call, { uncontrolled: true }),
  async run(home, input, _call, ports) {
    const denial = await ports.denials.find(input.RequestId);
    const accounts = denial ? await readableBy(home, ports)(denial) : [];
    if (!denial || accounts.length === 0) {
      throw new ApiError(
        'ResourceNotFoundException',
        400,
        `No denied request ${input.RequestId} is known in this account. Requests that succeed leave no reasoning, and it is kept for a limited time.`,
      );
    }
    const { requestId, time, operation, refusal } = denial;
    return {
      RequestId: requestId,
      EventTime: new Date(time),
      Operation: operation,
      Refusal: refusal && refusalDetails(refusal, accounts),
      AuthorizationDetails: await explanationsOf(denial, accounts, ports.identity, true),
    };
  },
};
