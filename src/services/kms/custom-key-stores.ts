import type { DescribeCustomKeyStoresRequest, DescribeCustomKeyStoresResponse } from '@aws-sdk/client-kms';
import type { Operation } from '../../core/operation.js';
import { errors } from '../../kms/errors.js';
import { homeOf } from '../../kms/kms.js';
import type { KmsPorts } from './access.js';

/** There are none: keys live in this server. Throws `CustomKeyStoreNotFoundException` where one is named. */
export const DescribeCustomKeyStores: Operation<
  KmsPorts,
  DescribeCustomKeyStoresRequest,
  DescribeCustomKeyStoresResponse
> = {
  name: 'DescribeCustomKeyStores',
  requires(_input, call) {
    const { account } = homeOf(call.caller, call.region);
    const context = { 'kms:CallerAccount': account };
    return [{ action: 'kms:DescribeCustomKeyStores', resource: '*', context }];
  },
  async run({ CustomKeyStoreId: id, CustomKeyStoreName: name }) {
    if (id !== undefined || name !== undefined) throw errors.CustomKeyStoreNotFoundException();
    return { CustomKeyStores: [], Truncated: false };
  },
};
