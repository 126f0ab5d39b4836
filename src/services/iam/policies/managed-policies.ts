import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import {
  type Account,
  type Identity,
  type ManagedPolicy,
  type NamedManagedPolicy,
  readTags,
} from '../../../identity/index.js';
import { listPage, type PagingInput } from '../paging.js';
import type { IamPorts } from '../ports.js';
import { type On, type OnAccount, onNew, onPath, onPolicy, requestTags } from '../requirements.js';
import { createdPolicy, listedPolicy, shownPolicy } from '../shapes.js';

export const CreatePolicy: Operation<IamPorts, iam.CreatePolicyRequest, iam.CreatePolicyResponse, OnAccount> =
  {
    resolve: (input, call) =>
      onNew(call, 'policy', { path: input.Path, name: input.PolicyName }, requestTags(input.Tags)),
    async run({ home }, input, _call, { identity }) {
      const { arn, policy } = await identity.policies.create(home, {
        name: input.PolicyName!,
        path: input.Path,
        document: input.PolicyDocument!,
        description: input.Description,
        tags: readTags(input.Tags),
      });
      return { Policy: await createdPolicy(identity, home, arn, policy) };
    },
  };

export const GetPolicy: Operation<
  IamPorts,
  iam.GetPolicyRequest,
  iam.GetPolicyResponse,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home, found }, input, _call, { identity }) {
    const policy = identity.policies.demand(found, home, input.PolicyArn!);
    return { Policy: await shownPolicy(identity, home, input.PolicyArn!, policy) };
  },
};

export const ListPolicies: Operation<IamPorts, iam.ListPoliciesRequest, iam.ListPoliciesResponse, OnAccount> =
  {
    resolve: (input, call) => onPath(call, 'policy', input.PathPrefix),
    async run({ home }, input, _call, { identity }) {
      const { items, page } = await listPage(
        input,
        page => candidates(identity, home, input, page),
        ({ key }) => key,
        ({ shown }) => isWanted(shown, input),
      );
      return { Policies: items.map(({ shown }) => shown), ...page };
    },
  };

interface Candidate {
  /** AWS's policies behind the account's own; `a` and `b` keep the two apart in markers. */
  readonly key: string;
  readonly shown: iam.Policy;
}

async function candidates(
  identity: Identity,
  home: Account,
  { Scope: scope = 'All' }: iam.ListPoliciesRequest,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<Candidate[]> {
  const ownAfter = after.startsWith('a') ? after.slice(1) : undefined;
  const own =
    scope === 'AWS' || after.startsWith('b')
      ? []
      : await identity.policies.list(home, { after: ownAfter, limit });
  const behind = after.startsWith('b') ? after.slice(1) : '';
  const aws =
    scope === 'Local' ? [] : identity.policies.listAws(home).filter(named => nameKey(named) > behind);
  const keyed = [
    ...own.map(named => ['a', named] as const),
    ...aws.slice(0, limit - own.length).map(named => ['b', named] as const),
  ];
  return await Promise.all(
    keyed.map(async ([scope, named]) => ({
      key: scope + nameKey(named),
      shown: await listedPolicy(identity, home, named.arn, named.policy),
    })),
  );
}

function nameKey({ policy }: NamedManagedPolicy): string {
  return policy.name.toLowerCase();
}

function isWanted(policy: iam.Policy, input: iam.ListPoliciesRequest & PagingInput): boolean {
  const { OnlyAttached: onlyAttached, PathPrefix: prefix = '/', PolicyUsageFilter: usage } = input;
  const attached = policy.AttachmentCount! > 0;
  const boundary = policy.PermissionsBoundaryUsageCount! > 0;
  if (!policy.Path!.startsWith(prefix)) return false;
  if (onlyAttached && !attached && !boundary) return false;
  if (usage === 'PermissionsPolicy') return attached;
  return usage === 'PermissionsBoundary' ? boundary : true;
}

export const DeletePolicy: Operation<IamPorts, iam.DeletePolicyRequest, object, On<ManagedPolicy>> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home }, input, _call, { identity }) {
    await identity.policies.delete(home, input.PolicyArn!);
    return {};
  },
};

export const ListEntitiesForPolicy: Operation<
  IamPorts,
  iam.ListEntitiesForPolicyRequest,
  iam.ListEntitiesForPolicyResponse,
  On<ManagedPolicy>
> = {
  resolve: (input, call, ports) => onPolicy(call, ports, input.PolicyArn!),
  async run({ home }, input, _call, { identity }) {
    const arn = input.PolicyArn!;
    await identity.policies.get(home, arn);
    const users = await usersOf(identity, home, arn, input);
    const { items, page } = await listPage(
      input,
      async ({ after = '', limit }) => users.filter(({ key }) => key > after).slice(0, limit),
      ({ key }) => key,
    );
    return {
      PolicyUsers: items.flatMap(({ kind, name, id }) =>
        kind === 'user' ? [{ UserName: name, UserId: id }] : [],
      ),
      PolicyGroups: items.flatMap(({ kind, name, id }) =>
        kind === 'group' ? [{ GroupName: name, GroupId: id }] : [],
      ),
      PolicyRoles: items.flatMap(({ kind, name, id }) =>
        kind === 'role' ? [{ RoleName: name, RoleId: id }] : [],
      ),
      ...page,
    };
  },
};

interface PolicyUserEntry {
  readonly key: string;
  readonly kind: 'user' | 'group' | 'role';
  readonly name: string;
  readonly id: string;
}

/** `EntityFilter` values by kind; the others filter nothing here. */
const FILTERS: Readonly<Record<string, PolicyUserEntry['kind']>> = {
  User: 'user',
  Role: 'role',
  Group: 'group',
};

async function usersOf(
  identity: Identity,
  home: Account,
  arn: string,
  input: iam.ListEntitiesForPolicyRequest,
): Promise<PolicyUserEntry[]> {
  const { EntityFilter: filter, PolicyUsageFilter: usage, PathPrefix: prefix = '/' } = input;
  const wanted = filter === undefined ? undefined : FILTERS[filter];
  const use = usage === undefined ? undefined : usage === 'PermissionsBoundary' ? 'boundary' : 'attached';
  const found = new Map<string, PolicyUserEntry>();
  for (const user of await identity.policies.users(home, arn)) {
    if ((wanted ?? user.kind) !== user.kind || (use ?? user.use) !== user.use) continue;
    const entities = { user: identity.users, group: identity.groups, role: identity.roles }[user.kind];
    const entity = await entities.find(home.id, user.name);
    if (entity === undefined || !entity.path.startsWith(prefix)) continue;
    const key = `${user.kind}/${user.name}`;
    found.set(key, { key, kind: user.kind, name: entity.name, id: entity.id });
  }
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
