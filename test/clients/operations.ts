/** A server in memory, and clients of which it is written down what they send. */
import assert from 'node:assert/strict';
import { IAM } from '@aws-sdk/client-iam';
import { Organizations } from '@aws-sdk/client-organizations';
import { STS } from '@aws-sdk/client-sts';
import type { ServiceId } from '../../src/core/operation.js';
import { ManualClock, openServices, startServer, systemClock } from '../../src/index.js';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-central-1';

type Client = IAM | STS | Organizations;

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Recording {
  readonly clock: ManualClock;
  /** The clock's time, to the second. */
  readonly now: () => Date;
  readonly endpoint: string;
  readonly root: KeyPair;
  iam(keys?: KeyPair): IAM;
  sts(keys?: KeyPair): STS;
  organizations(keys?: KeyPair): Organizations;
  close(): Promise<void>;
}

/**
 * Puts the names of the operations that clients send into `sent`. The server's clock stands still at the second in which it was started, so signatures of the SDK hold.
 */
export async function openRecording(sent: Set<string>): Promise<Recording> {
  const clock = new ManualClock(Math.floor(systemClock.now() / 1000) * 1000);
  const server = await startServer({
    data: 'memory',
    port: 0,
    account: ACCOUNT,
    region: REGION,
    log: 'none',
    clock,
    oidcAllow: ['127.0.0.0/8'],
  });
  const clients: Client[] = [];
  const { accessKeyId, secretAccessKey } = server.root!;
  const root = { accessKeyId, secretAccessKey };
  const config = (credentials: KeyPair) => ({
    endpoint: server.endpoint,
    region: REGION,
    credentials,
    maxAttempts: 1,
  });
  function recorded<C extends Client>(client: C): C {
    const stack = client.middlewareStack as IAM['middlewareStack'];
    stack.add(
      (next, { commandName }) =>
        input => {
          sent.add(String(commandName).replace(/Command$/, ''));
          return next(input);
        },
      { step: 'initialize', name: 'recording' },
    );
    clients.push(client);
    return client;
  }
  return {
    clock,
    now: () => new Date(clock.now()),
    endpoint: server.endpoint,
    root,
    iam: (keys = root) => recorded(new IAM(config(keys))),
    sts: (keys = root) => recorded(new STS(config(keys))),
    organizations: (keys = root) => recorded(new Organizations(config(keys))),
    async close() {
      for (const client of clients) client.destroy();
      await server.close();
    },
  };
}

/** Fails where the server has an operation that no client sent. */
export async function assertAllSent(id: ServiceId, sent: ReadonlySet<string>): Promise<void> {
  const { services, close } = await openServices({ data: 'memory', log: 'none' });
  const served = [...services.all.find(({ traits }) => traits.id === id)!.service.operations.keys()];
  await close();
  assert.ok(served.length > 0);
  assert.deepEqual(
    served.filter(name => !sent.has(name)),
    [],
    'operations that were never sent',
  );
}

/** For `assert.rejects`: the error's code, as the SDK names its class or as it stands on the wire. */
export function refused(code: string, message?: RegExp) {
  return (error: Error) => {
    assert.match(error.name, new RegExp(`^${code}(Exception)?$`), error.message);
    if (message) assert.match(error.message, message);
    return true;
  };
}

interface PageRequest {
  readonly MaxItems: number;
  readonly Marker: string | undefined;
}

/** All items of a list of at least two, asked for one at a time. */
export async function onePerPage<
  R extends { IsTruncated?: boolean | undefined; Marker?: string | undefined },
  T,
>(list: (page: PageRequest) => Promise<R>, itemsOf: (reply: R) => readonly T[] | undefined): Promise<T[]> {
  const all: T[] = [];
  let Marker: string | undefined;
  do {
    const reply = await list({ MaxItems: 1, Marker });
    const items = itemsOf(reply) ?? [];
    assert.equal(items.length, 1);
    assert.equal(reply.IsTruncated ?? false, reply.Marker !== undefined);
    all.push(...items);
    Marker = reply.Marker;
  } while (Marker !== undefined);
  assert.ok(all.length > 1, 'more than one page');
  return all;
}

export const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
export const allow = (Action: string | string[], Resource: string | string[] = '*') =>
  document({ Effect: 'Allow', Action, Resource });
/** A role's trust in a principal. */
export const trust = (Principal: object, Action: string | string[] = 'sts:AssumeRole') =>
  document({ Effect: 'Allow', Principal, Action });
/** Policies come back in URL encoding. */
export const decoded = (text: string | undefined) => JSON.parse(decodeURIComponent(text!));
