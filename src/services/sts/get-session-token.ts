import type { GetSessionTokenRequest, GetSessionTokenResponse } from '@aws-sdk/client-sts';
import type { NamedOperation } from '../../core/operation.js';
import {
  accountOf,
  credentialsOf,
  demandCredentials,
  issuerOf,
  minimumTokenSize,
  tokenSizeOf,
} from './credentials.js';
import { longTermEntity } from './long-term.js';
import { provesMfa } from './mfa.js';
import type { StsPorts } from './ports.js';

const DEFAULT_DURATION = 43_200;

/** Temporary credentials of the calling user itself. */
export const getSessionToken: NamedOperation<StsPorts, GetSessionTokenRequest, GetSessionTokenResponse> = {
  name: 'GetSessionToken',
  /** Open to every user and root user: policies do not control it (STS API Reference, GetSessionToken, "Permissions"). */
  requires(_input, call) {
    demandCredentials(call, 'GetSessionToken', ['long-term']);
    return [];
  },
  async run(input, call, { identity }) {
    const mfa = await provesMfa(input, call, identity);
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
        mfa,
        chained: false,
      },
    });
    return { Credentials: credentialsOf(issued), ...tokenSizeOf(issued) };
  },
};
