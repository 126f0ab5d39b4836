import type { GetWebIdentityTokenRequest } from '@aws-sdk/client-sts';
import type { Operation } from '../../core/operation.js';
import { accountOf } from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';
import { tagRequestContext } from './session-input.js';

const DEFAULT_DURATION = 300;

/**
 * Tokens for services outside: no account of this server has outbound identity federation enabled, so a caller who may
 * ask gets AWS's refusal of that state (STS API Reference, GetWebIdentityToken, "Errors").
 */
export const GetWebIdentityToken: Operation<StsPorts, GetWebIdentityTokenRequest, never, undefined> = {
  resolve(input, call) {
    accountOf(call);
    const context = {
      'sts:IdentityTokenAudience': input.Audience!,
      'sts:SigningAlgorithm': input.SigningAlgorithm!,
      'sts:DurationSeconds': String(input.DurationSeconds ?? DEFAULT_DURATION),
      ...tagRequestContext(input.Tags, undefined),
    };
    return { requires: [{ action: call.action, resource: '*', context }], subject: undefined };
  },
  async run() {
    throw stsErrors.OutboundWebIdentityFederationDisabledException();
  },
};
