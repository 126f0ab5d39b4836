/**
 * What IAM's calls need, by their records (Service Authorization Reference, AWS Identity and Access Management). Every
 * call of IAM is an action by name. Records name what a call is about without its path, so that the path comes from
 * elsewhere where it can be known: the reply, the caller's own ARN, a copy of the account.
 */

import type { Context } from '../request.js';
import type { EntityKind, RecordedCheck, RecordParts } from './call.js';
import { fields, present, requestTags, text, texts } from './fields.js';

const CALL =
  /^(?:Accept|Acquire|Add|Associate|Attach|Change|Create|Deactivate|Delete|Detach|Disable|Enable|Generate|Get|List|Put|Reject|Remove|Reset|Resync|Send|Set|Simulate|Tag|Untag|Update|Upload)[A-Z]\w+$/;

/** Calls on the caller's own user where they name none ("If you do not specify a user name …", IAM API Reference). */
const ON_OWN_USER =
  /^(?:GetUser|ChangePassword|(?:Create|Delete|List|Update)AccessKeys?|(?:Delete|Get|List|Update|Upload)SSHPublicKeys?|(?:Delete|List|Update|Upload)SigningCertificates?|(?:Create|Delete|List|Reset|Update)ServiceSpecificCredentials?|ListMFADevices|(?:Enable|Resync|Deactivate|Get)MFADevice|(?:Create|Update|Get|Delete)LoginProfile)$/;

/** Lists of a kind, which IAM asks for at the path that they list. */
const LISTS: Readonly<Record<string, EntityKind>> = {
  ListUsers: 'user',
  ListGroups: 'group',
  ListRoles: 'role',
  ListPolicies: 'policy',
  ListInstanceProfiles: 'instance-profile',
  ListServerCertificates: 'server-certificate',
};

/** Parameters that name what a call is about, the first that is there counts. */
const NAMES: readonly (readonly [parameter: string, kind: EntityKind, calls: RegExp])[] = [
  ['instanceProfileName', 'instance-profile', /InstanceProfile/],
  ['groupName', 'group', /./],
  ['roleName', 'role', /./],
  ['userName', 'user', /./],
  ['serverCertificateName', 'server-certificate', /./],
  ['virtualMFADeviceName', 'mfa', /./],
];

/** Parameters that are the ARN of what a call is about. */
const ARNS = [
  'policyArn',
  'openIDConnectProviderArn',
  'sAMLProviderArn',
  'serialNumber',
  'arn',
  'policySourceArn',
];

export function iamChecks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name, parameters } = parts;
  if (!CALL.test(name)) return undefined;
  const resource = resourceOf(parts);
  if (resource === undefined) return [];
  const tags = requestTags(parameters['tags']);
  const context = { ...tags, ...contextOf(parts) };
  const found = [on(parts, `iam:${name}`, resource, context)];
  const made = /^(?:Create|Upload)(?:Virtual)?(\w+)$/.exec(name)?.[1];
  if (made !== undefined && 'aws:TagKeys' in tags) found.push(on(parts, `iam:Tag${made}`, resource, tags));
  const moved = movedTo(parts, resource);
  if (moved !== undefined && moved !== resource) found.push(on(parts, `iam:${name}`, moved, context));
  const passed = text(parameters['roleName']);
  if (name === 'AddRoleToInstanceProfile' && passed !== undefined) {
    const keys = { 'iam:PassedToService': 'ec2.amazonaws.com' };
    found.push(on(parts, 'iam:PassRole', entity(parts, 'role', passed), keys));
  }
  return found;
}

function on({ account }: RecordParts, action: string, resource: string, context: Context): RecordedCheck {
  return { action, resource, account: account || undefined, kind: 'resource', context };
}

