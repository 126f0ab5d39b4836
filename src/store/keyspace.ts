/**
 * Every keyspace of the store: the first part of a key says whose it is. A room takes a new one by a line here; two of
 * one name do not compile, nor does a key that is built in a space of another room (`KeyOf`).
 */
import type { Key, KeyPart } from './kv.js';

interface Declared {
  /** The room of `src/` that writes it. */
  readonly owner: string;
  /** What a row of it is, and what its keys are made of. */
  readonly holds: string;
  /** Of the processes that run: it stays behind where data moves to other stores. */
  readonly isPassing?: true;
  /** What is read of it is the same for a whole request, since it says who sends that: see `read-ahead.ts`. */
  readonly isSteady?: true;
}

export const KEYSPACES = {
  identity: {
    owner: 'identity',
    holds: 'tables of accounts, users, roles, policies, sessions, organizations: table, parts',
    isSteady: true,
  },
  kms: { owner: 'kms', holds: 'tables of keys, aliases, grants: table, parts' },
  bucket: { owner: 'objects', holds: 'a bucket and its settings: name' },
  'bucket-of': { owner: 'objects', holds: 'which buckets an account has: account, name' },
  'bucket-deletion': { owner: 'objects', holds: 'a bucket that is being deleted: name' },
  'account-public-access-block': { owner: 'objects', holds: 'Block Public Access of an account: account' },
  object: { owner: 'objects', holds: 'the current version of a key: bucket, key' },
  version: { owner: 'objects', holds: 'each other version, newest first: bucket, key, version' },
  key: { owner: 'objects', holds: 'which version of a key is the latest: bucket, key' },
  content: { owner: 'objects', holds: 'a small body, or the list of parts: bucket, version' },
  blob: { owner: 'objects', holds: 'who refers to a large body: body, version or upload' },
  upload: { owner: 'objects', holds: 'an unfinished upload: bucket, key, upload' },
  'ended-upload': { owner: 'objects', holds: 'an upload whose parts are to go: upload' },
  part: { owner: 'objects', holds: 'a part of an upload: upload, number' },
  inventory: { owner: 'objects', holds: 'an inventory of a bucket: bucket, id' },
  analytics: { owner: 'objects', holds: 'an analytics configuration: bucket, id' },
  'intelligent-tiering': { owner: 'objects', holds: 'an Intelligent-Tiering configuration: bucket, id' },
  metrics: { owner: 'objects', holds: 'a metrics configuration: bucket, id' },
  outbox: { owner: 'objects', holds: 'an event on its way out: destination, bucket, key, sequence' },
  replication: { owner: 'objects', holds: 'a copy that is to be made: destination, bucket, key, sequence' },
  'replication-backlog': { owner: 'objects', holds: 'a bucket of which all is to be copied: bucket' },
  'object-encryption-key': { owner: 'objects', holds: 'the key under which SSE-S3 derives its keys' },
  'blob-hold': { owner: 'objects', holds: 'a backup that reads bodies: id', isPassing: true },
  trail: {
    owner: 'trails',
    holds: 'tables of trails, what they deliver, keys that sign their digests: table, parts',
  },
  denial: { owner: 'events', holds: 'the reasoning of a denial: request' },
  'denial-time': { owner: 'events', holds: 'denials in their order: time, request' },
  server: { owner: 'server', holds: 'what holds for the data as a whole: name' },
  lease: { owner: 'store', holds: 'what one of several servers does: name', isPassing: true },
} as const satisfies Record<string, Declared>;

export type Keyspace = keyof typeof KEYSPACES;

type Owner = (typeof KEYSPACES)[Keyspace]['owner'];

/** The keyspaces of a room. */
export type SpaceOf<O extends Owner> = {
  [S in Keyspace]: (typeof KEYSPACES)[S]['owner'] extends O ? S : never;
}[Keyspace];

/** A key in a keyspace of a room. */
export type KeyOf<O extends Owner> = readonly [SpaceOf<O>, ...KeyPart[]];

/** What is declared of the keyspace that a key is in; `undefined` where none is. */
export function keyspaceOf([space]: Key): Declared | undefined {
  return Object.hasOwn(KEYSPACES, space as string) ? KEYSPACES[space as Keyspace] : undefined;
}
