/** Makes the organization of a copy with its ids, and attaches its policies. */
import {
  AcceptHandshakeCommand,
  AttachPolicyCommand,
  DetachPolicyCommand,
  EnablePolicyTypeCommand,
  InviteAccountToOrganizationCommand,
  type OrganizationsClient,
  type PolicyType,
  paginateListAccounts,
  paginateListPoliciesForTarget,
} from '@aws-sdk/client-organizations';
import { type ApiTarget, callKarikagi } from '../clients/karikagi-api.js';
import type { AccountCopy } from '../policy/replay/index.js';
import { compact } from './compact.js';
import type { Attempt } from './load-buckets.js';

type Organization = NonNullable<AccountCopy['organization']>;
type Node = Organization['nodes'][number];

/** The types that decide about calls; the others are not enforced here. */
const CONTROLS: readonly string[] = ['SERVICE_CONTROL_POLICY', 'RESOURCE_CONTROL_POLICY'];

/** Things in one request: a policy has up to 10,240 characters, a request a megabyte. */
const POLICIES_AT_ONCE = 20;
const NODES_AT_ONCE = 500;

/**
 * Comes after all accounts: its policies bind those who load them. `clients`: of the accounts that are loaded, the
 * management account among them. May be run again.
 */
export async function loadOrganization(
  organization: Organization,
  clients: ReadonlyMap<string, OrganizationsClient>,
  server: ApiTarget,
  attempt: Attempt,
): Promise<void> {
  const { id, managementAccount, nodes, policies, enabled } = organization;
  const root = nodes.find(({ kind }) => kind === 'root');
  if (!root) {
    await attempt(`organization ${id}`, async () => {
      throw new Error('the copy has no root');
    });
    return;
  }
  const client = clients.get(managementAccount) as OrganizationsClient;
  const whole = { OrganizationId: id, RootId: root.id, ManagementAccountId: managementAccount };
  const make = (part: Partial<Part>) =>
    attempt(`organization ${id}`, () =>
      callKarikagi(server, 'CreateOrganizationCopy', { ...whole, ...part }),
    );
  for (const part of [...unitsOf(nodes), ...accountsOf(nodes), ...policiesOf(policies)])
    if (!(await make(part))) return;
  await join(organization, clients, attempt);
  // Who has joined goes to its place.
  for (const part of accountsOf(nodes)) await make(part);
  for (const type of enabled) {
    const input = { RootId: root.id, PolicyType: type as PolicyType };
    await attempt(`${type} of organization ${id}`, async () => {
      if (!CONTROLS.includes(type)) throw new Error('policies of this type are not enforced here');
      await client.send(new EnablePolicyTypeCommand(input));
    });
  }
  // The management account and the root come last: what binds them may forbid the rest.
  for (const node of [...nodes].reverse())
    for (const type of enabled.filter(one => CONTROLS.includes(one)))
      await attempt(`policies of ${node.id}`, () => attach(node, type as PolicyType, organization, client));
}

type Part = Readonly<Record<'OrganizationalUnits' | 'Accounts' | 'Policies', readonly object[]>>;

/** What one request after the other makes. */
const unitsOf = (nodes: readonly Node[]): Partial<Part>[] =>
  chunks(placed(nodes, 'unit'), NODES_AT_ONCE).map(OrganizationalUnits => ({ OrganizationalUnits }));

const accountsOf = (nodes: readonly Node[]): Partial<Part>[] =>
  chunks(placed(nodes, 'account'), NODES_AT_ONCE).map(Accounts => ({ Accounts }));

function placed(nodes: readonly Node[], kind: Node['kind']): object[] {
  return nodes
    .filter(node => node.kind === kind)
    .map(({ id, name, parent }) => ({ Id: id, Name: name, ParentId: parent }));
}

function policiesOf(policies: Organization['policies']): Partial<Part>[] {
  const own = policies
    .filter(({ type }) => CONTROLS.includes(type))
    .map(({ id, type, name, description, document }) => ({
      ...{ PolicyId: id, PolicyType: type, Name: name, Description: description },
      Content: compact(document),
    }));
  return chunks(own, POLICIES_AT_ONCE).map(Policies => ({ Policies }));
}

/** Accounts that were there before the organization accept an invitation into it. */
async function join(
  { nodes, managementAccount }: Organization,
  clients: ReadonlyMap<string, OrganizationsClient>,
  attempt: Attempt,
): Promise<void> {
  const management = clients.get(managementAccount) as OrganizationsClient;
  const members = new Set<string>();
  for await (const { Accounts = [] } of paginateListAccounts({ client: management }, {}))
    for (const { Id = '' } of Accounts) members.add(Id);
  for (const { id } of nodes.filter(node => node.kind === 'account' && !members.has(node.id)))
    await attempt(`account ${id} in the organization`, async () => {
      const own = clients.get(id);
      if (!own) throw new Error('it was there before: load it together with its own copy, so that it joins');
      const Target = { Type: 'ACCOUNT' as const, Id: id };
      const { Handshake } = await management.send(new InviteAccountToOrganizationCommand({ Target }));
      await own.send(new AcceptHandshakeCommand({ HandshakeId: Handshake?.Id }));
    });
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, index) => all.slice(index * size, (index + 1) * size));
}

/** Attaches one before it detaches, and then the rest: a target has one policy of a type at least, and ten at most. */
async function attach(
  { id: TargetId, policies }: Node,
  type: PolicyType,
  organization: Organization,
  client: OrganizationsClient,
): Promise<void> {
  const ofType = new Set(organization.policies.filter(one => one.type === type).map(({ id }) => id));
  const wanted = policies.filter(id => ofType.has(id));
  const present: string[] = [];
  const pages = paginateListPoliciesForTarget({ client }, { TargetId, Filter: type });
  for await (const { Policies = [] } of pages) present.push(...Policies.map(({ Id = '' }) => Id));
  const [first, ...rest] = wanted.filter(id => !present.includes(id));
  const add = (PolicyId: string) => client.send(new AttachPolicyCommand({ PolicyId, TargetId }));
  if (first !== undefined) await add(first);
  for (const PolicyId of present.filter(id => !wanted.includes(id)))
    await client.send(new DetachPolicyCommand({ PolicyId, TargetId }));
  for (const PolicyId of rest) await add(PolicyId);
}
