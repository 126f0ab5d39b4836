import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import type { SshPublicKey } from '../../../identity/index.js';
import { namedUserOf } from '../entities/users.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onUser } from '../requirements.js';
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

export const uploadSSHPublicKey: NamedOperation<
  IamPorts,
  iam.UploadSSHPublicKeyRequest,
  iam.UploadSSHPublicKeyResponse
> = {
  name: 'UploadSSHPublicKey',
  requires: (input, call, ports) => onUser('UploadSSHPublicKey', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    const key = await identity.sshKeys.upload(homeOf(call), input.UserName!, input.SSHPublicKeyBody!);
    return {
      SSHPublicKey: { ...shownKey(input.UserName!, key, 'SSH'), SSHPublicKeyBody: input.SSHPublicKeyBody },
    };
  },
};

export const getSSHPublicKey: NamedOperation<
  IamPorts,
  iam.GetSSHPublicKeyRequest,
  iam.GetSSHPublicKeyResponse
> = {
  name: 'GetSSHPublicKey',
  requires: (input, call, ports) => onUser('GetSSHPublicKey', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    const key = await identity.sshKeys.get(homeOf(call), input.UserName!, input.SSHPublicKeyId!);
    return { SSHPublicKey: shownKey(input.UserName!, key, input.Encoding!) };
  },
};

export const listSSHPublicKeys: NamedOperation<
  IamPorts,
  iam.ListSSHPublicKeysRequest,
  iam.ListSSHPublicKeysResponse
> = {
  name: 'ListSSHPublicKeys',
  requires: (input, call, ports) =>
    onUser('ListSSHPublicKeys', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const UserName = namedUserOf(input.UserName, call);
    const { items, page } = slicePage(
      input,
      await identity.sshKeys.list(homeOf(call), UserName),
      key => key.id,
    );
    const keys = items.map(({ id, active, created }) => ({
      UserName,
      SSHPublicKeyId: id,
      Status: statusOf(active),
      UploadDate: dateOf(created),
    }));
    return { SSHPublicKeys: keys, ...page };
  },
};

export const updateSSHPublicKey: NamedOperation<IamPorts, iam.UpdateSSHPublicKeyRequest, object> = {
  name: 'UpdateSSHPublicKey',
  requires: (input, call, ports) => onUser('UpdateSSHPublicKey', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    const active = input.Status === 'Active';
    await identity.sshKeys.setActive(homeOf(call), input.UserName!, input.SSHPublicKeyId!, active);
    return {};
  },
};

export const deleteSSHPublicKey: NamedOperation<IamPorts, iam.DeleteSSHPublicKeyRequest, object> = {
  name: 'DeleteSSHPublicKey',
  requires: (input, call, ports) => onUser('DeleteSSHPublicKey', call, ports, input.UserName!),
  async run(input, call, { identity }) {
    await identity.sshKeys.delete(homeOf(call), input.UserName!, input.SSHPublicKeyId!);
    return {};
  },
};
