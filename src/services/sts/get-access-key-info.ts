import type { GetAccessKeyInfoRequest, GetAccessKeyInfoResponse } from '@aws-sdk/client-sts';
import type { NamedOperation } from '../../core/operation.js';
import { accountOfId } from '../../identity/index.js';
import { demandCredentials } from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';

/** The account that an access key id belongs to, read from the id: the key need not exist (any more). */
export const getAccessKeyInfo: NamedOperation<StsPorts, GetAccessKeyInfoRequest, GetAccessKeyInfoResponse> = {
  name: 'GetAccessKeyInfo',
  requires(_input, call) {
    demandCredentials(call, 'GetAccessKeyInfo', ['long-term', 'assume-role']);
    return [{ action: 'sts:GetAccessKeyInfo', resource: '*' }];
  },
  async run({ AccessKeyId: id }) {
    const account = /^A[SK]IA[A-Z2-7]{16}$/.test(id!) ? accountOfId(id!) : undefined;
    if (account === undefined) throw stsErrors.ValidationError([`${id} is not a valid access key ID.`]);
    return { Account: account };
  },
};
