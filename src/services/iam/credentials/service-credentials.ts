import type * as iam from '@aws-sdk/client-iam';
import type { Call, NamedOperation, Requirement } from '../../../core/operation.js';
import type { Account, Identity, ServiceCredential } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { namedUserOf } from '../entities/users.js';
import { slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onUser } from '../requirements.js';
import { dateOf, statusOf } from '../shapes.js';

function shownMetadata(
  UserName: string,
  credential: ServiceCredential,
): iam.ServiceSpecificCredentialMetadata {
  return {
    UserName,
    Status: statusOf(credential.active),
    ServiceUserName: credential.serviceUserName,
    CreateDate: dateOf(credential.created),
    ...(credential.expires !== undefined && { ExpirationDate: dateOf(credential.expires) }),
    ServiceSpecificCredentialId: credential.id,
    ServiceName: credential.service,
  };
}

async function findCredential(identity: Identity, home: Account, name: string, id: string) {
  const user = await identity.users.find(home.id, name);
  if (user === undefined) return undefined;
  return (await identity.serviceCredentials.list(home, name)).find(credential => credential.id === id);
}

/** On the user, with the service of the credential as a condition key. */
async function onCredential(
  operation: string,
  call: Call,
  ports: IamPorts,
  input: { readonly UserName?: string | undefined; readonly ServiceSpecificCredentialId: string | undefined },
): Promise<Requirement[]> {
  const name = namedUserOf(input.UserName, call);
  const credential = await findCredential(
    ports.identity,
    homeOf(call),
    name,
    input.ServiceSpecificCredentialId!,
  );
  return await onUser(operation, call, ports, name, credential && serviceContext(credential.service));
}

function serviceContext(service: string): Context {
  return { 'iam:ServiceSpecificCredentialServiceName': service };
}

export const createServiceSpecificCredential: NamedOperation<
  IamPorts,
  iam.CreateServiceSpecificCredentialRequest,
  iam.CreateServiceSpecificCredentialResponse
> = {
  name: 'CreateServiceSpecificCredential',
  requires: (input, call, ports) =>
    onUser('CreateServiceSpecificCredential', call, ports, input.UserName!, {
      ...serviceContext(input.ServiceName!),
      ...(input.CredentialAgeDays !== undefined && {
        'iam:ServiceSpecificCredentialAgeDays': String(input.CredentialAgeDays),
      }),
    }),
  async run(input, call, { identity }) {
    const { credential, password } = await identity.serviceCredentials.create(
      homeOf(call),
      input.UserName!,
      input.ServiceName!,
      input.CredentialAgeDays,
    );
    const shown = shownMetadata(input.UserName!, credential);
    return { ServiceSpecificCredential: { ...shown, ServicePassword: password } };
  },
};

export const listServiceSpecificCredentials: NamedOperation<
  IamPorts,
  iam.ListServiceSpecificCredentialsRequest,
  iam.ListServiceSpecificCredentialsResponse
> = {
  name: 'ListServiceSpecificCredentials',
  requires: (input, call, ports) =>
    onUser('ListServiceSpecificCredentials', call, ports, namedUserOf(input.UserName, call)),
  async run(input, call, { identity }) {
    const name = namedUserOf(input.UserName, call);
    const wanted = await identity.serviceCredentials.listOf(homeOf(call), name, input.ServiceName);
    const { items, page } = slicePage(input, wanted, ({ id }) => id);
    return { ServiceSpecificCredentials: items.map(credential => shownMetadata(name, credential)), ...page };
  },
};

export const updateServiceSpecificCredential: NamedOperation<
  IamPorts,
  iam.UpdateServiceSpecificCredentialRequest,
  object
> = {
  name: 'UpdateServiceSpecificCredential',
  requires: (input, call, ports) => onCredential('UpdateServiceSpecificCredential', call, ports, input),
  async run(input, call, { identity }) {
    const name = namedUserOf(input.UserName, call);
    const id = input.ServiceSpecificCredentialId!;
    await identity.serviceCredentials.setActive(homeOf(call), name, id, input.Status === 'Active');
    return {};
  },
};

export const resetServiceSpecificCredential: NamedOperation<
  IamPorts,
  iam.ResetServiceSpecificCredentialRequest,
  iam.ResetServiceSpecificCredentialResponse
> = {
  name: 'ResetServiceSpecificCredential',
  requires: (input, call, ports) => onCredential('ResetServiceSpecificCredential', call, ports, input),
  async run(input, call, { identity }) {
    const name = namedUserOf(input.UserName, call);
    const id = input.ServiceSpecificCredentialId!;
    const { credential, password } = await identity.serviceCredentials.reset(homeOf(call), name, id);
    return { ServiceSpecificCredential: { ...shownMetadata(name, credential), ServicePassword: password } };
  },
};

export const deleteServiceSpecificCredential: NamedOperation<
  IamPorts,
  iam.DeleteServiceSpecificCredentialRequest,
  object
> = {
  name: 'DeleteServiceSpecificCredential',
  requires: (input, call, ports) => onCredential('DeleteServiceSpecificCredential', call, ports, input),
  async run(input, call, { identity }) {
    const name = namedUserOf(input.UserName, call);
    await identity.serviceCredentials.delete(homeOf(call), name, input.ServiceSpecificCredentialId!);
    return {};
  },
};
