/** The names of trails and how operations find them by these. */
import type { Call, Requirement, Resolution } from '../../core/operation.js';
import type { Context } from '../../policy/types.js';
import { type Trail, type TrailName, trailArn } from '../../trails/records.js';
import { cloudTrailErrors } from './errors.js';
import type { CloudTrailPorts } from './ports.js';

/** A caller that is allowed by its policies has an account. */
export function accountOf({ caller }: Call): Pick<TrailName, 'account' | 'partition'> {
  return { account: caller.account?.id ?? '', partition: caller.account?.partition ?? 'aws' };
}

const ARN = /^arn:(aws[\w-]*):cloudtrail:([\w-]+):(\d{12}):trail\/([^/]+)$/;

/**
 * The trail of a name in the region of the request, or of an ARN. Throws `CloudTrailARNInvalidException`,
 * `InvalidTrailNameException`.
 */
export function readTrail(given: string, call: Call): TrailName {
  if (!given.startsWith('arn:')) {
    demandName(given);
    return { ...accountOf(call), region: call.region, name: given };
  }
  const [, partition, region = '', account = '', name = ''] = ARN.exec(given) ?? [];
  if (partition !== accountOf(call).partition) throw cloudTrailErrors.CloudTrailARNInvalidException(given);
  demandName(name);
  return { partition, account, region, name };
}

/** "Naming requirements for CloudTrail resources". Throws `InvalidTrailNameException`. */
export function demandName(name: string): void {
  const why = wrongName(name);
  if (why !== undefined) throw cloudTrailErrors.InvalidTrailNameException(why);
}

function wrongName(name: string): string | undefined {
  const { length } = name;
  if (length === 0) return 'Trail name or ARN can not be empty.';
  if (length < 3)
    return `Trail name too short. Minimum allowed length: 3 characters. Specified name length: ${length} characters.`;
  if (length > 128)
    return `Trail name too long. Maximum allowed length: 128 characters. Specified name length: ${length} characters.`;
  if (!/^[A-Za-z0-9]/.test(name)) return 'Trail name must starts with a letter or number.';
  if (!/[A-Za-z0-9]$/.test(name)) return 'Trail name must ends with a letter or number.';
  if (!/^[\w.-]+$/.test(name))
    return 'Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).';
  if (/[._-]{2}/.test(name))
    return 'Trail name or ARN can not have adjacent periods (.), hyphens (-), or underscores (_).';
  if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(name)) return 'Trail name can not be in IP address format.';
  return undefined;
}

/** A trail that a request is about. */
export interface OnTrail {
  readonly name: TrailName;
  readonly trail: Trail | undefined;
}

/** The operation's own action on a trail. */
export function requirementOn({ name, trail }: OnTrail, call: Call, context: Context = {}): Requirement {
  return {
    action: call.action,
    resource: trailArn(name),
    resourceAccount: name.account,
    context: { ...context, ...resourceTags(trail) },
  };
}

function resourceTags(trail: Trail | undefined): Context {
  return Object.fromEntries((trail?.tags ?? []).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

/** For an operation on the trail that the request names. Throws as `readTrail`. */
export async function resolveTrail(
  given: string | undefined,
  call: Call,
  { trails }: CloudTrailPorts,
  context: Context = {},
): Promise<Resolution<OnTrail>> {
  const name = readTrail(given ?? '', call);
  const subject = { name, trail: await trails.find(name) };
  return { requires: [requirementOn(subject, call, context)], subject };
}

/** Throws `TrailNotFoundException`. */
export function demandTrail({ name, trail }: OnTrail): Trail {
  if (trail) return trail;
  throw cloudTrailErrors.TrailNotFoundException(trailArn(name), name.account);
}

/** As `demandTrail`, for what changes the trail. Throws `InvalidHomeRegionException`, too. */
export function demandTrailHere(subject: OnTrail, call: Call): Trail {
  const trail = demandTrail(subject);
  if (trail.region === call.region) return trail;
  throw cloudTrailErrors.InvalidHomeRegionException(trailArn(trail), trail.region);
}

/** What a change answered: throws `TrailNotFoundException` for a trail that is gone meanwhile. */
export function demandChanged(subject: OnTrail, changed: Trail | undefined): Trail {
  return demandTrail({ ...subject, trail: changed });
}