/** `*` for what is about no resource; `undefined` where the record does not say. */
function resourceOf(parts: RecordParts): string | undefined {
  const { name, parameters, partition, account } = parts;
  const iam = `arn:${partition}:iam::${account}`;
  const kind = LISTS[name];
  if (kind !== undefined) return `${iam}:${kind}${text(parameters['pathPrefix']) ?? '/'}`;
  if (name === 'CreatePolicy') return entity(parts, 'policy', text(parameters['policyName']) ?? '*');
  if (name === 'CreateSAMLProvider') return ifNamed(`${iam}:saml-provider/`, text(parameters['name']));
  if (name === 'CreateOpenIDConnectProvider')
    return ifNamed(`${iam}:oidc-provider/`, text(parameters['url'])?.replace(/^https:\/\//, ''));
  if (name === 'GetServiceLinkedRoleDeletionStatus')
    return text(parameters['deletionTaskId'])?.replace(/^task\/(.+)\/[^/]+$/, `${iam}:role/$1`);
  if (name === 'CreateServiceLinkedRole') return linkedRole(parts, iam);
  if (name === 'GetAccessKeyLastUsed') return parts.resources[0]?.arn;
  return namedIn(parts) ?? unnamed(parts);
}

/** What the parameters name. */
function namedIn(parts: RecordParts): string | undefined {
  const { name, parameters } = parts;
  for (const [parameter, kind, calls] of NAMES) {
    const value = text(parameters[parameter]);
    if (value !== undefined && calls.test(name)) return entity(parts, kind, value);
  }
  return ARNS.map(parameter => text(parameters[parameter])).find(value => value !== undefined);
}

/** What a call is about that names nothing. */
function unnamed({ name, principal: { type, arn }, resources }: RecordParts): string | undefined {
  const isOwn = ON_OWN_USER.test(name);
  if (isOwn && (type === 'root' || type === 'user')) return arn;
  return isOwn || needsName(name) ? resources[0]?.arn : '*';
}

/** Whether a call is about something that the record should name. */
function needsName(name: string): boolean {
  if (
    /(?:Credential|Account|Organizations|SecurityToken|CustomPolicy|LastAccessed|VirtualMFADevices$)/.test(
      name,
    )
  )
    return false;
  return !/^List(?:SAML|OpenIDConnect)Providers$/.test(name);
}

const ifNamed = (prefix: string, name: string | undefined) =>
  name === undefined ? undefined : prefix + name;

function linkedRole({ response, parameters }: RecordParts, iam: string): string | undefined {
  const made = text(fields(response['role'])['arn']);
  const service = text(parameters['aWSServiceName']);
  return made ?? ifNamed(`${iam}:role/aws-service-role/`, service && `${service}/*`);
}

/** The ARN of an entity by name, with the path as far as it can be known. */
function entity(parts: RecordParts, kind: EntityKind, name: string): string {
  const { partition, account, parameters, response, resources, principal, lookups } = parts;
  const start = `arn:${partition}:iam::${account}:${kind}`;
  const given = text(parameters['path']);
  if (given !== undefined && !parts.name.startsWith('Update')) return `${start}${given}${name}`;
  const end = `/${name.toLowerCase()}`;
  const known: string | undefined = [
    ...resources.map(({ arn }) => arn),
    ...Object.values(response).map(one => text(fields(one)['arn'])),
    principal.arn,
    principal.roleArn,
  ].find(arn => arn?.startsWith(`${start}/`) && arn.toLowerCase().endsWith(end));
  return known ?? `${start}${lookups.pathOf?.(kind, account, name) ?? '/'}${name}`;
}

/** Where a user, group or certificate is moved to: it must be allowed there too. */
function movedTo({ name, parameters }: RecordParts, resource: string): string | undefined {
  const match = /^Update(User|Group|ServerCertificate)$/.exec(name);
  const path = text(parameters['newPath']);
  const renamed = text(
    parameters['newUserName'] ?? parameters['newGroupName'] ?? parameters['newServerCertificateName'],
  );
  const now = /^([^/]+)(\/(?:.+\/)?)([^/]+)$/.exec(resource);
  if (!match || !now || (path === undefined && renamed === undefined)) return undefined;
  return `${now[1]}${path ?? now[2]}${renamed ?? now[3]}`;
}

function contextOf({ name, parameters }: RecordParts): Context {
  const sets = /^(?:Create|Put\w+PermissionsBoundary)/.test(name);
  return {
    ...(/^Untag/.test(name) && { 'aws:TagKeys': texts(parameters['tagKeys']) }),
    ...present({
      'iam:PolicyARN': /^(?:At|De)tach/.test(name) ? text(parameters['policyArn']) : undefined,
      'iam:PermissionsBoundary': sets ? text(parameters['permissionsBoundary']) : undefined,
      'iam:AWSServiceName': text(parameters['aWSServiceName']),
      'iam:ServiceSpecificCredentialServiceName': text(parameters['serviceName']),
      'iam:ServiceSpecificCredentialAgeDays': text(parameters['credentialAgeDays']),
    }),
  };
}
