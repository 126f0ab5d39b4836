import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { errors, providerArn, readTags } from '../../../identity/index.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll, requestTags } from '../requirements.js';
import { dateOf, tagList } from '../shapes.js';
import { onNewProvider, onSamlProvider } from './federation-requirements.js';

/** How long a provider is shown as valid whose metadata does not say, milliseconds: a hundred years, as AWS shows. */
const CENTURY = 100 * 365.25 * 86_400_000;

interface EncryptionInput {
  readonly AssertionEncryptionMode?: string | undefined;
  readonly AddPrivateKey?: string | undefined;
}

/** Throws `InvalidInput` where encrypted assertions are asked for: they are not read here. */
function demandPlain({ AssertionEncryptionMode: mode, AddPrivateKey: key }: EncryptionInput): void {
  if (mode !== undefined || key !== undefined) {
    throw errors.InvalidInput(['Encrypted SAML assertions are not supported by this server.']);
  }
}

export const createSamlProvider: NamedOperation<
  IamPorts,
  iam.CreateSAMLProviderRequest,
  iam.CreateSAMLProviderResponse
> = {
  name: 'CreateSAMLProvider',
  requires: (input, call) =>
    onNewProvider('CreateSAMLProvider', call, 'saml-provider', input.Name!, requestTags(input.Tags)),
  async run(input, call, { identity }) {
    demandPlain(input);
    const tags = readTags(input.Tags);
    const document = input.SAMLMetadataDocument!;
    const arn = await identity.samlProviders.create(homeOf(call), input.Name!, document, tags);
    return { SAMLProviderArn: arn, ...(tags.length > 0 && { Tags: tagList(tags) }) };
  },
};

export const getSamlProvider: NamedOperation<
  IamPorts,
  iam.GetSAMLProviderRequest,
  iam.GetSAMLProviderResponse
> = {
  name: 'GetSAMLProvider',
  requires: (input, call, ports) => onSamlProvider('GetSAMLProvider', call, ports, input.SAMLProviderArn!),
  async run(input, call, { identity }) {
    const provider = await identity.samlProviders.get(homeOf(call), input.SAMLProviderArn!);
    return {
      SAMLProviderUUID: provider.uuid,
      SAMLMetadataDocument: provider.document,
      CreateDate: dateOf(provider.created),
      ValidUntil: dateOf(provider.validUntil ?? provider.created + CENTURY),
      Tags: tagList(provider.tags),
    };
  },
};

export const listSamlProviders: NamedOperation<IamPorts, object, iam.ListSAMLProvidersResponse> = {
  name: 'ListSAMLProviders',
  requires: (_input, call) => onAll('ListSAMLProviders', call),
  async run(_input, call, { identity }) {
    const home = homeOf(call);
    const providers = await identity.samlProviders.list(home.id);
    return {
      SAMLProviderList: providers.map(({ name, created, validUntil }) => ({
        Arn: providerArn('saml-provider', home, name),
        CreateDate: dateOf(created),
        ValidUntil: dateOf(validUntil ?? created + CENTURY),
      })),
    };
  },
};

export const updateSamlProvider: NamedOperation<
  IamPorts,
  iam.UpdateSAMLProviderRequest,
  iam.UpdateSAMLProviderResponse
> = {
  name: 'UpdateSAMLProvider',
  requires: (input, call, ports) => onSamlProvider('UpdateSAMLProvider', call, ports, input.SAMLProviderArn!),
  async run(input, call, { identity }) {
    demandPlain(input);
    const { SAMLProviderArn: arn, SAMLMetadataDocument: document } = input;
    if (document === undefined) throw errors.InvalidInput(['SAMLMetadataDocument is missing.']);
    await identity.samlProviders.setMetadata(homeOf(call), arn!, document);
    return { SAMLProviderArn: arn };
  },
};

export const deleteSamlProvider: NamedOperation<IamPorts, iam.DeleteSAMLProviderRequest, object> = {
  name: 'DeleteSAMLProvider',
  requires: (input, call, ports) => onSamlProvider('DeleteSAMLProvider', call, ports, input.SAMLProviderArn!),
  async run(input, call, { identity }) {
    await identity.samlProviders.delete(homeOf(call), input.SAMLProviderArn!);
    return {};
  },
};
