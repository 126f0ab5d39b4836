import type * as iam from '@aws-sdk/client-iam';
import type { Call, Operation, Resolution } from '../../../core/operation.js';
import type { ServiceCredential } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { namedUserOf } from '../entities/user-names.js';
import { slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type OnUser, onUser } from '../requirements.js';
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

/** On the user, with the service of the credential as a condition key. */
async function onCredential(
  call: Call,
  ports: IamPorts,
  input: { readonly UserName?: string | undefined; readonly ServiceSpecificCredentialId: string | undefined },
): Promise<Resolution<OnUser<string>>> {
  const { requires, subject } = await onUser(call, ports, namedUserOf(input.UserName, call));
  const { home, name, found } = subject;
  const credentials = found ? await ports.identity.serviceCredentials.list(home, name) : [];
  const credential = credentials.find(({ id }) => id === input.ServiceSpecificCredentialId);
  if (!credential) return { requires, subject };
  const keys = serviceContext(credential.service);
  return { requires: requires.map(own => ({ ...own, context: { ...own.context, ...keys } })), subject };
}

function serviceContext(service: string): Context {
  return { 'iam:ServiceSpecificCredentialServiceName': service };
}

export const CreateServiceSpecificCredential: Operation<
  IamPorts,
  iam.CreateServiceSpecificCredentialRequest,
  iam.CreateServiceSpecificCredentialResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) =>
    onUser(call, ports, input.UserName!, {
      ...serviceContext(input.ServiceName!),
      ...(input.CredentialAgeDays !== undefined && {
        'iam:ServiceSpecificCredentialAgeDays': String(input.CredentialAgeDays),
      }),
    }),
  async run({ home }, input, _call, { identity }) {
    const { credential, password } = await identity.serviceCredentials.create(
      home,
      input.UserName!,
      input.ServiceName!,
      input.CredentialAgeDays,
    );
    const shown = shownMetadata(input.UserName!, credential);
    return { ServiceSpecificCredential: { ...shown, ServicePassword: password } };
  },
};

export const ListServiceSpecificCredentials: Operation<
  IamPorts,
  iam.ListServiceSpecificCredentialsRequest,
  iam.ListServiceSpecificCredentialsResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onUser(call, ports, namedUserOf(input.UserName, call)),
  async run({ home, name }, input, _call, { identity }) {
    const wanted = await identity.serviceCredentials.listOf(home, name, input.ServiceName);
    const { items, page } = slicePage(input, wanted, ({ id }) => id);
    return {
      ServiceSpecificCredentials: items.map(credential => shownMetadata(name, credential)),
      // Whole lists do not say that they are (recorded on AWS in 2025).
      ...(page.IsTruncated && page),
    };
  },
};

export const UpdateServiceSpecificCredential: Operation<
  IamPorts,
  iam.UpdateServiceSpecificCredentialRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onCredential(call, ports, input),
  async run({ home, name }, input, _call, { identity }) {
    const id = input.ServiceSpecificCredentialId!;
    await identity.serviceCredentials.setActive(home, name, id, input.Status === 'Active');
    return {};
  },
};

export const ResetServiceSpecificCredential: Operation<
  IamPorts,
  iam.ResetServiceSpecificCredentialRequest,
  iam.ResetServiceSpecificCredentialResponse,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onCredential(call, ports, input),
  async run({ home, name }, input, _call, { identity }) {
    const id = input.ServiceSpecificCredentialId!;
    const { credential, password } = await identity.serviceCredentials.reset(home, name, id);
    return { ServiceSpecificCredential: { ...shownMetadata(name, credential), ServicePassword: password } };
  },
};

export const DeleteServiceSpecificCredential: Operation<
  IamPorts,
  iam.DeleteServiceSpecificCredentialRequest,
  object,
  OnUser<string>
> = {
  resolve: (input, call, ports) => onCredential(call, ports, input),
  async run({ home, name }, input, _call, { identity }) {
    await identity.serviceCredentials.delete(home, name, input.ServiceSpecificCredentialId!);
    return {};
  },
};
