import type * as iam from '@aws-sdk/client-iam';
import type { Call, Operation, Resolution } from '../../../core/operation.js';
import {
  type Account,
  type Identity,
  type InstanceProfile,
  type ManagedPolicy,
  type MfaDevice,
  type OidcProvider,
  type Role,
  readTags,
  type SamlProvider,
  type ServerCertificate,
  type Tags,
  type User,
} from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { onMfaDevice, onOidcProvider, onSamlProvider } from '../federation/federation-requirements.js';
import { type PagingInput, type PagingOutput, slicePage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import {
  type On,
  onInstanceProfile,
  onPolicy,
  onRole,
  onServerCertificate,
  onUser,
  requestTags,
  tagKeys,
} from '../requirements.js';
import { tagList } from '../shapes.js';

/** A kind of resource that can be tagged: how a request names it and where its tags are. */
interface Taggable<E> {
  readonly member: keyof NameInput;
  on(call: Call, ports: IamPorts, name: string, context?: Context): Promise<Resolution<On<E>>>;
  /** Throws `NoSuchEntity`. */
  tagsOf(identity: Identity, subject: On<E>, name: string): Tags;
  tag(identity: Identity, home: Account, name: string, tags: Tags): Promise<void>;
  untag(identity: Identity, home: Account, name: string, keys: readonly string[]): Promise<void>;
}

interface NameInput {
  readonly UserName?: string | undefined;
  readonly RoleName?: string | undefined;
  readonly PolicyArn?: string | undefined;
  readonly InstanceProfileName?: string | undefined;
  readonly ServerCertificateName?: string | undefined;
  readonly OpenIDConnectProviderArn?: string | undefined;
  readonly SAMLProviderArn?: string | undefined;
  readonly SerialNumber?: string | undefined;
}

const user: Taggable<User> = {
  member: 'UserName',
  on: onUser,
  tagsOf: (identity, { found }, name) => identity.users.demand(found, name).tags,
  tag: (identity, home, name, tags) => identity.users.tag(home, name, tags),
  untag: (identity, home, name, keys) => identity.users.untag(home, name, keys),
};

export const TagUser = tagging(user);

export const UntagUser = untagging(user);

export const ListUserTags = listing(user);

const role: Taggable<Role> = {
  member: 'RoleName',
  on: onRole,
  tagsOf: (identity, { found }, name) => identity.roles.demand(found, name).tags,
  tag: (identity, home, name, tags) => identity.roles.tag(home, name, tags),
  untag: (identity, home, name, keys) => identity.roles.untag(home, name, keys),
};

export const TagRole = tagging(role);

export const UntagRole = untagging(role);

export const ListRoleTags = listing(role);

const managedPolicy: Taggable<ManagedPolicy> = {
  member: 'PolicyArn',
  on: onPolicy,
  tagsOf: (identity, { home, found }, arn) => identity.policies.demand(found, home, arn).tags,
  tag: (identity, home, arn, tags) => identity.policies.tag(home, arn, tags),
  untag: (identity, home, arn, keys) => identity.policies.untag(home, arn, keys),
};

export const TagPolicy = tagging(managedPolicy);

export const UntagPolicy = untagging(managedPolicy);

export const ListPolicyTags = listing(managedPolicy);

const instanceProfile: Taggable<InstanceProfile> = {
  member: 'InstanceProfileName',
  on: onInstanceProfile,
  tagsOf: (identity, { found }, name) => identity.instanceProfiles.demand(found, name).tags,
  tag: (identity, home, name, tags) => identity.instanceProfiles.tag(home, name, tags),
  untag: (identity, home, name, keys) => identity.instanceProfiles.untag(home, name, keys),
};

export const TagInstanceProfile = tagging(instanceProfile);

export const UntagInstanceProfile = untagging(instanceProfile);

export const ListInstanceProfileTags = listing(instanceProfile);

const serverCertificate: Taggable<ServerCertificate> = {
  member: 'ServerCertificateName',
  on: onServerCertificate,
  tagsOf: (identity, { found }, name) => identity.serverCertificates.demand(found, name).tags,
  tag: (identity, home, name, tags) => identity.serverCertificates.tag(home, name, tags),
  untag: (identity, home, name, keys) => identity.serverCertificates.untag(home, name, keys),
};

export const TagServerCertificate = tagging(serverCertificate);

export const UntagServerCertificate = untagging(serverCertificate);

export const ListServerCertificateTags = listing(serverCertificate);

const oidcProvider: Taggable<OidcProvider> = {
  member: 'OpenIDConnectProviderArn',
  on: onOidcProvider,
  tagsOf: (identity, { found }, arn) => identity.oidcProviders.demand(found, arn).tags,
  tag: (identity, home, arn, tags) => identity.oidcProviders.tag(home, arn, tags),
  untag: (identity, home, arn, keys) => identity.oidcProviders.untag(home, arn, keys),
};

export const TagOpenIDConnectProvider = tagging(oidcProvider);

export const UntagOpenIDConnectProvider = untagging(oidcProvider);

export const ListOpenIDConnectProviderTags = listing(oidcProvider);

const samlProvider: Taggable<SamlProvider> = {
  member: 'SAMLProviderArn',
  on: onSamlProvider,
  tagsOf: (identity, { found }, arn) => identity.samlProviders.demand(found, arn).tags,
  tag: (identity, home, arn, tags) => identity.samlProviders.tag(home, arn, tags),
  untag: (identity, home, arn, keys) => identity.samlProviders.untag(home, arn, keys),
};

export const TagSAMLProvider = tagging(samlProvider);

export const UntagSAMLProvider = untagging(samlProvider);

export const ListSAMLProviderTags = listing(samlProvider);

const mfaDevice: Taggable<MfaDevice> = {
  member: 'SerialNumber',
  on: onMfaDevice,
  tagsOf: (identity, { found }, serial) => identity.mfaDevices.demand(found, serial).tags,
  tag: (identity, home, serial, tags) => identity.mfaDevices.tag(home, serial, tags),
  untag: (identity, home, serial, keys) => identity.mfaDevices.untag(home, serial, keys),
};

export const TagMFADevice = tagging(mfaDevice);

export const UntagMFADevice = untagging(mfaDevice);

export const ListMFADeviceTags = listing(mfaDevice);

interface TagInput extends NameInput {
  readonly Tags: iam.Tag[] | undefined;
}

function tagging<E>({ member, on, tag }: Taggable<E>): Operation<IamPorts, TagInput, object, On<E>> {
  return {
    resolve: (input, call, ports) => on(call, ports, input[member]!, requestTags(input.Tags)),
    async run({ home }, input, _call, { identity }) {
      await tag(identity, home, input[member]!, readTags(input.Tags));
      return {};
    },
  };
}

interface UntagInput extends NameInput {
  readonly TagKeys: string[] | undefined;
}

function untagging<E>({ member, on, untag }: Taggable<E>): Operation<IamPorts, UntagInput, object, On<E>> {
  return {
    resolve: (input, call, ports) => on(call, ports, input[member]!, tagKeys(input.TagKeys)),
    async run({ home }, input, _call, { identity }) {
      await untag(identity, home, input[member]!, input.TagKeys ?? []);
      return {};
    },
  };
}

type ListInput = NameInput & PagingInput;
type ListOutput = PagingOutput & { readonly Tags: iam.Tag[] };

function listing<E>({ member, on, tagsOf }: Taggable<E>): Operation<IamPorts, ListInput, ListOutput, On<E>> {
  return {
    resolve: (input, call, ports) => on(call, ports, input[member]!),
    async run(subject, input, _call, { identity }) {
      const { items, page } = slicePage(input, tagsOf(identity, subject, input[member]!), ([key]) => key);
      return { Tags: tagList(items), ...page };
    },
  };
}
