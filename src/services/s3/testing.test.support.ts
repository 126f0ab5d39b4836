/** For tests: runs S3's operations through resolve, the policy evaluator and run, without HTTP. */

import { createCall, Decisions, type PolicySource } from '../../auth/index.js';
import type { Account, Caller, CallerPolicies, OrganizationControls } from '../../core/caller.js';
import { ManualClock } from '../../core/clock.js';
import { LazyList } from '../../core/lazy-list.js';
import { type Call, perform, type Requirement, type Service } from '../../core/operation.js';
import { s3Errors } from '../../core/s3-errors.js';
import { type Objects, openObjects } from '../../objects/index.js';
import { bodyOf } from '../../objects/testing.test.support.js';
import { compilePolicy } from '../../policy/index.js';
import type { Blobs } from '../../store/blobs.js';
import type { Kv } from '../../store/kv.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openMemoryBlobs } from '../../store/memory/memory-blobs.js';
import { s3Service } from './index.js';
import type { KmsKeys, S3Ports } from './ports.js';

export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

export function testAccount(id: string, partition = 'aws'): Account {
  return { id, partition, name: `account ${id}`, canonicalId: id.padEnd(64, '0'), created: START };
}

/** A request's circumstances that a test chooses. */
export interface Circumstances {
  readonly as?: Caller;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none said. */
  readonly region?: string;
  readonly query?: string;
}

export interface TestS3 {
  readonly service: Service;
  readonly objects: Objects;
  readonly clock: ManualClock;
  readonly kv: Kv;
  readonly blobs: Blobs;
  readonly root: Caller;
  /** Runs an operation as the pipeline does. */
  send(operation: string, input: object, circumstances?: Circumstances): Promise<Record<string, unknown>>;
  /** What the operation would require. */
  requires(operation: string, input: object, circumstances?: Circumstances): Promise<Requirement[]>;
}

export interface TestS3Options {
  readonly kv?: Kv;
  readonly blobs?: Blobs;
  readonly inlineLimit?: number;
  readonly account?: Account;
  /** Default: none, and so no encryption. */
  readonly rootKey?: Uint8Array;
  readonly keys?: KmsKeys;
  readonly newBuckets?: 'open';
  readonly targets?: ReadonlySet<string>;
  readonly otherRegions?: 'redirected';
  readonly failed?: S3Ports['failed'];
  /** Default: no device shows anything. */
  readonly provesMfa?: S3Ports['provesMfa'];
}

export async function openTestS3(options: TestS3Options = {}): Promise<TestS3> {
  const clock = new ManualClock(START);
  const kv = options.kv ?? openMemoryKv();
  const blobs = options.blobs ?? openMemoryBlobs(() => clock.now());
  const { inlineLimit, rootKey, keys, newBuckets, otherRegions } = options;
  const objects = await openObjects({
    kv,
    blobs,
    clock,
    ...(inlineLimit !== undefined && { inlineLimit }),
    ...(rootKey && { rootKey }),
  });
  const unchanged = async (policy: string) => policy;
  const service = s3Service({
    objects,
    ...(keys && { keys }),
    principals: { toStored: unchanged, toShown: unchanged },
    accountOf: async id => testAccount(id),
    accountOfCanonicalId: async id => (/^\d{12}0{52}$/.test(id) ? testAccount(id.slice(0, 12)) : undefined),
    provesMfa: options.provesMfa ?? (async () => false),
    ownerOf: async id => ({ account: testAccount(id) }),
    targets: options.targets ?? new Set(['hooks', 'lines', 'eventbridge']),
    failed: options.failed,
    region: 'us-east-1',
    ...(newBuckets && { newBuckets }),
    ...(otherRegions && { otherRegions }),
  });
  const root = rootOf(options.account ?? testAccount('111122223333'));
  const callOf = (operation: string, circumstances: Circumstances) =>
    testCall(clock, operation, { as: root, ...circumstances });
  return {
    service,
    objects,
    clock,
    kv,
    blobs,
    root,
    async send(operation, input, circumstances = {}) {
      const bound = service.operations.get(operation)!;
      const call = callOf(operation, circumstances);
      const output = (await perform(bound, input as never, call)) as Record<string, unknown> | undefined;
      const { Contents } = output ?? {};
      return Contents instanceof LazyList ? { ...output, Contents: Contents.toArray() } : output!;
    },
    async requires(operation, input, circumstances = {}) {
      const bound = service.operations.get(operation)!;
      const call = callOf(operation, circumstances);
      const { requires, subject } = await bound.resolve(input as never, call);
      return [...requires, ...((await bound.requiresOfBody?.(subject, input as never, call)) ?? [])];
    },
  };
}

