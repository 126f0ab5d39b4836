/** What STS's calls need, by their records (Service Authorization Reference, AWS Security Token Service). */

import { parseArn } from '../evaluate/arn.js';
import type { Context } from '../request.js';
import type { RecordedCheck, RecordParts } from './call.js';
import { present, requestTags, text, texts } from './fields.js';

/**
 * Calls that need no permission: "No permissions are required to perform this operation" (STS API Reference); of
 * Karikagi's own API what the console asks of the caller itself.
 */
const FREE = new Set([
  ...['sts:GetCallerIdentity', 'sts:GetSessionToken', 'karikagi:CreateConsoleSession'],
  ...['karikagi:GetCallerSession', 'karikagi:SimulateOwnRequests'],
]);

/** Whether a call needs no permission, and no Deny refuses it. */
export function needsNothing(operation: string): boolean {
  return FREE.has(operation);
}

export function stsChecks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name, parameters, partition, account } = parts;
  if (needsNothing(`sts:${name}`) || /^(?:DecodeAuthorizationMessage|GetAccessKeyInfo)$/.test(name))
    return [on(name, '*')];
  if (name === 'GetFederationToken') {
    const user = text(parameters['name']);
    if (user === undefined) return [];
    const resource = `arn:${partition}:sts::${account}:federated-user/${user}`;
    const tags = requestTags(parameters['tags']);
    const found = [on(name, resource, tags)];
    return 'aws:TagKeys' in tags ? [...found, on('TagSession', resource, tags)] : found;
  }
  if (name === 'GetWebIdentityToken' || name === 'GetDelegatedAccessToken') return [on(name, '*')];
  if (name === 'AssumeRoot') {
    const target = text(parameters['targetPrincipal']);
    if (target === undefined) return [];
    return [on(name, /^\d{12}$/.test(target) ? `arn:${partition}:iam::${target}:root` : target)];
  }
  return /^AssumeRole(?:WithWebIdentity|WithSAML)?$/.test(name) ? assuming(parts) : undefined;
}

function on(name: string, resource: string, context: Context = {}): RecordedCheck {
  return { action: `sts:${name}`, resource, account: parseArn(resource)?.account, kind: 'resource', context };
}

function assuming(parts: RecordParts): RecordedCheck[] {
  const { name, parameters, resources, sourceIdentity } = parts;
  const role = text(parameters['roleArn']) ?? resources.find(({ arn }) => arn.includes(':role/'))?.arn;
  if (role === undefined) return [];
  // Of federated callers tags come in the assertion, and in the record as `principalTags`.
  const tags = requestTags(parameters['tags'] ?? parameters['principalTags']);
  const transitive = texts(parameters['transitiveTagKeys']);
  // Along a chain it stays as it was set first.
  const identity = sourceIdentity ?? text(parameters['sourceIdentity']);
  const context = {
    ...tags,
    ...present({
      'sts:RoleSessionName': text(parameters['roleSessionName']),
      'sts:ExternalId': text(parameters['externalId']),
      'sts:SourceIdentity': identity,
      'sts:TransitiveTagKeys': transitive.length > 0 ? transitive : undefined,
    }),
    // The code comes with the request: the trust policy sees it, and no later call.
    ...(text(parameters['serialNumber']) !== undefined && { 'aws:MultiFactorAuthPresent': 'true' }),
  };
  const actions = [name];
  if ('aws:TagKeys' in tags) actions.push('TagSession');
  if (identity !== undefined) actions.push('SetSourceIdentity');
  const account = parseArn(role)?.account;
  return actions.map(action => ({
    action: `sts:${action}`,
    resource: role,
    account,
    kind: 'trust',
    context,
  }));
}
