/** What the calls of AWS Organizations need, by their records (Service Authorization Reference, AWS Organizations). */

import type { Context } from '../request.js';
import type { RecordedCheck, RecordParts } from './call.js';
import { fields, present, requestTags, text, texts } from './fields.js';

const CALL =
  /^(?:Accept|Attach|Cancel|Close|Create|Decline|Delete|Deregister|Describe|Detach|Disable|Enable|Invite|Leave|List|Move|Put|Register|Remove|Tag|Terminate|Untag|Update)[A-Z]\w+$/;

/** Calls on the organization as a whole. */
const ON_ALL =
  /^(?:(?:Create|Describe|Delete|Leave)Organization|CreateAccount|CreateGovCloudAccount|DescribeCreateAccountStatus|List(?:Roots|Accounts|CreateAccountStatus|Handshakes\w+|Policies|AWSServiceAccess\w+|DelegatedAdministrators|\w+ResponsibilityTransfers)|(?:En|Dis)ableAWSServiceAccess|EnableAllFeatures|(?:Describe|Put|Delete)ResourcePolicy)$/;

/** Parameters that name what a call is about: accounts, units, roots, policies, handshakes. */
const IDS = [
  'policyId',
  'accountId',
  'targetId',
  'parentId',
  'childId',
  'organizationalUnitId',
  'rootId',
  'resourceId',
  'sourceParentId',
  'destinationParentId',
  'handshakeId',
];

/**
 * The ARNs of what organizations hold have the organization's id, which requests do not carry: where the record's
 * resources or reply lack them, a pattern stands for the id.
 */
export function organizationsChecks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name, parameters } = parts;
  if (!CALL.test(name)) return undefined;
  const tags = requestTags(parameters['tags']);
  const context = { ...tags, ...contextOf(parts) };
  const resources = ON_ALL.test(name) ? ['*'] : resourcesOf(parts);
  const found = resources.map(resource => on(parts, name, resource, context));
  const tagging = /^Create/.test(name) && 'aws:TagKeys' in tags && found.length > 0;
  return tagging ? [...found, on(parts, 'TagResource', '*', tags)] : found;
}

function on({ account }: RecordParts, name: string, resource: string, context: Context): RecordedCheck {
  return {
    action: `organizations:${name}`,
    resource,
    account: account || undefined,
    kind: 'resource',
    context,
  };
}

function resourcesOf(parts: RecordParts): string[] {
  const { parameters, resources } = parts;
  const listed = resources.map(({ arn }) => arn).filter(arn => arn.includes(':organizations:'));
  if (listed.length > 0) return [...new Set(listed)];
  const target = text(fields(parameters['target'])['id']);
  const ids = IDS.flatMap(name => text(parameters[name]) ?? []);
  const named = [...ids, ...(target === undefined ? [] : [target])].map(id => arnOf(id, parts));
  if (named.length > 0) return [...new Set(named)];
  const type = text(parameters['type']);
  return parts.name === 'CreatePolicy' && type ? [arnOf('p-*', parts, type)] : [];
}

function arnOf(id: string, { partition, account, response, parameters }: RecordParts, type?: string): string {
  const organization = /\/(o-[a-z0-9]+)\//.exec(JSON.stringify(response))?.[1] ?? 'o-*';
  const home = `arn:${partition}:organizations::`;
  const kind = (type ?? text(parameters['policyType']) ?? '*').toLowerCase();
  if (/^p-Full/.test(id)) return `${home}aws:policy/${kind === '*' ? 'service_control_policy' : kind}/${id}`;
  if (id.startsWith('p-')) return `${home}${account}:policy/${organization}/${kind}/${id}`;
  if (id.startsWith('r-')) return `${home}${account}:root/${organization}/${id}`;
  if (id.startsWith('ou-')) return `${home}${account}:ou/${organization}/${id}`;
  if (id.startsWith('h-')) return `${home}${account}:handshake/${organization}/*/${id}`;
  return `${home}${account}:account/${organization}/${id}`;
}

function contextOf({ name, parameters }: RecordParts): Context {
  return {
    ...(name === 'UntagResource' && { 'aws:TagKeys': texts(parameters['tagKeys']) }),
    ...present({
      'organizations:PolicyType': text(
        parameters['policyType'] ?? parameters['filter'] ?? parameters['type'],
      ),
      'organizations:ServicePrincipal': text(parameters['servicePrincipal']),
    }),
  };
}
