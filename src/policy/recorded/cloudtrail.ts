/** What CloudTrail's calls need, by their records (Service Authorization Reference, AWS CloudTrail). */

import { parseArn } from '../evaluate/arn.js';
import type { Context } from '../request.js';
import type { RecordedCheck, RecordParts } from './call.js';
import { list, requestTags, text } from './fields.js';

const CALL =
  /^(?:Add|Cancel|Create|Delete|Deregister|Describe|Disable|Enable|Generate|Get|List|Lookup|Put|Register|Remove|Restore|Search|Start|Stop|Update)[A-Z]\w+$/;

/** Calls on one trail by its name. */
const ON_TRAIL = /^(?:(?:Create|Delete|Get|Update)Trail|(?:Start|Stop)Logging|GetTrailStatus)$/;

/** Calls on nothing that the account has. */
const ON_ALL =
  /^(?:DescribeTrails|List(?:Trails|PublicKeys|Channels|EventDataStores|Dashboards|Imports)|LookupEvents|SearchSampleQueries|(?:Der|R)egisterOrganizationDelegatedAdmin)$/;

/** Parameters with the ARNs of what a call is about. */
const NAMED = [
  'trailName',
  'eventDataStore',
  'channel',
  'dashboardId',
  'resourceId',
  'resourceArn',
  'resourceIdList',
  'insightSource',
];

export function cloudTrailChecks(parts: RecordParts): RecordedCheck[] | undefined {
  const { name, parameters } = parts;
  if (!CALL.test(name)) return undefined;
  if (ON_ALL.test(name)) return [on(parts, '*')];
  const given = ON_TRAIL.test(name)
    ? [text(parameters['name'])]
    : NAMED.flatMap(one => list(parameters[one]).map(text));
  const found = given.flatMap(one => (one === undefined ? [] : [arnOf(one, parts)]));
  return [...new Set(found)].map(resource => on(parts, resource, requestTags(parameters['tagsList'])));
}

/** What is no ARN is the name of a trail. */
function arnOf(given: string, { partition, region, account }: RecordParts): string {
  if (given.startsWith('arn:')) return given;
  return `arn:${partition}:cloudtrail:${region}:${account}:trail/${given}`;
}

function on({ name, account }: RecordParts, resource: string, context: Context = {}): RecordedCheck {
  const owner = parseArn(resource)?.account || account || undefined;
  return { action: `cloudtrail:${name}`, resource, account: owner, kind: 'resource', context };
}
