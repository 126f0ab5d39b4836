import type { DescribeCustomKeyStoresRequest, DescribeCustomKeyStoresResponse } from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import { accountOperation } from './access.js';

/** There are none: keys live in this server. Throws `CustomKeyStoreNotFoundException` where one is named. */
export const DescribeCustomKeyStores = accountOperation<
  DescribeCustomKeyStoresRequest,
  DescribeCustomKeyStoresResponse
>(async (_home, { CustomKeyStoreId: id, CustomKeyStoreName: name }) => {
  if (id !== undefined || name !== undefined) throw errors.CustomKeyStoreNotFoundException();
  return { CustomKeyStores: [], Truncated: false };
});
