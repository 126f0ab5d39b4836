import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { type AccessKey, errors } from '../../../identity/index.js';
import { userNameOf } from '../entities/user-names.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { type OnUser, onAll, onUser } from '../requirements.js';
import { dateOf, statusOf } from '../shapes.js';

export const CreateAccessKey: Operation<
  IamPorts,
  iam.CreateAccessKeyRequest,
  iam.CreateAccessKeyResponse,
  OnUser
> = {
  resolve: (input, call, ports) => onUser(call, ports, userNameOf(input.UserName, call)),
  async run({ home, name, found }, _input, _call, { identity }) {
    const key = await identity.accessKeys.create(home, name);
    return {
      AccessKey: {
        UserName: name && identity.users.demand(found, name).name,
        AccessKeyId: key.id,
        Status: 'Active',
        SecretAccessKey: key.secretAccessKey,
        CreateDate: dateOf(key.created),
      },
    };
  },
};

export const ListAccessKeys: Operation<
  IamPorts,
  iam.ListAccessKeysRequest,
  iam.ListAccessKeysResponse,
  OnUser
> = {
  resolve: (input, call, ports) => onUser(call, ports, userNameOf(input.UserName, call)),
  async run({ home, name, found }, input, _call, { identity }) {
    const owner =
      name === undefined ? await identity.accounts.find(home.id) : identity.users.demand(found, name);
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

export const UpdateAccessKey: Operation<IamPorts, iam.UpdateAccessKeyRequest, object, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, userNameOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    await identity.accessKeys.setActive(home, name, input.AccessKeyId!, input.Status === 'Active');
    return {};
  },
};

export const DeleteAccessKey: Operation<IamPorts, iam.DeleteAccessKeyRequest, object, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, userNameOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    await identity.accessKeys.delete(home, name, input.AccessKeyId!);
    return {};
  },
};

interface OnKey {
  readonly key: AccessKey | undefined;
  /** Of whom it is, where that is not the root user. */
  readonly owner: string | undefined;
}

export const GetAccessKeyLastUsed: Operation<
  IamPorts,
  iam.GetAccessKeyLastUsedRequest,
  iam.GetAccessKeyLastUsedResponse,
  OnKey
> = {
  async resolve(input, call, ports) {
    const key = await ports.identity.accessKeys.find(input.AccessKeyId!);
    if (key?.account !== homeOf(call).id) {
      return { requires: onAll(call).requires, subject: { key: undefined, owner: undefined } };
    }
    const { requires, subject } = await onUser(call, ports, key.user);
    return { requires, subject: { key, owner: subject.found?.name } };
  },
  async run({ key, owner }, input, _call, { identity }) {
    const id = input.AccessKeyId!;
    if (!key) throw errors.NoSuchEntity(`The Access Key with id ${id} cannot be found.`);
    const use = await identity.accessKeys.lastUse(id);
    // A key that was never used has no date, and `N/A` for the rest (IAM API Reference, AccessKeyLastUsed).
    const last = use
      ? { LastUsedDate: dateOf(use.time), ServiceName: use.service, Region: use.region }
      : { ServiceName: 'N/A', Region: 'N/A' };
    return { UserName: owner, AccessKeyLastUsed: last };
  },
};