export function rootOf(account: Account): Caller {
  const arn = `arn:${account.partition}:iam::${account.id}:root`;
  return {
    principal: { type: 'root', arn, account: account.id, canonicalId: account.canonicalId },
    account,
    accessKeyId: 'AKIATEST',
    userId: account.id,
    credentials: 'long-term',
    context: { 'aws:PrincipalArn': arn, 'aws:PrincipalAccount': account.id },
  };
}

const policies = new WeakMap<Caller, CallerPolicies>();
/** What organizations set over accounts, by their ids. */
const controls = new Map<string, OrganizationControls>();

/** Sets what an organization demands of an account's resources, as the server finds it: until it is set again. */
export function controlResources(account: Account, ...documents: object[]): void {
  const level = documents.map((document, index) => ({
    name: `control ${index}`,
    policy: compilePolicy(JSON.stringify(document), 'resource-control'),
  }));
  controls.set(account.id, { resourceControl: [level] });
}

/** A user of the account with one policy; `more`: a boundary, the policies of a session, controls. */
export function userOf(
  account: Account,
  name: string,
  policy?: object,
  more: Partial<CallerPolicies> = {},
): Caller {
  const arn = `arn:${account.partition}:iam::${account.id}:user/${name}`;
  const caller: Caller = {
    principal: {
      type: 'user',
      arn,
      account: account.id,
      canonicalId: account.canonicalId,
      uniqueId: `AIDA${name.toUpperCase()}`,
    },
    account,
    accessKeyId: `AKIA${name}`,
    userId: `AIDA${name.toUpperCase()}`,
    credentials: 'long-term',
    context: { 'aws:PrincipalArn': arn, 'aws:PrincipalAccount': account.id },
  };
  const texts = policy ? [JSON.stringify(policy)] : [];
  const identity = texts.map(text => ({
    name: `policy of ${name}`,
    policy: compilePolicy(text, 'identity'),
  }));
  policies.set(caller, { ...more, identity });
  return caller;
}

export const anonymous: Caller = {
  principal: { type: 'anonymous', arn: '*' },
  userId: 'anonymous',
  credentials: 'none',
  context: { 'aws:PrincipalType': 'Anonymous' },
};

/** A policy that allows these actions on everything. */
export function allow(...actions: string[]): object {
  return { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: actions, Resource: '*' } };
}

/** The callers' policies as the server's own decider asks for them. */
const credentials: PolicySource = {
  policiesOf: async caller => policies.get(caller) ?? { identity: [] },
  owner: async id => ({ account: testAccount(id), controls: controls.get(id) }),
};

function testCall(
  clock: ManualClock,
  operation: string,
  { as: caller, headers = {}, region, query = '' }: Circumstances & { as: Caller },
): Call {
  const body = bodyOf('');
  const facts = {
    requestId: 'TEST',
    service: 's3',
    operation,
    request: { method: 'GET', path: '/', query, headers: new Map(Object.entries(headers)), body },
    authenticated: { caller, region, body, context: {} },
    region: region ?? 'us-east-1',
    sourceIp: '127.0.0.1',
    secure: true,
    arrived: clock.now(),
  };
  return createCall(facts, new Decisions(), {
    credentials,
    clock,
    accessDenied: message => s3Errors.AccessDenied(message),
    note: () => {},
  });
}

export { bodyOf, code, wholeOf } from '../../objects/testing.test.support.js';
