import type {
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse,
} from '@aws-sdk/client-sts';
import type { Operation } from '../../core/operation.js';
import type { Account } from '../../identity/index.js';
import { accountOf } from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';

/** The details of a denial in the caller's account, from the encoded message that came with it. */
export const DecodeAuthorizationMessage: Operation<
  StsPorts,
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse,
  Account
> = {
  resolve: (_input, call) => ({
    requires: [{ action: call.action, resource: '*' }],
    subject: accountOf(call),
  }),
  async run({ id }, input, _call, { identity }) {
    const decoded = identity.authorizationMessages.decode(id, input.EncodedMessage!);
    if (decoded === undefined) throw stsErrors.InvalidAuthorizationMessageException();
    return { DecodedMessage: decoded };
  },
};
