import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import type { Account, Identity, NamedManagedPolicy, Page, User } from '../../../identity/index.js';
import { listPage } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll } from '../requirements.js';
import {
  attachedPolicies,
  boundaryOf,
  inlinePolicies,
  listedPolicy,
  listedProfile,
  listedRole,
  listedUser,
  roleLastUsed,
  shownGroup,
  shownVersion,
  tagList,
} from '../shapes.js';

/** One entity or policy of the account, and where it goes in the reply. */
interface Detail {
  /** The section's number and the name: pages go by it. */
  readonly key: string;
  readonly section: Section;
  show(identity: Identity, home: Account): Promise<object>;
}

interface Section {
  readonly filter: iam.EntityType;
  readonly member: 'UserDetailList' | 'GroupDetailList' | 'RoleDetailList' | 'Policies';
  list(identity: Identity, home: Account, page: Page): Promise<Named[]>;
}

type Named = Omit<Detail, 'key' | 'section'> & { readonly name: string };

/** In the order in which they are listed. */
const SECTIONS: readonly Section[] = [
  {
    filter: 'User',
    member: 'UserDetailList',
    list: async (identity, home, page) =>
      (await identity.users.list(home.id, page)).map(user => ({
        name: user.name,
        show: (identity, home) => userDetail(identity, home, user),
      })),
  },
  {
    filter: 'Group',
    member: 'GroupDetailList',
    list: async (identity, home, page) =>
      (await identity.groups.list(home.id, page)).map(group => ({
        name: group.name,
        show: async (_identity, home): Promise<iam.GroupDetail> => ({
          ...shownGroup(home, group),
          GroupPolicyList: inlinePolicies(group),
          AttachedManagedPolicies: attachedPolicies(group),
        }),
      })),
  },
  {
    filter: 'Role',
    member: 'RoleDetailList',
    list: async (identity, home, page) =>
      (await identity.roles.list(home.id, page)).map(role => ({
        name: role.name,
        show: async (identity, home): Promise<iam.RoleDetail> => {
          const { Description: _, MaxSessionDuration: __, ...shown } = await listedRole(identity, home, role);
          const profiles = role.profiles.map(async name =>
            listedProfile(identity, home, await identity.instanceProfiles.get(home.id, name)),
          );
          return {
            ...shown,
            ...boundaryOf(role),
            InstanceProfileList: await Promise.all(profiles),
            RolePolicyList: inlinePolicies(role),
            AttachedManagedPolicies: attachedPolicies(role),
            Tags: tagList(role.tags),
            RoleLastUsed: await roleLastUsed(identity, role),
          };
        },
      })),
  },
  {
    filter: 'LocalManagedPolicy',
    member: 'Policies',
    list: async (identity, home, page) => (await identity.policies.list(home, page)).map(policyDetail),
  },
  {
    filter: 'AWSManagedPolicy',
    member: 'Policies',
    /** Those that the account uses. */
    list: async (identity, home, { after = '', limit }) => {
      const used: NamedManagedPolicy[] = [];
      for (const named of identity.policies.listAws(home)) {
        if (used.length === limit) break;
        if (named.policy.name.toLowerCase() <= after) continue;
        const { attachments, boundaries } = await identity.policies.usage(home, named.arn);
        if (attachments + boundaries > 0) used.push(named);
      }
      return used.map(policyDetail);
    },
  },
];

async function userDetail(identity: Identity, home: Account, user: User): Promise<iam.UserDetail> {
  const groups = await Promise.all(user.groups.map(name => identity.groups.get(home.id, name)));
  return {
    ...listedUser(home, user),
    ...boundaryOf(user),
    UserPolicyList: inlinePolicies(user),
    GroupList: groups.map(({ name }) => name),
    AttachedManagedPolicies: attachedPolicies(user),
    Tags: tagList(user.tags),
  };
}

function policyDetail({ arn, policy }: NamedManagedPolicy): Named {
  return {
    name: policy.name,
    show: async (identity, home): Promise<iam.ManagedPolicyDetail> => ({
      ...(await listedPolicy(identity, home, arn, policy)),
      ...(policy.description !== undefined && { Description: policy.description }),
      PolicyVersionList: [...policy.versions].reverse().map(version => shownVersion(policy, version)),
    }),
  };
}

/** The next details behind a key, from the sections asked for. */
async function details(
  identity: Identity,
  home: Account,
  sections: readonly Section[],
  { after, limit }: Page,
): Promise<Detail[]> {
  const found: Detail[] = [];
  const reached = after === undefined ? 0 : Number(after[0]);
  for (const section of sections) {
    const number = SECTIONS.indexOf(section);
    if (number < reached || found.length === limit) continue;
    const behind = after !== undefined && number === reached ? after.slice(1) : undefined;
    const page = { after: behind, limit: limit - found.length };
    for (const { name, show } of await section.list(identity, home, page)) {
      found.push({ key: number + name.toLowerCase(), section, show });
    }
  }
  return found;
}

/** Everything of the account's users, groups, roles and policies. */
export const GetAccountAuthorizationDetails: Operation<
  IamPorts,
  iam.GetAccountAuthorizationDetailsRequest,
  iam.GetAccountAuthorizationDetailsResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, input, _call, { identity }) {
    const filter = input.Filter ?? [];
    const sections = SECTIONS.filter(section => filter.length === 0 || filter.includes(section.filter));
    const { items, page } = await listPage(
      input,
      page => details(identity, home, sections, page),
      ({ key }) => key,
    );
    const reply: Record<Section['member'], object[]> = {
      UserDetailList: [],
      GroupDetailList: [],
      RoleDetailList: [],
      Policies: [],
    };
    for (const { section, show } of items) reply[section.member].push(await show(identity, home));
    return { ...(reply as iam.GetAccountAuthorizationDetailsResponse), ...page };
  },
};
