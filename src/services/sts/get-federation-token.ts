import type { GetFederationTokenRequest, GetFederationTokenResponse } from '@aws-sdk/client-sts';
import type { Operation } from '../../core/operation.js';
import { type Account, federatedUserArn, readSessionPolicies } from '../../identity/index.js';
import {
  accountOf,
  credentialsOf,
  demandCredentials,
  issuerOf,
  minimumTokenSize,
  tokenSizeOf,
} from './credentials.js';
import { longTermEntity } from './long-term.js';
import type { StsPorts } from './ports.js';
import { readSessionTags, tagRequestContext } from './session-input.js';

const DEFAULT_DURATION = 43_200;

/** The account of the calling user, and the ARN of whom it vouches for. */
interface Subject {
  readonly account: Account;
  readonly arn: string;
}

/** Temporary credentials for somebody the calling user vouches for: at most what the user itself may do. */
export const GetFederationToken: Operation<
  StsPorts,
  GetFederationTokenRequest,
  GetFederationTokenResponse,
  Subject
> = {
  resolve(input, call) {
    demandCredentials(call, ['long-term']);
    const account = accountOf(call);
    const arn = federatedUserArn(account, input.Name!);
    const context = tagRequestContext(input.Tags, undefined);
    const actions = [call.action, ...((input.Tags ?? []).length > 0 ? ['sts:TagSession'] : [])];
    return {
      requires: actions.map(action => ({ action, resource: arn, context })),
      subject: { account, arn },
    };
  },

  async run({ account, arn }, input, call, { identity }) {
    const { entity, entityId, longest } = longTermEntity(call);
    const { tags, transitiveKeys } = readSessionTags(input.Tags, undefined);
    const policies = await readSessionPolicies(identity.policies, account, input);
    const issued = await identity.sessions.issue({
      arn,
      duration: Math.min(input.DurationSeconds ?? DEFAULT_DURATION, longest),
      issuer: issuerOf(call),
      minimumTokenSize: minimumTokenSize(input),
      claims: {
        kind: 'federation-token',
        account: account.id,
        entity,
        entityId,
        name: input.Name!,
        ...policies,
        tags,
        transitiveKeys,
        mfa: false,
        chained: false,
      },
    });
    return {
      Credentials: credentialsOf(issued),
      FederatedUser: { FederatedUserId: `${account.id}:${input.Name}`, Arn: arn },
      PackedPolicySize: issued.packedPolicySize ?? 0,
      ...tokenSizeOf(issued),
    };
  },
};
