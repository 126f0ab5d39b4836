/** Copies an organization's tree and policies, where the caller may read them: in its management account. */
import {
  DescribeOrganizationCommand,
  DescribePolicyCommand,
  ListRootsCommand,
  type OrganizationsClient,
  type PolicyType,
  paginateListAccountsForParent,
  paginateListOrganizationalUnitsForParent,
  paginateListPolicies,
  paginateListTargetsForPolicy,
} from '@aws-sdk/client-organizations';
import type { AccountCopy } from '../policy/replay/index.js';
import type { AccountClients } from './account-clients.js';
import type { PullOptions } from './pull-options.js';

type OrganizationCopy = NonNullable<AccountCopy['organization']>;
type Node = OrganizationCopy['nodes'][number];

/** What is asked for of an account that is in none, or that may not read it. */
const NONE = /^(?:AWSOrganizationsNotInUseException|AccessDenied(?:Exception)?)$/;

const TYPES: readonly PolicyType[] = ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'];

export async function pullOrganization(
  { organizations }: Pick<AccountClients, 'organizations'>,
  { failed }: Pick<PullOptions, 'failed'>,
): Promise<OrganizationCopy | undefined> {
  try {
    const { Organization } = await organizations.send(new DescribeOrganizationCommand({}));
    const { Roots = [] } = await organizations.send(new ListRootsCommand({}));
    const [root] = Roots;
    if (!Organization || !root) return undefined;
    const enabled = (root.PolicyTypes ?? [])
      .filter(({ Status }) => Status === 'ENABLED')
      .map(({ Type }) => String(Type));
    const { policies, attached } = await policiesOf(organizations, enabled);
    const nodes: Node[] = [];
    const put = (node: Omit<Node, 'policies'>) =>
      nodes.push({ ...node, policies: (attached.get(node.id) ?? []).sort() });
    put({ id: root.Id!, name: root.Name ?? 'Root', kind: 'root' });
    await below(organizations, root.Id!, put);
    return {
      ...{ id: Organization.Id!, managementAccount: Organization.MasterAccountId! },
      ...{ enabled: enabled.sort(), nodes, policies },
    };
  } catch (error) {
    const { name, message } = error as Error;
    if (!NONE.test(name)) failed('organization', message);
    return undefined;
  }
}

async function below(
  client: OrganizationsClient,
  parent: string,
  put: (node: Omit<Node, 'policies'>) => void,
): Promise<void> {
  for await (const { Accounts = [] } of paginateListAccountsForParent({ client }, { ParentId: parent })) {
    for (const { Id = '', Name = '' } of Accounts) put({ id: Id, name: Name, kind: 'account', parent });
  }
  for await (const { OrganizationalUnits = [] } of paginateListOrganizationalUnitsForParent(
    { client },
    { ParentId: parent },
  )) {
    for (const { Id = '', Name = '' } of OrganizationalUnits) {
      put({ id: Id, name: Name, kind: 'unit', parent });
      await below(client, Id, put);
    }
  }
}

async function policiesOf(client: OrganizationsClient, enabled: readonly string[]) {
  const policies: OrganizationCopy['policies'][number][] = [];
  const attached = new Map<string, string[]>();
  for (const type of TYPES.filter(one => enabled.includes(one))) {
    for await (const { Policies = [] } of paginateListPolicies({ client }, { Filter: type })) {
      for (const { Id = '', Name = '', Description } of Policies) {
        const { Policy } = await client.send(new DescribePolicyCommand({ PolicyId: Id }));
        const description = Description || undefined;
        policies.push({ id: Id, name: Name, type, description, document: Policy?.Content ?? '' });
        for await (const { Targets = [] } of paginateListTargetsForPolicy({ client }, { PolicyId: Id })) {
          for (const { TargetId = '' } of Targets)
            attached.set(TargetId, [...(attached.get(TargetId) ?? []), Id]);
        }
      }
    }
  }
  return { policies, attached };
}
