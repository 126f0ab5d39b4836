import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import type { SshPublicKey } from '../../../identity/index.js';
import { namedUserOf } from '../entities/user-names.js';
import { slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type OnUser, onUser } from '../requirements.js';
import { dateOf, statusOf } from '../shapes.js';

function shownKey(UserName: string, key: SshPublicKey, encoding: iam.EncodingType): iam.SSHPublicKey {
  return {
    UserName,
    SSHPublicKeyId: key.id,
    Fingerprint: key.fingerprint,
    SSHPublicKeyBody: encoding === 'PEM' ? key.pem : key.ssh,
    Status: statusOf(key.active),
    UploadDate: dateOf(key.created),
  };
}

export const UploadSSHPublicKey: Operation<
  IamPorts,
  iam.UploadSSHPublicKeyRequest,
  iam.UploadSSHPublicKeyResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home }, input, _call, { identity }) {
    const key = await identity.sshKeys.upload(home, input.UserName!, input.SSHPublicKeyBody!);
    return {
      SSHPublicKey: { ...shownKey(input.UserName!, key, 'SSH'), SSHPublicKeyBody: input.SSHPublicKeyBody },
    };
  },
};

export const GetSSHPublicKey: Operation<
  IamPorts,
  iam.GetSSHPublicKeyRequest,
  iam.GetSSHPublicKeyResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home }, input, _call, { identity }) {
    const key = await identity.sshKeys.get(home, input.UserName!, input.SSHPublicKeyId!);
    return { SSHPublicKey: shownKey(input.UserName!, key, input.Encoding!) };
  },
};

export const ListSSHPublicKeys: Operation<
  IamPorts,
  iam.ListSSHPublicKeysRequest,
  iam.ListSSHPublicKeysResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const UserName = name;
    const { items, page } = slicePage(input, await identity.sshKeys.list(home, UserName), key => key.id);
    const keys = items.map(({ id, active, created }) => ({
      UserName,
      SSHPublicKeyId: id,
      Status: statusOf(active),
      UploadDate: dateOf(created),
    }));
    return { SSHPublicKeys: keys, ...page };
  },
};

export const UpdateSSHPublicKey: Operation<
  IamPorts,
  iam.UpdateSSHPublicKeyRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home }, input, _call, { identity }) {
    const active = input.Status === 'Active';
    await identity.sshKeys.setActive(home, input.UserName!, input.SSHPublicKeyId!, active);
    return {};
  },
};

export const DeleteSSHPublicKey: Operation<
  IamPorts,
  iam.DeleteSSHPublicKeyRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, input.UserName!),
  async run({ home }, input, _call, { identity }) {
    await identity.sshKeys.delete(home, input.UserName!, input.SSHPublicKeyId!);
    return {};
  },
};
