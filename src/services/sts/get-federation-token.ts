import type { GetFederationTokenRequest, GetFederationTokenResponse } from '@aws-sdk/client-sts';
import type { NamedOperation } from '../../core/operation.js';
import { federatedUserArn } from '../../identity/index.js';
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
import { readSessionPolicies, readSessionTags, tagRequestContext } from './session-input.js';

const DEFAULT_DURATION = 43_200;

/** Temporary credentials for somebody the calling user vouches for: at most what the user itself may do. */
export const getFederationToken: NamedOperation<
  StsPorts,
  GetFederationTokenRequest,
  GetFederationTokenResponse
> = {
  name: 'GetFederationToken',

  requires(input, call) {
    demandCredentials(call, 'GetFederationToken', ['long-term']);
    const resource = federatedUserArn(accountOf(call), input.Name!);
    const context = tagRequestContext(input.Tags, undefined);
    const actions = ['sts:GetFederationToken', ...((input.Tags ?? []).length > 0 ? ['sts:TagSession'] : [])];
    return actions.map(action => ({ action, resource, context }));
  },

  async run(input, call, { identity }) {
    const account = accountOf(call);
    const { entity, entityId, longest } = longTermEntity(call);
    const { tags, transitiveKeys } = readSessionTags(input.Tags, undefined);
    const policies = await readSessionPolicies(identity, account, input);
    const arn = federatedUserArn(account, input.Name!);
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
