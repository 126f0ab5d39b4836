import type * as iam from '@aws-sdk/client-iam';
import type { Call, Operation } from '../../../core/operation.js';
import {
  type Account,
  errors,
  type Identity,
  type MfaDevice,
  mfaSerial,
  readTags,
  rootArn,
} from '../../../identity/index.js';
import { userNameOf } from '../entities/user-names.js';
import { onMfaDevice } from '../federation/federation-requirements.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import {
  type On,
  type OnAccount,
  type OnUser,
  onAll,
  onUser,
  requestTags,
  withTagging,
} from '../requirements.js';
import { dateOf, listedUser, tagList } from '../shapes.js';

/** By this name the root user names itself where an operation asks for a user: it has none of its own. */
const ROOT = 'root';

/** Whose devices a request means: a user by name, or `undefined` for the root user who calls. */
function ownerNameOf(name: string | undefined, call: Call): string | undefined {
  return name === ROOT && call.caller.principal.type === 'root' ? undefined : userNameOf(name, call);
}

/** The unique id of the owner; the account's id for the root user. */
async function ownerIdOf(identity: Identity, home: Account, name: string | undefined): Promise<string> {
  return name === undefined ? home.id : (await identity.users.get(home.id, name)).id;
}

export const CreateVirtualMFADevice: Operation<
  IamPorts,
  iam.CreateVirtualMFADeviceRequest,
  iam.CreateVirtualMFADeviceResponse,
  OnAccount
> = {
  resolve(input, call) {
    const home = homeOf(call);
    const resource = mfaSerial(home, input.Path ?? '/', input.VirtualMFADeviceName!);
    const requirement = { action: call.action, resource, context: requestTags(input.Tags) };
    return { requires: withTagging(requirement, 'TagMFADevice'), subject: { home } };
  },
  async run({ home }, input, _call, { identity }) {
    const tags = readTags(input.Tags);
    const { device, base32Seed, qrCode } = await identity.mfaDevices.create(
      home,
      input.VirtualMFADeviceName!,
      input.Path,
      tags,
    );
    return {
      VirtualMFADevice: {
        SerialNumber: mfaSerial(home, device.path, device.name),
        Base32StringSeed: Buffer.from(base32Seed),
        QRCodePNG: qrCode,
        ...(tags.length > 0 && { Tags: tagList(tags) }),
      },
    };
  },
};

export const EnableMFADevice: Operation<IamPorts, iam.EnableMFADeviceRequest, object, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, ownerNameOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const owner = await ownerIdOf(identity, home, name);
    const codes = [input.AuthenticationCode1!, input.AuthenticationCode2!] as const;
    await identity.mfaDevices.enable(home, input.SerialNumber!, owner, codes);
    return {};
  },
};

export const ResyncMFADevice: Operation<IamPorts, iam.ResyncMFADeviceRequest, object, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, ownerNameOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const owner = await ownerIdOf(identity, home, name);
    const codes = [input.AuthenticationCode1!, input.AuthenticationCode2!] as const;
    await identity.mfaDevices.resync(home, input.SerialNumber!, owner, codes);
    return {};
  },
};

export const DeactivateMFADevice: Operation<IamPorts, iam.DeactivateMFADeviceRequest, object, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, ownerNameOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const owner = await ownerIdOf(identity, home, name);
    await identity.mfaDevices.deactivate(home, input.SerialNumber!, owner);
    return {};
  },
};

export const DeleteVirtualMFADevice: Operation<
  IamPorts,
  iam.DeleteVirtualMFADeviceRequest,
  object,
  On<MfaDevice>
> = {
  resolve: (input, call, ports) => onMfaDevice(call, ports, input.SerialNumber!),
  async run({ home }, input, _call, { identity }) {
    await identity.mfaDevices.delete(home, input.SerialNumber!);
    return {};
  },
};

export const GetMFADevice: Operation<IamPorts, iam.GetMFADeviceRequest, iam.GetMFADeviceResponse, OnUser> = {
  resolve: (input, call, ports) => onUser(call, ports, ownerNameOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const device = await identity.mfaDevices.get(home, input.SerialNumber!);
    if (device.owner === undefined || device.owner !== (await ownerIdOf(identity, home, name))) {
      throw errors.NoSuchEntity(`MFA Device with serial number ${input.SerialNumber} does not exist.`);
    }
    return {
      UserName: (await identity.mfaDevices.userOf(device))?.name ?? ROOT,
      SerialNumber: input.SerialNumber,
      EnableDate: dateOf(device.enabled!),
    };
  },
};

export const ListMFADevices: Operation<
  IamPorts,
  iam.ListMFADevicesRequest,
  iam.ListMFADevicesResponse,
  OnUser
> = {
  resolve: (input, call, ports) => onUser(call, ports, ownerNameOf(input.UserName, call)),
  async run({ home, name, found }, input, _call, { identity }) {
    const user = name === undefined ? undefined : identity.users.demand(found, name);
    const devices = await identity.mfaDevices.ofOwner(home.id, user?.id ?? home.id);
    const { items, page } = slicePage(input, devices, device => device.name.toLowerCase());
    const shown = items.map(device => ({
      UserName: user?.name ?? ROOT,
      SerialNumber: mfaSerial(home, device.path, device.name),
      EnableDate: dateOf(device.enabled!),
    }));
    return { MFADevices: shown, ...page };
  },
};

export const ListVirtualMFADevices: Operation<
  IamPorts,
  iam.ListVirtualMFADevicesRequest,
  iam.ListVirtualMFADevicesResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    const { AssignmentStatus: status = 'Any' } = input;
    const devices = (await identity.mfaDevices.list(home.id)).filter(
      ({ owner }) => status === 'Any' || (status === 'Assigned') === (owner !== undefined),
    );
    const { items, page } = slicePage(input, devices, device => device.name.toLowerCase());
    const shown = await Promise.all(items.map(device => listedDevice(identity, home, device)));
    return { VirtualMFADevices: shown, ...page };
  },
};

/** Without seed, picture and tags (IAM API Reference, ListVirtualMFADevices). */
async function listedDevice(
  identity: Identity,
  home: Account,
  device: MfaDevice,
): Promise<iam.VirtualMFADevice> {
  const SerialNumber = mfaSerial(home, device.path, device.name);
  if (device.owner === undefined) return { SerialNumber };
  const user = await identity.mfaDevices.userOf(device);
  const root = {
    UserName: undefined,
    Path: undefined,
    UserId: home.id,
    Arn: rootArn(home),
    CreateDate: dateOf(home.created),
  };
  return {
    SerialNumber,
    User: user === undefined ? root : listedUser(home, user),
    EnableDate: dateOf(device.enabled!),
  };
}
