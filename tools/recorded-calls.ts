/**
 * Reads recorded calls of an account, CloudTrail's files, and holds them against policies that allow exactly what was
 * allowed: `node dist/tools/recorded-calls.js DIRECTORY`. Ends with 1 where a record is lost, a call of ours has no
 * action, an allowed call is denied, or one is still allowed once its action is taken out.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isCall,
  needsNothing,
  type RecordedCall,
  type RecordedCheck,
  readCall,
} from '../src/policy/recorded/index.js';
import {
  type AccountCopy,
  type Outcome,
  Replay,
  type RoleCopy,
  worldOf,
} from '../src/policy/replay/index.js';
import { readEvents } from '../src/replay/index.js';

const OURS = ['s3', 'iam', 'sts', 'kms', 'organizations', 'access-analyzer', 'cloudtrail', 'rolesanywhere'];

/** Calls that are no operation of a service's API: its console makes them within AWS. */
const INTERNAL = new Set(['s3:GetStorageLensDashboardDataInternal']);

interface Allowed {
  readonly call: RecordedCall;
  readonly record: object;
}

interface Found {
  records: number;
  readonly services: Map<string, { records: number; mapped: number }>;
  readonly unread: Map<string, number>;
  readonly denied: RecordedCall[];
  readonly allowed: Allowed[];
}

async function readAll(directory: string): Promise<Found> {
  const found: Found = { records: 0, services: new Map(), unread: new Map(), denied: [], allowed: [] };
  for await (const records of readEvents({ sources: [directory] })) {
    for (const record of records) takeRecord(found, record);
  }
  return found;
}

function takeRecord(found: Found, record: object): void {
  found.records++;
  const service = (record as { eventSource: string }).eventSource.split('.')[0]!;
  if (!OURS.includes(service)) return;
  const counts = found.services.get(service) ?? { records: 0, mapped: 0 };
  found.services.set(service, counts);
  counts.records++;
  const call = readCall(record);
  if (!isCall(call)) {
    const why = `${call.operation}: ${call.reason}`;
    found.unread.set(why, (found.unread.get(why) ?? 0) + 1);
    return;
  }
  counts.mapped++;
  if (call.outcome === 'denied') found.denied.push(call);
  else found.allowed.push({ call, record });
}

/** The same count by another way: each file as a whole. */
function countRecords(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.json'))
    .map(name => JSON.parse(readFileSync(join(directory, name), 'utf8')) as { Records?: unknown[] })
    .reduce((sum, { Records = [] }) => sum + Records.length, 0);
}

interface Statement {
  readonly Effect: 'Allow';
  readonly Principal?: object;
  readonly Action: string;
  readonly Resource?: string;
}

/** What an entity, a key or a bucket allows, each pair of action and resource once. */
class Statements {
  readonly #of = new Map<string, Map<string, Statement>>();

  add(whose: string, statement: Statement): void {
    const known = this.#of.get(whose) ?? new Map<string, Statement>();
    this.#of.set(whose, known.set(JSON.stringify(statement), statement));
  }

