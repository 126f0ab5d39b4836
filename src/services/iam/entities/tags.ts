import type * as iam from '@aws-sdk/client-iam';
import type { Call, NamedOperation, Requirement } from '../../../core/operation.js';
import { type Account, type Identity, readTags, type Tags } from '../../../identity/index.js';
import type { Context } from '../../../policy/types.js';
import { onMfaDevice, onOidcProvider, onSamlProvider } from '../federation/federation-requirements.js';
import { type PagingInput, type PagingOutput, slicePage } from '../paging.js';
import { homeOf, type IamPorts } from '../ports.js';
import {
  onInstanceProfile,
  onPolicy,
  onRole,
  onServerCertificate,
  onUser,
  requestTags,
  tagKeys,
} from '../requirements.js';
import { tagList } from '../shapes.js';

/** A kind of resource that can be tagged: how its operations name it and where its tags are. */
interface Taggable {
  /** As in `TagUser`. */
  readonly word: string;
  readonly member: keyof NameInput;
  on(operation: string, call: Call, ports: IamPorts, name: string, context?: Context): Promise<Requirement[]>;
  /** Throws `NoSuchEntity`. */
  tagsOf(identity: Identity, home: Account, name: string): Promise<Tags>;
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

export const TAGGABLE: readonly Taggable[] = [
  {
    word: 'User',
    member: 'UserName',
    on: onUser,
    tagsOf: async (identity, home, name) => (await identity.users.get(home.id, name)).tags,
    tag: (identity, home, name, tags) => identity.users.tag(home, name, tags),
    untag: (identity, home, name, keys) => identity.users.untag(home, name, keys),
  },
  {
    word: 'Role',
    member: 'RoleName',
    on: onRole,
    tagsOf: async (identity, home, name) => (await identity.roles.get(home.id, name)).tags,
    tag: (identity, home, name, tags) => identity.roles.tag(home, name, tags),
    untag: (identity, home, name, keys) => identity.roles.untag(home, name, keys),
  },
  {
    word: 'Policy',
    member: 'PolicyArn',
    on: onPolicy,
    tagsOf: async (identity, home, arn) => (await identity.policies.get(home, arn)).tags,
    tag: (identity, home, arn, tags) => identity.policies.tag(home, arn, tags),
    untag: (identity, home, arn, keys) => identity.policies.untag(home, arn, keys),
  },
  {
    word: 'InstanceProfile',
    member: 'InstanceProfileName',
    on: onInstanceProfile,
    tagsOf: async (identity, home, name) => (await identity.instanceProfiles.get(home.id, name)).tags,
    tag: (identity, home, name, tags) => identity.instanceProfiles.tag(home, name, tags),
    untag: (identity, home, name, keys) => identity.instanceProfiles.untag(home, name, keys),
  },
  {
    word: 'ServerCertificate',
    member: 'ServerCertificateName',
    on: onServerCertificate,
    tagsOf: async (identity, home, name) => (await identity.serverCertificates.get(home.id, name)).tags,
    tag: (identity, home, name, tags) => identity.serverCertificates.tag(home, name, tags),
    untag: (identity, home, name, keys) => identity.serverCertificates.untag(home, name, keys),
  },
  {
    word: 'OpenIDConnectProvider',
    member: 'OpenIDConnectProviderArn',
    on: onOidcProvider,
    tagsOf: async (identity, home, arn) => (await identity.oidcProviders.get(home, arn)).tags,
    tag: (identity, home, arn, tags) => identity.oidcProviders.tag(home, arn, tags),
    untag: (identity, home, arn, keys) => identity.oidcProviders.untag(home, arn, keys),
  },
  {
    word: 'SAMLProvider',
    member: 'SAMLProviderArn',
    on: onSamlProvider,
    tagsOf: async (identity, home, arn) => (await identity.samlProviders.get(home, arn)).tags,
    tag: (identity, home, arn, tags) => identity.samlProviders.tag(home, arn, tags),
    untag: (identity, home, arn, keys) => identity.samlProviders.untag(home, arn, keys),
  },
  {
    word: 'MFADevice',
    member: 'SerialNumber',
    on: onMfaDevice,
    tagsOf: async (identity, home, serial) => (await identity.mfaDevices.get(home, serial)).tags,
    tag: (identity, home, serial, tags) => identity.mfaDevices.tag(home, serial, tags),
    untag: (identity, home, serial, keys) => identity.mfaDevices.untag(home, serial, keys),
  },
];

interface TagInput extends NameInput {
  readonly Tags: iam.Tag[] | undefined;
}

/** TagUser, TagRole, TagPolicy and their like. */
export function tagResource({ word, member, on, tag }: Taggable): NamedOperation<IamPorts, TagInput, object> {
  const operation = `Tag${word}`;
  return {
    name: operation,
    requires: (input, call, ports) => on(operation, call, ports, input[member]!, requestTags(input.Tags)),
    async run(input, call, { identity }) {
      await tag(identity, homeOf(call), input[member]!, readTags(input.Tags));
      return {};
    },
  };
}

interface UntagInput extends NameInput {
  readonly TagKeys: string[] | undefined;
}

/** UntagUser, UntagRole, UntagPolicy and their like. */
export function untagResource({
  word,
  member,
  on,
  untag,
}: Taggable): NamedOperation<IamPorts, UntagInput, object> {
  const operation = `Untag${word}`;
  return {
    name: operation,
    requires: (input, call, ports) => on(operation, call, ports, input[member]!, tagKeys(input.TagKeys)),
    async run(input, call, { identity }) {
      await untag(identity, homeOf(call), input[member]!, input.TagKeys ?? []);
      return {};
    },
  };
}

/** ListUserTags, ListRoleTags, ListPolicyTags and their like. */
export function listTags({
  word,
  member,
  on,
  tagsOf,
}: Taggable): NamedOperation<IamPorts, NameInput & PagingInput, PagingOutput & { Tags: iam.Tag[] }> {
  const operation = `List${word}Tags`;
  return {
    name: operation,
    requires: (input, call, ports) => on(operation, call, ports, input[member]!),
    async run(input, call, { identity }) {
      const tags = await tagsOf(identity, homeOf(call), input[member]!);
      const { items, page } = slicePage(input, tags, ([key]) => key);
      return { Tags: tagList(items), ...page };
    },
  };
}
