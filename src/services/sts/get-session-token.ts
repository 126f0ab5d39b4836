import type { GetSessionTokenRequest, GetSessionTokenResponse } from '@aws-sdk/client-sts';
import type { Operation } from '../../core/operation.js';
import {
  accountOf,
  credentialsOf,
  demandCredentials,
  issuerOf,
  minimumTokenSize,
  tokenSizeOf,
} from './credentials.js';
import { longTermEntity } from './long-term.js';
import { type SecondFactor, secondFactorOf, spend } from './mfa.js';
import type { StsPorts } from './ports.js';

const DEFAULT_DURATION = 43_200;

/** Temporary credentials of the calling user itself. */
export const GetSessionToken: Operation<
  StsPorts,
  GetSessionTokenRequest,
  GetSessionTokenResponse,
  SecondFactor | undefined
> = {
  /**
   * Open to every user and root user: policies do not control it (STS API Reference, GetSessionToken, "Permissions").
   */
  async resolve(input, call, { identity }) {
    demandCredentials(call, ['long-term']);
    return { requires: [], subject: await secondFactorOf(input, call, identity) };
  },
  async run(factor, input, call, { identity }) {
    if (factor) await spend(factor, identity);
    const { entity, entityId, longest } = longTermEntity(call);
    const issued = await identity.sessions.issue({
      arn: call.caller.principal.arn,
      duration: Math.min(input.DurationSeconds ?? DEFAULT_DURATION, longest),
      issuer: issuerOf(call),
      minimumTokenSize: minimumTokenSize(input),
      claims: {
        kind: 'session-token',
        account: accountOf(call).id,
        entity,
        entityId,
        name: '',
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa: factor !== undefined,
        chained: false,
      },
    });
    return { Credentials: credentialsOf(issued), ...tokenSizeOf(issued) };
  },
};
