import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Operation } from '../../core/operation.js';
import type { Account } from '../../identity/index.js';
import { accountOf } from './credentials.js';
import type { StsPorts } from './ports.js';

/** Who the caller is. */
export const GetCallerIdentity: Operation<
  StsPorts,
  GetCallerIdentityRequest,
  GetCallerIdentityResponse,
  Account
> = {
  /** Open to every authenticated caller, even where a policy denies it (STS API Reference, GetCallerIdentity). */
  resolve: (_input, call) => ({ requires: [], subject: accountOf(call) }),
  async run({ id }, _input, call) {
    return { UserId: call.caller.userId, Account: id, Arn: call.caller.principal.arn };
  },
};
