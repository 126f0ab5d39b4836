/** What the calls of Roles Anywhere need, by their records (Service Authorization Reference, IAM Roles Anywhere). */

import type { Context } from '../request.js';
import type { RecordedCheck, RecordParts } from './call.js';
import { present, requestTags, text, texts } from './fields.js';

const CALL =
  /^(?:Create(?:Profile|TrustAnchor)|ImportCrl|(?:Delete|Disable|Enable|Get|Update)(?:Crl|Profile|TrustAnchor)|(?:Delete|Put)AttributeMapping|GetSubject|List\w+|(?:Put|Reset)NotificationSettings|(?:Tag|Untag)Resource)$/;

/** What has the id that a parameter gives. */
const KINDS = {
  trustAnchorId: 'trust-anchor',
  profileId: 'profile',
  crlId: 'crl',
  subjectId: 'subject',
} as const;

export function rolesAnywhereChecks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name, parameters, partition, region, account } = parts;
  if (!CALL.test(name)) return undefined;
  const context = {
    ...requestTags(parameters['tags']),
    ...(name === 'UntagResource' && { 'aws:TagKeys': texts(parameters['tagKeys']) }),
  };
  const home = `arn:${partition}:rolesanywhere:${region}:${account}`;
  if (/^(?:Create|Import|List)/.test(name)) {
    const tags = 'aws:TagKeys' in context;
    const kind = name === 'CreateProfile' ? 'profile' : name === 'ImportCrl' ? 'crl' : 'trust-anchor';
    return [
      on(parts, `rolesanywhere:${name}`, '*', context),
      ...(tags ? [on(parts, 'rolesanywhere:TagResource', `${home}:${kind}/*`, context)] : []),
      ...passed(parts),
    ];
  }
  const ids = Object.entries(KINDS).flatMap(([parameter, kind]) => {
    const id = text(parameters[parameter]);
    return id === undefined ? [] : [`${home}:${kind}/${id}`];
  });
  const given = text(parameters['resourceArn']);
  const found = [...ids.slice(0, 1), ...(given === undefined ? [] : [given])];
  if (found.length === 0) return [];
  return [...found.map(resource => on(parts, `rolesanywhere:${name}`, resource, context)), ...passed(parts)];
}

/** A profile passes its roles to the service. */
function passed(parts: RecordParts): RecordedCheck[] {
  if (!/Profile$/.test(parts.name)) return [];
  const context = present({ 'iam:PassedToService': 'rolesanywhere.amazonaws.com' });
  return texts(parts.parameters['roleArns']).map(role => on(parts, 'iam:PassRole', role, context));
}

function on({ account }: RecordParts, action: string, resource: string, context: Context): RecordedCheck {
  return { action, resource, account: account || undefined, kind: 'resource', context };
}
