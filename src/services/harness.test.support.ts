/**
 * Runs operations as the pipeline does, without HTTP: resolve → decide → run, with the server's own decider. For tests.
 */
import { createAuthoriser, createCall, Decisions } from '../auth/index.js';
import { ManualClock } from '../core/clock.js';
import { ApiError } from '../core/errors.js';
import { bodyOf } from '../core/http-message.js';
import { type Call, perform, type Requirement, type Service } from '../core/operation.js';
import {
  type Account,
  type Caller,
  type Identity,
  type IssuedSession,
  openIdentity,
} from '../identity/index.js';
import { denialMessage } from '../policy/index.js';
import type { Context } from '../policy/types.js';
import { openMemoryKv } from '../store/memory/memory.js';

export interface KeyPair {
  readonly accessKeyId: string;
  readonly sessionToken?: string;
}

export interface World {
  readonly identity: Identity;
  readonly clock: ManualClock;
  readonly account: Account;
  readonly root: KeyPair;
}

/** 2026-11-22T00:00:00Z */
export const START = Date.UTC(2026, 10, 22);

/** An identity in memory with one account, `111122223333`. */
export async function openWorld(partition = 'aws'): Promise<World> {
  const clock = new ManualClock(START);
  const identity = await openIdentity({
    kv: openMemoryKv(),
    rootKey: new Uint8Array(32).fill(7),
    clock,
    oidcAllow: ['127.0.0.0/8', 'localhost'],
  });
  const { account, rootKey } = await identity.createAccount({ id: '111122223333', name: 'first', partition });
  return { identity, clock, account, root: { accessKeyId: rootKey.id } };
}

/** A further account. */
export async function addAccount({ identity }: World, id: string, partition = 'aws') {
  const { account, rootKey } = await identity.createAccount({ id, name: `account ${id}`, partition });
  return { account, root: { accessKeyId: rootKey.id } };
}

/** A user with an access key and, where given, an inline policy of these statements. */
export async function addUser(
  { identity }: World,
  account: Account,
  name: string,
  ...statements: object[]
): Promise<KeyPair> {
  await identity.users.create(account, { name });
  if (statements.length > 0) {
    const document = policy(...statements);
    await identity.entityPolicies.putInline(account, 'user', name, { name: 'inline', document });
  }
  return { accessKeyId: (await identity.accessKeys.create(account, name)).id };
}

export function policy(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export function allow(
  actions: string | string[],
  resource: string | string[] = '*',
  more: object = {},
): object {
  return { Effect: 'Allow', Action: actions, Resource: resource, ...more };
}

/** Who the keys stand for. Throws where they are not valid. */
export async function callerOf(
  { identity, clock }: World,
  { accessKeyId, sessionToken }: KeyPair,
): Promise<Caller> {
  const found = await identity.lookup(accessKeyId, sessionToken, clock.now());
  if (found.found !== 'valid') throw new Error(`credentials are not valid: ${JSON.stringify(found)}`);
  return found.caller;
}

export function keysOf({ credentials }: Pick<IssuedSession, 'credentials'>): KeyPair {
  return { accessKeyId: credentials.accessKeyId, sessionToken: credentials.sessionToken };
}

/** The keys in an STS reply. */
export function keysIn(reply: {
  Credentials?: { AccessKeyId: string | undefined; SessionToken: string | undefined } | undefined;
}): KeyPair {
  return { accessKeyId: reply.Credentials!.AccessKeyId!, sessionToken: reply.Credentials!.SessionToken! };
}

/** What a caller may do, as decided for one requirement. */
export async function decide(world: World, asking: Caller, requirement: Requirement, context: Context = {}) {
  const caller = requirement.caller ?? asking;
  const authorise = createAuthoriser({ credentials: world.identity });
  const { decision, request } = await authorise(caller, requirement, () => context);
  const shown = { ...request, resource: requirement.shownAs ?? request.resource };
  return { decision, message: decision.allowed ? undefined : denialMessage(decision, shown) };
}

function callFor(world: World, caller: Caller, service: Service, operation: string): Call {
  const { clock, identity } = world;
  const region = 'us-east-1';
  const facts = {
    requestId: 'test',
    service: service.id,
    operation,
    request: { method: 'POST', path: '/', query: '', headers: new Map(), body: bodyOf(new Uint8Array()) },
    authenticated: { caller, region, body: bodyOf(new Uint8Array()), context: {} },
    region,
    sourceIp: '192.0.2.1',
    secure: true,
    arrived: clock.now(),
  };
  return createCall(facts, new Decisions(), {
    credentials: identity,
    clock,
    accessDenied: message => new ApiError('AccessDenied', 403, message),
    note: () => {},
  });
}

/** What an operation asks for. */
export async function requirementsOf(
  world: World,
  service: Service,
  keys: KeyPair,
  operation: string,
  input: object,
): Promise<readonly Requirement[]> {
  const bound = service.operations.get(operation);
  if (bound === undefined) throw new Error(`no operation ${operation}`);
  const call = callFor(world, await callerOf(world, keys), service, operation);
  return (await bound.resolve(input as never, call)).requires;
}

/** Runs an operation for the holder of the keys. Throws as the pipeline answers. */
export async function run<O = Record<string, unknown>>(
  world: World,
  service: Service,
  keys: KeyPair,
  operation: string,
  input: object,
): Promise<O> {
  const call = callFor(world, await callerOf(world, keys), service, operation);
  const bound = service.operations.get(operation);
  if (bound === undefined) throw new Error(`no operation ${operation}`);
  return (await perform(bound, input as never, call)) as O;
}

/** A matcher for `assert.rejects`: the error of that code and, where given, these words. */
export function refusal(code: string, message?: string | RegExp): (error: unknown) => boolean {
  return error => {
    if (!(error instanceof ApiError)) throw error;
    if (error.code !== code) throw new Error(`${error.code} instead of ${code}: ${error.message}`);
    if (message === undefined) return true;
    const said = typeof message === 'string' ? error.message === message : message.test(error.message);
    if (!said) throw new Error(`said: ${error.message}`);
    return true;
  };
}
