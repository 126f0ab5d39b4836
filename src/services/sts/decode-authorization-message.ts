import type {
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse,
} from '@aws-sdk/client-sts';
import type { NamedOperation } from '../../core/operation.js';
import { accountOf } from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';

/** The details of a denial in the caller's account, from the encoded message that came with it. */
export const decodeAuthorizationMessage: NamedOperation<
  StsPorts,
  DecodeAuthorizationMessageRequest,
  DecodeAuthorizationMessageResponse
> = {
  name: 'DecodeAuthorizationMessage',
  requires(_input, call) {
    accountOf(call);
    return [{ action: 'sts:DecodeAuthorizationMessage', resource: '*' }];
  },
  async run(input, call, { identity }) {
    const { id } = accountOf(call);
    const decoded = identity.authorizationMessages.decode(id, input.EncodedMessage!);
    if (decoded === undefined) throw stsErrors.InvalidAuthorizationMessageException();
    return { DecodedMessage: decoded };
  },
};
