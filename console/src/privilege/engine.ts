/** What recorded calls say of policies. It is loaded when it is first asked for, with the engine's readers of records. */
import { type GeneratedPolicy, PolicyGenerator } from '../../../src/policy/generate/index.js';
import { isCall, type RecordedCall, readCall } from '../../../src/policy/recorded/index.js';
import {
  type AccountCopy,
  type ProposedPolicy,
  Replay,
  type ReplayReport,
  withChange,
  worldOf,
} from '../../../src/policy/replay/index.js';
import { knowledge } from '../api/knowledge.js';
import { readCopy, readDetails } from './copy.js';
import { type Asked, beginOf, type Period, type Recorded, recorded } from './events.js';

interface Looked {
  /** Events that were looked at, and whether there are no others in the period. */
  readonly events: number;
  readonly isWhole: boolean;
  /** What could not be read. */
  readonly problems: readonly string[];
}

export interface Changes extends Looked {
  readonly report: ReplayReport;
}

export interface Generated extends Looked {
  readonly generated: GeneratedPolicy;
}

/** What a policy would change in what was recorded. Throws where it is none, or something cannot be read. */
export async function whatWouldChange(
  change: ProposedPolicy & { readonly place: string },
  period: Period,
  signal: AbortSignal,
): Promise<Changes> {
  const details = await readDetails();
  const found = await recorded(affected(change.place, details), period, signal);
  const { copy, problems } = await readCopy(details, callsOf(found), [change.place]);
  const replay = new Replay(worldOf(withChange([copy], change)), worldOf([copy]));
  for (const event of found.events) replay.addRecord(event);
  return { ...lookedAt(found, problems), report: replay.report() };
}

/** The least policy of a user or role, held against what was recorded. `unusedSince`: see `GenerateOptions`. */
export async function generatePolicy(
  principal: string,
  period: Period,
  unusedFor: Period,
  signal: AbortSignal,
): Promise<Generated> {
  const found = await recorded([{ Principal: principal }], period, signal);
  const { copy, problems } = await readCopy(await readDetails(), callsOf(found), []);
  const world = worldOf([copy]);
  const since = beginOf(unusedFor);
  const unusedSince = since === undefined ? undefined : new Date(since).toISOString();
  const generator = new PolicyGenerator({ principal, unusedSince }, world);
  const calls = found.events.map(event => readCall(event, world.lookups)).filter(isCall);
  for (const call of calls) generator.add(call);
  const made = await generator.finish(knowledge);
  const verified = verify(made, calls, copy);
  return { ...lookedAt(found, problems), generated: { ...made, verified } };
}

function verify(
  { policy, principal }: Pick<GeneratedPolicy, 'policy' | 'principal'>,
  calls: readonly RecordedCall[],
  copy: AccountCopy,
): Pick<ReplayReport, 'counts' | 'groups'> {
  const change = policy && { name: 'the generated policy', document: policy, place: principal };
  const replay = new Replay(worldOf(change ? withChange([copy], change) : [copy]));
  for (const call of calls)
    if (call.outcome === 'allowed' && (call.principal.roleArn ?? call.principal.arn) === principal)
      replay.add(call);
  return replay.report();
}

const callsOf = ({ events }: Recorded): RecordedCall[] => events.map(event => readCall(event)).filter(isCall);

const lookedAt = ({ events, isWhole }: Recorded, problems: readonly string[]): Looked => ({
  ...{ events: events.length, isWhole, problems },
});

type Details = Pick<AccountCopy, 'users' | 'groups' | 'roles'>;

/** Whose calls, or calls on what, the policy of a place is about. */
function affected(place: string, { users, groups, roles }: Details): Asked[] {
  if (place.startsWith('trust:')) return [{ Resource: place.slice(6) }];
  if (/^arn:[^:]+:(?:s3|kms):/.test(place)) return [{ Resource: place }];
  const ofGroups = groups.filter(({ arn, attached }) => arn === place || attached.includes(place));
  const names = ofGroups.map(({ name }) => name.toLowerCase());
  const isMeant = ({
    arn,
    attached,
    boundary,
  }: AccountCopy['roles'][number] | AccountCopy['users'][number]) =>
    arn === place || boundary === place || attached.includes(place);
  const meant = [
    ...users.filter(user => isMeant(user) || user.groups.some(name => names.includes(name.toLowerCase()))),
    ...roles.filter(isMeant),
  ];
  return meant.map(({ arn }) => ({ Principal: arn }));
}
