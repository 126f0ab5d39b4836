/** The accounts of an organisation. */
import type * as sdk from '@aws-sdk/client-organizations';
import type { Operation } from '../../core/operation.js';
import { organizationErrors } from '../../identity/index.js';
import { listPage, slicePage } from './paging.js';
import { demandOrganization, managedBy, type OrganizationsPorts, readBy } from './ports.js';
import { tagsIn } from './request-tags.js';
import { andTagging, type InOrganization, onAll, onTargets, requestTags } from './requirements.js';
import { accountShape, creationShape } from './shapes.js';

type Op<I, O, T> = Operation<OrganizationsPorts, I, O, T>;

/** Done when it answers: AWS answers `IN_PROGRESS` first, which clients poll. */
export const CreateAccount: Op<sdk.CreateAccountRequest, sdk.CreateAccountResponse, InOrganization> = {
  resolve: ({ Tags }, call, ports) => andTagging(onAll(call, ports, requestTags(Tags)), 'account', Tags),
  async run(subject, input, _call, ports) {
    const creation = await ports.identity.organizations.accounts.create(managedBy(subject), {
      name: input.AccountName!,
      email: input.Email!,
      roleName: input.RoleName,
      tags: tagsIn(input.Tags),
    });
    return { CreateAccountStatus: creationShape(creation) };
  },
};

export const DescribeCreateAccountStatus: Op<
  sdk.DescribeCreateAccountStatusRequest,
  sdk.DescribeCreateAccountStatusResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input, _call, ports) {
    const { id } = readBy(subject);
    const { accounts } = ports.identity.organizations;
    return {
      CreateAccountStatus: creationShape(await accounts.creation(id, input.CreateAccountRequestId!)),
    };
  },
};

export const ListCreateAccountStatus: Op<
  sdk.ListCreateAccountStatusRequest,
  sdk.ListCreateAccountStatusResponse,
  InOrganization
> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input, _call, ports) {
    const { id } = readBy(subject);
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

export const ListAccounts: Op<sdk.ListAccountsRequest, sdk.ListAccountsResponse, InOrganization> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const { items, next } = await listPage(
      input,
      page => ports.identity.organizations.accounts.list(organization.id, page),
      member => member.account,
    );
    return { Accounts: items.map(member => accountShape(organization, member)), ...next };
  },
};

export const DescribeAccount: Op<sdk.DescribeAccountRequest, sdk.DescribeAccountResponse, InOrganization> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.AccountId]),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
    const member = await ports.identity.organizations.accounts.get(organization.id, input.AccountId!);
    return { Account: accountShape(organization, member) };
  },
};

export const ListAccountsForParent: Op<
  sdk.ListAccountsForParentRequest,
  sdk.ListAccountsForParentResponse,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.ParentId]),
  async run(subject, input, _call, ports) {
    const organization = readBy(subject);
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
export const ListParents: Op<sdk.ListParentsRequest, sdk.ListParentsResponse, InOrganization> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.ChildId]),
  async run(subject, input, _call, ports) {
    const { id: organization } = readBy(subject);
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

export const MoveAccount: Op<sdk.MoveAccountRequest, object, InOrganization> = {
  resolve: (input, call, ports) =>
    onTargets(call, ports, [input.AccountId, input.SourceParentId, input.DestinationParentId]),
  async run(subject, input, _call, ports) {
    const organization = managedBy(subject);
    const { AccountId, SourceParentId, DestinationParentId } = input;
    const { accounts } = ports.identity.organizations;
    await accounts.move(organization, AccountId!, SourceParentId!, DestinationParentId!);
    return {};
  },
};

export const CloseAccount: Op<sdk.CloseAccountRequest, object, InOrganization> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.AccountId]),
  async run(subject, input, _call, ports) {
    await ports.identity.organizations.accounts.close(managedBy(subject), input.AccountId!);
    return {};
  },
};

export const RemoveAccountFromOrganization: Op<
  sdk.RemoveAccountFromOrganizationRequest,
  object,
  InOrganization
> = {
  resolve: (input, call, ports) => onTargets(call, ports, [input.AccountId]),
  async run(subject, input, _call, ports) {
    await ports.identity.organizations.accounts.remove(managedBy(subject), input.AccountId!);
    return {};
  },
};

/** What a member account calls itself. */
export const LeaveOrganization: Op<object, object, InOrganization> = {
  resolve: (_input, call, ports) => onAll(call, ports),
  async run(subject, _input, _call, ports) {
    await ports.identity.organizations.accounts.remove(
      demandOrganization(subject.organization),
      subject.home.id,
    );
    return {};
  },
};
