/** The accounts of an organisation. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { NamedOperation } from '../../core/operation.js';
import { organizationErrors } from '../../identity/index.js';
import { listPage, slicePage } from './paging.js';
import { homeOf, managedBy, type OrganizationsPorts, organizationOf } from './ports.js';
import { onAll, onTagging, onTargets, requestTags } from './requirements.js';
import { accountShape, creationShape } from './shapes.js';
import { tagsIn } from './tags.js';

type Op<I, O = object> = NamedOperation<OrganizationsPorts, I, O>;

/** Done when it answers: AWS answers `IN_PROGRESS` first, which clients poll. */
export const createAccount: Op<sdk.CreateAccountRequest, sdk.CreateAccountResponse> = {
  name: 'CreateAccount',
  requires: async ({ Tags }, call, ports) => [
    ...onAll('CreateAccount', requestTags(Tags)),
    ...(await onTagging(call, ports, 'account', Tags)),
  ],
  async run(input, call, ports) {
    const creation = await ports.identity.organizations.accounts.create(await managedBy(call, ports), {
      name: input.AccountName!,
      email: input.Email!,
      roleName: input.RoleName,
      tags: tagsIn(input.Tags),
    });
    return { CreateAccountStatus: creationShape(creation) };
  },
};

export const describeCreateAccountStatus: Op<
  sdk.DescribeCreateAccountStatusRequest,
  sdk.DescribeCreateAccountStatusResponse
> = {
  name: 'DescribeCreateAccountStatus',
  requires: () => onAll('DescribeCreateAccountStatus'),
  async run(input, call, ports) {
    const { id } = await managedBy(call, ports);
    const { accounts } = ports.identity.organizations;
    return {
      CreateAccountStatus: creationShape(await accounts.creation(id, input.CreateAccountRequestId!)),
    };
  },
};

export const listCreateAccountStatus: Op<
  sdk.ListCreateAccountStatusRequest,
  sdk.ListCreateAccountStatusResponse
> = {
  name: 'ListCreateAccountStatus',
  requires: () => onAll('ListCreateAccountStatus'),
  async run(input, call, ports) {
    const { id } = await managedBy(call, ports);
    const { accounts } = ports.identity.organizations;
    const { items, next } = await listPage(
      input,
      page => accounts.creations(id, page),
      creation => creation.id,
    );
    const states = input.States ?? [];
    const wanted = items.filter(({ state }) => states.length === 0 || states.includes(state));
    return { CreateAccountStatuses: wanted.map(creationShape), ...next };
  },
};

export const listAccounts: Op<sdk.ListAccountsRequest, sdk.ListAccountsResponse> = {
  name: 'ListAccounts',
  requires: () => onAll('ListAccounts'),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const { items, next } = await listPage(
      input,
      page => ports.identity.organizations.accounts.list(organization.id, page),
      member => member.account,
    );
    return { Accounts: items.map(member => accountShape(organization, member)), ...next };
  },
};

export const describeAccount: Op<sdk.DescribeAccountRequest, sdk.DescribeAccountResponse> = {
  name: 'DescribeAccount',
  requires: (input, call, ports) => onTargets('DescribeAccount', call, ports, [input.AccountId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const member = await ports.identity.organizations.accounts.get(organization.id, input.AccountId!);
    return { Account: accountShape(organization, member) };
  },
};

export const listAccountsForParent: Op<sdk.ListAccountsForParentRequest, sdk.ListAccountsForParentResponse> =
  {
    name: 'ListAccountsForParent',
    requires: (input, call, ports) => onTargets('ListAccountsForParent', call, ports, [input.ParentId]),
    async run(input, call, ports) {
      const organization = await managedBy(call, ports);
      const { accounts, units } = ports.identity.organizations;
      const { items, next } = await listPage(
        input,
        page => units.children(organization, input.ParentId!, 'account', page),
        id => id,
      );
      const members = await Promise.all(items.map(id => accounts.get(organization.id, id)));
      return { Accounts: members.map(member => accountShape(organization, member)), ...next };
    },
  };

/** An account or unit has one parent. */
export const listParents: Op<sdk.ListParentsRequest, sdk.ListParentsResponse> = {
  name: 'ListParents',
  requires: (input, call, ports) => onTargets('ListParents', call, ports, [input.ChildId]),
  async run(input, call, ports) {
    const { id: organization } = await managedBy(call, ports);
    const parent = (await pathOf(ports, organization, input.ChildId!))?.at(-1);
    if (parent === undefined) throw organizationErrors.ChildNotFoundException();
    const Type = parent.startsWith('r-') ? 'ROOT' : 'ORGANIZATIONAL_UNIT';
    const { items, next } = await slicePage(input, [parent], id => id);
    return { Parents: items.map(Id => ({ Id, Type })), ...next };
  },
};

/** The ids above a unit or account, the root first; `undefined` where there is none. */
async function pathOf(
  { identity }: OrganizationsPorts,
  organization: string,
  child: string,
): Promise<readonly string[] | undefined> {
  const { accounts, units } = identity.organizations;
  if (child.startsWith('ou-')) return (await units.find(organization, child))?.above;
  return (await accounts.find(organization, child))?.record.organization?.path;
}

export const moveAccount: Op<sdk.MoveAccountRequest> = {
  name: 'MoveAccount',
  requires: (input, call, ports) =>
    onTargets('MoveAccount', call, ports, [input.AccountId, input.SourceParentId, input.DestinationParentId]),
  async run(input, call, ports) {
    const organization = await managedBy(call, ports);
    const { AccountId, SourceParentId, DestinationParentId } = input;
    const { accounts } = ports.identity.organizations;
    await accounts.move(organization, AccountId!, SourceParentId!, DestinationParentId!);
    return {};
  },
};

export const closeAccount: Op<sdk.CloseAccountRequest> = {
  name: 'CloseAccount',
  requires: (input, call, ports) => onTargets('CloseAccount', call, ports, [input.AccountId]),
  async run(input, call, ports) {
    await ports.identity.organizations.accounts.close(await managedBy(call, ports), input.AccountId!);
    return {};
  },
};

export const removeAccountFromOrganization: Op<sdk.RemoveAccountFromOrganizationRequest> = {
  name: 'RemoveAccountFromOrganization',
  requires: (input, call, ports) =>
    onTargets('RemoveAccountFromOrganization', call, ports, [input.AccountId]),
  async run(input, call, ports) {
    await ports.identity.organizations.accounts.remove(await managedBy(call, ports), input.AccountId!);
    return {};
  },
};

/** What a member account calls itself. */
export const leaveOrganization: Op<object> = {
  name: 'LeaveOrganization',
  requires: () => onAll('LeaveOrganization'),
  async run(_input, call, ports) {
    await ports.identity.organizations.accounts.remove(await organizationOf(call, ports), homeOf(call).id);
    return {};
  },
};
