import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { NamedOperation } from '../../core/operation.js';
import { accountOf } from './credentials.js';
import type { StsPorts } from './ports.js';

/** Who the caller is. */
export const getCallerIdentity: NamedOperation<
  StsPorts,
  GetCallerIdentityRequest,
  GetCallerIdentityResponse
> = {
  name: 'GetCallerIdentity',
  /** Open to every authenticated caller, even where a policy denies it (STS API Reference, GetCallerIdentity). */
  requires: () => [],
  async run(_input, call) {
    const { id } = accountOf(call);
    return { UserId: call.caller.userId, Account: id, Arn: call.caller.principal.arn };
  },
};
