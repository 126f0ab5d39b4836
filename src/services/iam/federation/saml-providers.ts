import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import { DAY_MS } from '../../../core/time.js';
import { errors, providerArn, readTags, type SamlProvider } from '../../../identity/index.js';
import type { IamPorts } from '../ports.js';
import { type On, type OnAccount, onAll, requestTags } from '../requirements.js';
import { dateOf, tagList } from '../shapes.js';
import { onNewProvider, onSamlProvider } from './federation-requirements.js';

/** How long a provider is shown as valid whose metadata does not say, milliseconds: a hundred years, as AWS shows. */
const CENTURY = 100 * 365.25 * DAY_MS;

interface EncryptionInput {
  readonly AssertionEncryptionMode?: string | undefined;
  readonly AddPrivateKey?: string | undefined;
}

/** Throws `InvalidInput` where encrypted assertions are asked for: they are not read here. */
function demandPlain({ AssertionEncryptionMode: mode, AddPrivateKey: key }: EncryptionInput): void {
  if (mode !== undefined || key !== undefined) {
    throw errors.InvalidInput('Encrypted SAML assertions are not supported by this server.');
  }
}

export const CreateSAMLProvider: Operation<
  IamPorts,
  iam.CreateSAMLProviderRequest,
  iam.CreateSAMLProviderResponse,
  OnAccount
> = {
  resolve: (input, call) => onNewProvider(call, 'saml-provider', input.Name!, requestTags(input.Tags)),
  async run({ home }, input, _call, { identity }) {
    demandPlain(input);
    const tags = readTags(input.Tags);
    const document = input.SAMLMetadataDocument!;
    const arn = await identity.samlProviders.create(home, input.Name!, document, tags);
    return { SAMLProviderArn: arn, ...(tags.length > 0 && { Tags: tagList(tags) }) };
  },
};

export const GetSAMLProvider: Operation<
  IamPorts,
  iam.GetSAMLProviderRequest,
  iam.GetSAMLProviderResponse,
  On<SamlProvider>
> = {
  resolve: (input, call, ports) => onSamlProvider(call, ports, input.SAMLProviderArn!),
  async run({ found }, input, _call, { identity }) {
    const provider = identity.samlProviders.demand(found, input.SAMLProviderArn!);
    return {
      SAMLProviderUUID: provider.uuid,
      SAMLMetadataDocument: provider.document,
      CreateDate: dateOf(provider.created),
      ValidUntil: dateOf(provider.validUntil ?? provider.created + CENTURY),
      Tags: tagList(provider.tags),
    };
  },
};

export const ListSAMLProviders: Operation<IamPorts, object, iam.ListSAMLProvidersResponse, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, { identity }) {
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

export const UpdateSAMLProvider: Operation<
  IamPorts,
  iam.UpdateSAMLProviderRequest,
  iam.UpdateSAMLProviderResponse,
  On<SamlProvider>
> = {
  resolve: (input, call, ports) => onSamlProvider(call, ports, input.SAMLProviderArn!),
  async run({ home }, input, _call, { identity }) {
    demandPlain(input);
    const { SAMLProviderArn: arn, SAMLMetadataDocument: document } = input;
    if (document === undefined) throw errors.InvalidInput('SAMLMetadataDocument is missing.');
    await identity.samlProviders.setMetadata(home, arn!, document);
    return { SAMLProviderArn: arn };
  },
};

export const DeleteSAMLProvider: Operation<
  IamPorts,
  iam.DeleteSAMLProviderRequest,
  object,
  On<SamlProvider>
> = {
  resolve: (input, call, ports) => onSamlProvider(call, ports, input.SAMLProviderArn!),
  async run({ home }, input, _call, { identity }) {
    await identity.samlProviders.delete(home, input.SAMLProviderArn!);
    return {};
  },
};
