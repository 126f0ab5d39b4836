import type { GetAccessKeyInfoRequest, GetAccessKeyInfoResponse } from '@aws-sdk/client-sts';
import type { Operation } from '../../core/operation.js';
import { accountOfId } from '../../identity/index.js';
import { demandCredentials } from './credentials.js';
import { stsErrors } from './errors.js';
import type { StsPorts } from './ports.js';

/** The account that an access key id belongs to, read from the id: the key need not exist (any more). */
export const GetAccessKeyInfo: Operation<
  StsPorts,
  GetAccessKeyInfoRequest,
  GetAccessKeyInfoResponse,
  undefined
> = {
  resolve(_input, call) {
    demandCredentials(call, ['long-term', 'assume-role']);
    return { requires: [{ action: call.action, resource: '*' }], subject: undefined };
  },
  async run(_subject, { AccessKeyId: id }) {
    const account = /^A[SK]IA[A-Z2-7]{16}$/.test(id!) ? accountOfId(id!) : undefined;
    if (account === undefined) throw stsErrors.ValidationError(`${id} is not a valid access key ID.`);
    return { Account: account };
  },
};
