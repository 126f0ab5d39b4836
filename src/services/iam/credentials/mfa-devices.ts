import type * as iam from '@aws-sdk/client-iam';
import type { Call, NamedOperation } from '../../../core/operation.js';
import {
  type Account,
  errors,
  type Identity,
  type MfaDevice,
  mfaSerial,
  readTags,
  rootArn,
} from '../../../identity/index.js';
import { userNameOf } from '../entities/users.js';
import { onMfaDevice } from '../federation/federation-requirements.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll, onUser, requestTags, withTagging } from '../requirements.js';
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

export const createVirtualMfaDevice: NamedOperation<
  IamPorts,
  iam.CreateVirtualMFADeviceRequest,
  iam.CreateVirtualMFADeviceResponse
> = {
  name: 'CreateVirtualMFADevice',
  requires(input, call) {
    const resource = mfaSerial(homeOf(call), input.Path ?? '/', input.VirtualMFADeviceName!);
    const requirement = { action: 'iam:CreateVirtualMFADevice', resource, context: requestTags(input.Tags) };
    return withTagging(requirement, 'TagMFADevice');
  },
  async run(input, call, { identity }) {
    const home = homeOf(call);
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

export const enableMfaDevice: NamedOperation<IamPorts, iam.EnableMFADeviceRequest, object> = {
  name: 'EnableMFADevice',
  requires: (input, call, ports) => onUser('EnableMFADevice', call, ports, ownerNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const owner = await ownerIdOf(identity, home, ownerNameOf(input.UserName, call));
    const codes = [input.AuthenticationCode1!, input.AuthenticationCode2!] as const;
    await identity.mfaDevices.enable(home, input.SerialNumber!, owner, codes);
    return {};
  },
};

export const resyncMfaDevice: NamedOperation<IamPorts, iam.ResyncMFADeviceRequest, object> = {
  name: 'ResyncMFADevice',
  requires: (input, call, ports) => onUser('ResyncMFADevice', call, ports, ownerNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const owner = await ownerIdOf(identity, home, ownerNameOf(input.UserName, call));
    const codes = [input.AuthenticationCode1!, input.AuthenticationCode2!] as const;
    await identity.mfaDevices.resync(home, input.SerialNumber!, owner, codes);
    return {};
  },
};

export const deactivateMfaDevice: NamedOperation<IamPorts, iam.DeactivateMFADeviceRequest, object> = {
  name: 'DeactivateMFADevice',
  requires: (input, call, ports) =>
    onUser('DeactivateMFADevice', call, ports, ownerNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const owner = await ownerIdOf(identity, home, ownerNameOf(input.UserName, call));
    await identity.mfaDevices.deactivate(home, input.SerialNumber!, owner);
    return {};
  },
};

export const deleteVirtualMfaDevice: NamedOperation<IamPorts, iam.DeleteVirtualMFADeviceRequest, object> = {
  name: 'DeleteVirtualMFADevice',
  requires: (input, call, ports) => onMfaDevice('DeleteVirtualMFADevice', call, ports, input.SerialNumber!),
  async run(input, call, { identity }) {
    await identity.mfaDevices.delete(homeOf(call), input.SerialNumber!);
    return {};
  },
};

export const getMfaDevice: NamedOperation<IamPorts, iam.GetMFADeviceRequest, iam.GetMFADeviceResponse> = {
  name: 'GetMFADevice',
  requires: (input, call, ports) => onUser('GetMFADevice', call, ports, ownerNameOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const home = homeOf(call);
    const name = ownerNameOf(input.UserName, call);
    const device = await identity.mfaDevices.get(home, input.SerialNumber!);
    if (device.owner === undefined || device.owner !== (await ownerIdOf(identity, home, name))) {
      throw errors.NoSuchEntity([`MFA Device with serial number ${input.SerialNumber} does not exist.`]);
    }
    return {
      UserName: (await identity.mfaDevices.userOf(device))?.name ?? ROOT,
      SerialNumber: input.SerialNumber,
      EnableDate: dateOf(device.enabled!),
    };
  },
};

export const listMfaDevices: NamedOperation<IamPorts, iam.ListMFADevicesRequest, iam.ListMFADevicesResponse> =
  {
    name: 'ListMFADevices',
    requires: (input, call, ports) =>
      onUser('ListMFADevices', call, ports, ownerNameOf(input.UserName, call)),
    async run(input, call, { identity }) {
      const home = homeOf(call);
      const name = ownerNameOf(input.UserName, call);
      const user = name === undefined ? undefined : await identity.users.get(home.id, name);
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

export const listVirtualMfaDevices: NamedOperation<
  IamPorts,
  iam.ListVirtualMFADevicesRequest,
  iam.ListVirtualMFADevicesResponse
> = {
  name: 'ListVirtualMFADevices',
  requires: (_input, call) => onAll('ListVirtualMFADevices', call),
  async run(input, call, { identity }) {
    const home = homeOf(call);
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
