import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { issuerName, providerArn, readTags } from '../../../identity/index.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll, requestTags } from '../requirements.js';
import { dateOf, tagList } from '../shapes.js';
import { onNewProvider, onOidcProvider } from './federation-requirements.js';

export const createOpenIdConnectProvider: NamedOperation<
  IamPorts,
  iam.CreateOpenIDConnectProviderRequest,
  iam.CreateOpenIDConnectProviderResponse
> = {
  name: 'CreateOpenIDConnectProvider',
  requires: (input, call) =>
    onNewProvider(
      'CreateOpenIDConnectProvider',
      call,
      'oidc-provider',
      issuerName(input.Url!),
      requestTags(input.Tags),
    ),
  async run(input, call, { identity }) {
    const tags = readTags(input.Tags);
    const arn = await identity.oidcProviders.create(homeOf(call), {
      url: input.Url!,
      clientIds: input.ClientIDList ?? [],
      thumbprints: input.ThumbprintList ?? [],
      tags,
    });
    return { OpenIDConnectProviderArn: arn, ...(tags.length > 0 && { Tags: tagList(tags) }) };
  },
};

export const getOpenIdConnectProvider: NamedOperation<
  IamPorts,
  iam.GetOpenIDConnectProviderRequest,
  iam.GetOpenIDConnectProviderResponse
> = {
  name: 'GetOpenIDConnectProvider',
  requires: (input, call, ports) =>
    onOidcProvider('GetOpenIDConnectProvider', call, ports, input.OpenIDConnectProviderArn!),
  async run(input, call, { identity }) {
    const provider = await identity.oidcProviders.get(homeOf(call), input.OpenIDConnectProviderArn!);
    return {
      // Without its scheme, as AWS answers.
      Url: issuerName(provider.url),
      ClientIDList: [...provider.clientIds],
      ThumbprintList: [...provider.thumbprints],
      CreateDate: dateOf(provider.created),
      Tags: tagList(provider.tags),
    };
  },
};

export const listOpenIdConnectProviders: NamedOperation<
  IamPorts,
  iam.ListOpenIDConnectProvidersRequest,
  iam.ListOpenIDConnectProvidersResponse
> = {
  name: 'ListOpenIDConnectProviders',
  requires: (_input, call) => onAll('ListOpenIDConnectProviders', call),
  async run(_input, call, { identity }) {
    const home = homeOf(call);
    const providers = await identity.oidcProviders.list(home.id);
    return {
      OpenIDConnectProviderList: providers.map(({ url }) => ({
        Arn: providerArn('oidc-provider', home, issuerName(url)),
      })),
    };
  },
};

export const deleteOpenIdConnectProvider: NamedOperation<
  IamPorts,
  iam.DeleteOpenIDConnectProviderRequest,
  object
> = {
  name: 'DeleteOpenIDConnectProvider',
  requires: (input, call, ports) =>
    onOidcProvider('DeleteOpenIDConnectProvider', call, ports, input.OpenIDConnectProviderArn!),
  async run(input, call, { identity }) {
    await identity.oidcProviders.delete(homeOf(call), input.OpenIDConnectProviderArn!);
    return {};
  },
};

export const updateOpenIdConnectProviderThumbprint: NamedOperation<
  IamPorts,
  iam.UpdateOpenIDConnectProviderThumbprintRequest,
  object
> = {
  name: 'UpdateOpenIDConnectProviderThumbprint',
  requires: (input, call, ports) =>
    onOidcProvider('UpdateOpenIDConnectProviderThumbprint', call, ports, input.OpenIDConnectProviderArn!),
  async run(input, call, { identity }) {
    const { OpenIDConnectProviderArn: arn, ThumbprintList: thumbprints } = input;
    await identity.oidcProviders.setThumbprints(homeOf(call), arn!, thumbprints!);
    return {};
  },
};

export const addClientIdToOpenIdConnectProvider: NamedOperation<
  IamPorts,
  iam.AddClientIDToOpenIDConnectProviderRequest,
  object
> = {
  name: 'AddClientIDToOpenIDConnectProvider',
  requires: (input, call, ports) =>
    onOidcProvider('AddClientIDToOpenIDConnectProvider', call, ports, input.OpenIDConnectProviderArn!),
  async run(input, call, { identity }) {
    await identity.oidcProviders.addClientId(homeOf(call), input.OpenIDConnectProviderArn!, input.ClientID!);
    return {};
  },
};

export const removeClientIdFromOpenIdConnectProvider: NamedOperation<
  IamPorts,
  iam.RemoveClientIDFromOpenIDConnectProviderRequest,
  object
> = {
  name: 'RemoveClientIDFromOpenIDConnectProvider',
  requires: (input, call, ports) =>
    onOidcProvider('RemoveClientIDFromOpenIDConnectProvider', call, ports, input.OpenIDConnectProviderArn!),
  async run(input, call, { identity }) {
    const { OpenIDConnectProviderArn: arn, ClientID: clientId } = input;
    await identity.oidcProviders.removeClientId(homeOf(call), arn!, clientId!);
    return {};
  },
};
