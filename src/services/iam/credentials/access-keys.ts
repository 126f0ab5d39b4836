import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { errors } from '../../../identity/index.js';
import { userNameOf } from '../entities/users.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll, onUser } from '../requirements.js';
import { dateOf, statusOf } from '../shapes.js';

export const createAccessKey: NamedOperation<
  IamPorts,
  iam.CreateAccessKeyRequest,
  iam.CreateAccessKeyResponse
> = {
  name: 'CreateAccessKey',
  requires: (input, call, ports) => onUser('CreateAccessKey', call, ports, userNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const name = userNameOf(input.UserName, call);
    const key = await identity.accessKeys.create(home, name);
    return {
      AccessKey: {
        UserName: name && (await identity.users.get(home.id, name)).name,
        AccessKeyId: key.id,
        Status: 'Active',
        SecretAccessKey: key.secretAccessKey,
        CreateDate: dateOf(key.created),
      },
    };
  },
};

export const listAccessKeys: NamedOperation<IamPorts, iam.ListAccessKeysRequest, iam.ListAccessKeysResponse> =
  {
    name: 'ListAccessKeys',
    requires: (input, call, ports) => onUser('ListAccessKeys', call, ports, userNameOf(input.UserName, call)),
    async run(input, call, { identity }) {
      const home = homeOf(call);
      const name = userNameOf(input.UserName, call);
      const owner =
        name === undefined ? await identity.accounts.find(home.id) : await identity.users.get(home.id, name);
      const { items, page } = slicePage(
        input,
        await identity.accessKeys.list(owner?.keys ?? []),
        key => key.id,
      );
      const keys = items.map(({ id, active, created }) => ({
        UserName: name,
        AccessKeyId: id,
        Status: statusOf(active),
        CreateDate: dateOf(created),
      }));
      return { AccessKeyMetadata: keys, ...page };
    },
  };

export const updateAccessKey: NamedOperation<IamPorts, iam.UpdateAccessKeyRequest, object> = {
  name: 'UpdateAccessKey',
  requires: (input, call, ports) => onUser('UpdateAccessKey', call, ports, userNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const name = userNameOf(input.UserName, call);
    await identity.accessKeys.setActive(homeOf(call), name, input.AccessKeyId!, input.Status === 'Active');
    return {};
  },
};

export const deleteAccessKey: NamedOperation<IamPorts, iam.DeleteAccessKeyRequest, object> = {
  name: 'DeleteAccessKey',
  requires: (input, call, ports) => onUser('DeleteAccessKey', call, ports, userNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    await identity.accessKeys.delete(homeOf(call), userNameOf(input.UserName, call), input.AccessKeyId!);
    return {};
  },
};

export const getAccessKeyLastUsed: NamedOperation<
  IamPorts,
  iam.GetAccessKeyLastUsedRequest,
  iam.GetAccessKeyLastUsedResponse
> = {
  name: 'GetAccessKeyLastUsed',
  async requires(input, call, ports) {
    const key = await ports.identity.accessKeys.find(input.AccessKeyId!);
    if (key?.account !== homeOf(call).id) return onAll('GetAccessKeyLastUsed', call);
    return await onUser('GetAccessKeyLastUsed', call, ports, key.user);
  },
  async run(input, call, { identity }) {
    const id = input.AccessKeyId!;
    const home = homeOf(call);
    const key = await identity.accessKeys.find(id);
    if (key?.account !== home.id)
      throw errors.NoSuchEntity([`The Access Key with id ${id} cannot be found.`]);
    const user = key.user === undefined ? undefined : await identity.users.get(home.id, key.user);
    const use = await identity.accessKeys.lastUse(id);
    // A key that was never used has no date, and `N/A` for the rest (IAM API Reference, AccessKeyLastUsed).
    const last = use
      ? { LastUsedDate: dateOf(use.time), ServiceName: use.service, Region: use.region }
      : { ServiceName: 'N/A', Region: 'N/A' };
    return { UserName: user?.name, AccessKeyLastUsed: last };
  },
};