  get owners(): string[] {
    return [...this.#of.keys()];
  }

  actionsOf(whose: string): Set<string> {
    return new Set([...(this.#of.get(whose)?.values() ?? [])].map(({ Action }) => Action));
  }

  /** The policy without one action. */
  document(whose: string, without?: string): string {
    const all = [...(this.#of.get(whose)?.values() ?? [])];
    const left = all.filter(({ Action }) => Action !== without);
    const nothing = { Effect: 'Deny', Action: 'none:None', Resource: '*' };
    return JSON.stringify({ Version: '2012-10-17', Statement: left.length > 0 ? left : [nothing] });
  }
}

interface Exact {
  readonly identity: Statements;
  readonly trust: Statements;
  readonly keys: Statements;
  readonly buckets: Statements;
}

/** Policies that allow these calls, and no other action on no other resource. */
function exactly(allowed: readonly Allowed[]): Exact {
  const made = {
    identity: new Statements(),
    trust: new Statements(),
    keys: new Statements(),
    buckets: new Statements(),
  };
  for (const { call } of allowed) for (const check of call.checks) addCheck(made, call, check);
  return made;
}

function addCheck(made: Exact, { principal }: RecordedCall, check: RecordedCheck): void {
  const { action: Action, resource: Resource, kind } = check;
  const isEntity = principal.type === 'user' || principal.type === 'assumed-role';
  if (isEntity) made.identity.add(entityOf(principal), { Effect: 'Allow', Action, Resource });
  // Within an account the resource leaves it to the account's own policies: then these decide.
  const Principal = principalOf(principal, isEntity && check.account === principal.account);
  if (kind === 'trust') made.trust.add(Resource, { Effect: 'Allow', Principal, Action });
  else if (kind === 'key') made.keys.add(Resource, { Effect: 'Allow', Principal, Action, Resource: '*' });
  else if (!isEntity && principal.type !== 'root' && Resource.includes(':s3:::')) {
    const bucket = Resource.split(':::')[1]!.split('/')[0]!;
    made.buckets.add(bucket, { Effect: 'Allow', Principal, Action, Resource });
  }
}

type Principal = RecordedCall['principal'];

function entityOf({ roleArn, arn }: Principal): string {
  return roleArn ?? arn;
}

function principalOf(principal: Principal, isLeft: boolean): object {
  const { type, arn, account, federatedProvider } = principal;
  if (federatedProvider !== undefined) return { Federated: federatedProvider };
  if (type === 'service') return { Service: arn };
  return { AWS: isLeft ? account : entityOf(principal) };
}

/** `without`: an action that a user or role is not to have. */
function copiesOf(
  made: Exact,
  allowed: readonly Allowed[],
  without?: readonly [whose: string, action: string],
): AccountCopy[] {
  const accounts = new Set(allowed.flatMap(({ call: { principal } }) => principal.account ?? []));
  const entities = new Set([...made.identity.owners, ...made.trust.owners]);
  const ids = new Map(allowed.map(({ call: { principal } }) => [entityOf(principal), principal]));
  return [...accounts].map(account => {
    const own = [...entities].filter(arn => arn.split(':')[4] === account);
    const copied = own.map(arn => {
      const name = arn.slice(arn.lastIndexOf('/') + 1);
      const document = made.identity.document(arn, without?.[0] === arn ? without[1] : undefined);
      const path = arn.split(':')[5]!.replace(/^\w+/, '').slice(0, -name.length);
      const id = ids.get(arn)?.uniqueId ?? `AROA${name}`;
      const inline = [{ name: 'exact', document }];
      return { name, arn, id, path, inline, attached: [], tags: {} };
    });
    const roles: RoleCopy[] = copied
      .filter(({ arn }) => arn.includes(':role/'))
      .map(role => ({
        ...role,
        trust: made.trust.owners.includes(role.arn) ? made.trust.document(role.arn) : '',
      }));
    return {
      account,
      partition: 'aws',
      users: copied.filter(({ arn }) => arn.includes(':user/')).map(user => ({ ...user, groups: [] })),
      groups: [],
      roles,
      policies: [],
      instanceProfiles: [],
      buckets: made.buckets.owners.map(name => ({
        name,
        region: 'us-east-1',
        policy: made.buckets.document(name),
      })),
      keys: made.keys.owners
        .filter(arn => arn.split(':')[4] === account)
        .map(arn => ({
          arn,
          id: arn.split('/')[1]!,
          region: arn.split(':')[3]!,
          policy: made.keys.document(arn),
          aliases: [],
          grants: [],
          spec: 'SYMMETRIC_DEFAULT',
          usage: 'ENCRYPT_DECRYPT',
          origin: 'AWS_KMS',
          multiRegion: false,
          manager: 'CUSTOMER',
        })),
      oidcProviders: [],
      samlProviders: [],
    };
  });
}

function replayed(copies: readonly AccountCopy[], records: readonly object[]) {
  const replay = new Replay(worldOf(copies));
  for (const record of records) replay.addRecord(record);
  return replay.report();
}

/** Takes each action of each user and role out, one at a time; answers those that no call misses. */
function unmissed(
  made: Exact,
  allowed: readonly Allowed[],
): { readonly tried: number; readonly left: string[] } {
  const left: string[] = [];
  let tried = 0;
  for (const whose of made.identity.owners) {
    const own = allowed.filter(({ call: { principal } }) => entityOf(principal) === whose);
    for (const action of made.identity.actionsOf(whose)) {
      if (needsNothing(action)) continue;
      tried++;
      const records = own.filter(({ call: { checks } }) => checks.some(check => check.action === action));
      const { counts } = replayed(
        copiesOf(made, allowed, [whose, action]),
        records.map(one => one.record),
      );
      if (counts['newly-denied'] === 0) left.push(`${whose} ${action}`);
    }
  }
  return { tried, left };
}

const directory = process.argv[2];
if (directory === undefined) throw new Error('give the directory with the records');
const found = await readAll(directory);
const counted = countRecords(directory);
console.log(`${found.records} records read, ${counted} in the files`);
for (const [service, { records, mapped }] of [...found.services].sort()) {
  console.log(`${service}: ${records} records, ${mapped} with their actions`);
}
for (const [why, count] of found.unread) console.log(`no action: ${count} × ${why}`);
const made = exactly(found.allowed);
const exact = replayed(
  copiesOf(made, found.allowed),
  found.allowed.map(({ record }) => record),
);
const outcomes = Object.entries(exact.counts) as [Outcome, number][];
console.log(`${found.allowed.length} allowed calls, ${found.denied.length} denied ones`);
console.log(
  `against exactly what was allowed: ${outcomes.map(([name, count]) => `${name} ${count}`).join(', ')}`,
);
for (const { outcome, principal, action, resource, count, missing } of exact.groups) {
  console.log(`  ${outcome} ${count} × ${principal} ${action} ${resource} ${missing.join(', ')}`);
}
const { tried, left } = unmissed(made, found.allowed);
console.log(`${tried} actions taken out, one at a time: ${tried - left.length} are missed`);
for (const one of left) console.log(`  still allowed without: ${one}`);
const unknown = [...found.unread.keys()].filter(why => !INTERNAL.has(why.split(': ')[0]!));
const isLost = found.records !== counted || unknown.length > 0;
process.exitCode = Number(
  isLost || exact.counts['newly-denied'] > 0 || exact.counts.unknown > 0 || left.length > 0,
);
