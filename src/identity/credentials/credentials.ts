import { BoundedCache } from '../../core/bounded-cache.js';
import type { Account, CredentialLookup } from '../../core/caller.js';
import type { Claimant } from '../../core/errors.js';
import { Unsealable } from '../../crypto/sealing.js';
import { at, type Database, type Place } from '../../store/tables.js';
import {
  assumedRootCaller,
  federatedCaller,
  type IdentifiedCaller,
  roleCaller,
  rootCaller,
  sessionTokenCaller,
  userCaller,
} from '../callers/callers.js';
import { accountOfId } from '../entities/unique-id.js';
import { type Role, tables, type User } from '../model.js';
import type { SessionClaims } from '../sessions/session-claims.js';
import type { OpenSession, Sessions } from '../sessions/sessions.js';
import type { AccessKeys } from './access-keys.js';

/** Keys and sessions in use at the same time: beyond that they are opened again. */
const CACHED = 10_000;

/** A caller and the records that it was made of: as long as they are the newest, so is the caller. */
interface Known {
  readonly records: readonly unknown[];
  readonly lookup: CredentialLookup & { found: 'valid' };
}

interface KnownSession extends OpenSession {
  readonly token: string;
}

/** What AWS takes as an access key id (IAM API Reference, AccessKey). */
const ACCESS_KEY_ID = /^\w{16,128}$/;

type Refused = CredentialLookup & { found: 'none' };

/** Finds out who an access key and session token stand for. Every request pays for this. */
export class Credentials {
  readonly #db: Database;
  readonly #keys: AccessKeys;
  readonly #sessions: Sessions;
  readonly #known = new BoundedCache<string, Known>(CACHED);
  readonly #open = new BoundedCache<string, KnownSession>(CACHED);

  constructor(db: Database, keys: AccessKeys, sessions: Sessions) {
    this.#db = db;
    this.#keys = keys;
    this.#sessions = sessions;
  }

  lookup(id: string, sessionToken: string | undefined, now: number): Promise<CredentialLookup> {
    if (!ACCESS_KEY_ID.test(id)) return Promise.resolve(refused('key', 'no access key has such an id'));
    return sessionToken === undefined ? this.#longTerm(id) : this.#session(id, sessionToken, now);
  }

  async #longTerm(id: string): Promise<CredentialLookup> {
    const key = await this.#keys.find(id);
    if (key === undefined) return refused('key', 'no such access key');
    const claimant = { account: key.account };
    if (!key.active) return refused('inactive', 'the access key is inactive', claimant);
    const owner = key.user === undefined ? [] : [at(tables.users, key.account, key.user)];
    const [account, user] = await this.#db.getMany(at(tables.accounts, key.account), ...owner);
    if (account === undefined || (key.user !== undefined && user === undefined)) {
      return refused('key', 'the owner of the access key is gone', claimant);
    }
    if (account.closed !== undefined) return refused('key', 'the account is closed', claimant);
    return this.#current(id, [key, user, account.organization, account.regions], () => ({
      found: 'valid',
      secretAccessKey: this.#keys.secretOf(id, key),
      caller: user === undefined ? rootCaller(account, id) : userCaller(account, user, id),
    }));
  }

  async #session(id: string, token: string, now: number): Promise<CredentialLookup> {
    const session = this.#opened(id, token);
    if (session === undefined)
      return refused('token', 'the session token does not open with this access key');
    const { claims, secretAccessKey } = session;
    const claimant = { account: claims.account };
    if (now >= claims.expires) return { found: 'expired', secretAccessKey, claimant };
    const [account, revocation, holder] = await this.#db.getMany(
      at(tables.accounts, claims.account),
      at(tables.revocations, id),
      ...placesOf(claims),
    );
    const entity = await this.#entity(claims, holder);
    if (revocation !== undefined) return refused('revoked', 'the session was revoked', claimant);
    if (account === undefined) return refused('token', 'the account of the session is gone');
    if (account.closed !== undefined)
      return refused('token', 'the account of the session is closed', claimant);
    if (entity === undefined && claims.entity !== '') {
      return refused('token', 'the role or user of the session is gone', claimant);
    }
    if (entity !== undefined && 'trust' in entity && claims.issued < (entity.revokedBefore ?? 0)) {
      return refused('revoked', 'the sessions of the role were revoked', claimant);
    }
    return this.#current(id, [session, entity, account.organization, account.regions], () => ({
      found: 'valid',
      secretAccessKey,
      caller: sessionCaller(account, entity, id, claims),
    }));
  }

  /** The opened token; opened once as long as it is in use. */
  #opened(id: string, token: string): KnownSession | undefined {
    const known = this.#open.get(id);
    // The token is no secret that could be learnt here: without the secret access key it signs nothing.
    if (known?.token === token) return known;
    if (accountOfId(id) === undefined) return undefined;
    try {
      const opened = { ...this.#sessions.open(token, id), token };
      this.#open.set(id, opened);
      return opened;
    } catch (error) {
      if (error instanceof Unsealable) return undefined;
      throw error;
    }
  }

  /** The user or role of a session as it is now, if it is the one that the session was issued for. */
  async #entity(
    { kind, entity, entityId }: SessionClaims,
    holder: User | Role | undefined,
  ): Promise<User | Role | undefined> {
    if (entity === '' || holder?.id === entityId) return holder;
    return kind === 'assume-role' ? undefined : await this.#renamed(entityId);
  }

  async #renamed(userId: string): Promise<User | undefined> {
    const holder = await this.#db.get(tables.ids, userId);
    return holder && (await this.#db.get(tables.users, holder.account, holder.name));
  }

  /** The answer made earlier of the same records, or a new one. */
  #current(id: string, records: readonly unknown[], make: () => Known['lookup']): Known['lookup'] {
    const known = this.#known.get(id);
    if (known?.records.every((record, index) => record === records[index])) return known.lookup;
    const lookup = make();
    this.#known.set(id, { records, lookup });
    return lookup;
  }
}

/** Where the user or role of a session was as it was issued; none of a root user's. */
function placesOf({ kind, account, entity }: SessionClaims): Place<User | Role>[] {
  if (entity === '') return [];
  return [kind === 'assume-role' ? at(tables.roles, account, entity) : at(tables.users, account, entity)];
}

function sessionCaller(
  account: Account,
  entity: User | Role | undefined,
  id: string,
  claims: SessionClaims,
): IdentifiedCaller {
  if (claims.kind === 'assume-role') return roleCaller(account, entity as Role, id, claims);
  if (claims.kind === 'assume-root') return assumedRootCaller(account, id, claims);
  const long = entity === undefined ? rootCaller(account, id) : userCaller(account, entity as User, id);
  const { kind } = claims;
  return kind === 'session-token' || kind === 'sign-in'
    ? sessionTokenCaller(long, claims, kind)
    : federatedCaller(long, claims);
}

function refused(why: Refused['why'], reason: string, claimant?: Claimant): Refused {
  return { found: 'none', why, reason, ...(claimant && { claimant }) };
}
