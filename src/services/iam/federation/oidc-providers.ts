import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { issuerName, type OidcProvider, providerArn, readTags } from '../../../identity/index.js';
import type { IamPorts } from '../ports.js';
import { type On, type OnAccount, onAll, requestTags } from '../requirements.js';
import { dateOf, tagList } from '../shapes.js';
import { onNewProvider, onOidcProvider } from './federation-requirements.js';

export const CreateOpenIDConnectProvider: Operation<
  IamPorts,
  iam.CreateOpenIDConnectProviderRequest,
  iam.CreateOpenIDConnectProviderResponse,
  OnAccount
> = {
  resolve: (input, call) =>
    onNewProvider(call, 'oidc-provider', issuerName(input.Url!), requestTags(input.Tags)),
  async run({ home }, input, _call, { identity }) {
    const tags = readTags(input.Tags);
    const arn = await identity.oidcProviders.create(home, {
      url: input.Url!,
      clientIds: input.ClientIDList ?? [],
      thumbprints: input.ThumbprintList ?? [],
      tags,
    });
    return { OpenIDConnectProviderArn: arn, ...(tags.length > 0 && { Tags: tagList(tags) }) };
  },
};

export const GetOpenIDConnectProvider: Operation<
  IamPorts,
  iam.GetOpenIDConnectProviderRequest,
  iam.GetOpenIDConnectProviderResponse,
  On<OidcProvider>
> = {
  resolve: (input, call, ports) => onOidcProvider(call, ports, input.OpenIDConnectProviderArn!),
  async run({ found }, input, _call, { identity }) {
    const provider = identity.oidcProviders.demand(found, input.OpenIDConnectProviderArn!);
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

export const ListOpenIDConnectProviders: Operation<
  IamPorts,
  iam.ListOpenIDConnectProvidersRequest,
  iam.ListOpenIDConnectProvidersResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, { identity }) {
    const providers = await identity.oidcProviders.list(home.id);
    return {
      OpenIDConnectProviderList: providers.map(({ url }) => ({
        Arn: providerArn('oidc-provider', home, issuerName(url)),
      })),
    };
  },
};

export const DeleteOpenIDConnectProvider: Operation<
  IamPorts,
  iam.DeleteOpenIDConnectProviderRequest,
  object,
  On<OidcProvider>
> = {
  resolve: (input, call, ports) => onOidcProvider(call, ports, input.OpenIDConnectProviderArn!),
  async run({ home }, input, _call, { identity }) {
    await identity.oidcProviders.delete(home, input.OpenIDConnectProviderArn!);
    return {};
  },
};

export const UpdateOpenIDConnectProviderThumbprint: Operation<
  IamPorts,
  iam.UpdateOpenIDConnectProviderThumbprintRequest,
  object,
  On<OidcProvider>
> = {
  resolve: (input, call, ports) => onOidcProvider(call, ports, input.OpenIDConnectProviderArn!),
  async run({ home }, input, _call, { identity }) {
    const { OpenIDConnectProviderArn: arn, ThumbprintList: thumbprints } = input;
    await identity.oidcProviders.setThumbprints(home, arn!, thumbprints!);
    return {};
  },
};

export const AddClientIDToOpenIDConnectProvider: Operation<
  IamPorts,
  iam.AddClientIDToOpenIDConnectProviderRequest,
  object,
  On<OidcProvider>
> = {
  resolve: (input, call, ports) => onOidcProvider(call, ports, input.OpenIDConnectProviderArn!),
  async run({ home }, input, _call, { identity }) {
    await identity.oidcProviders.addClientId(home, input.OpenIDConnectProviderArn!, input.ClientID!);
    return {};
  },
};

export const RemoveClientIDFromOpenIDConnectProvider: Operation<
  IamPorts,
  iam.RemoveClientIDFromOpenIDConnectProviderRequest,
  object,
  On<OidcProvider>
> = {
  resolve: (input, call, ports) => onOidcProvider(call, ports, input.OpenIDConnectProviderArn!),
  async run({ home }, input, _call, { identity }) {
    const { OpenIDConnectProviderArn: arn, ClientID: clientId } = input;
    await identity.oidcProviders.removeClientId(home, arn!, clientId!);
    return {};
  },
};
