import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../core/clock.js';
import { type RateLimit, Rates } from '../../core/rates.js';
import { Slices } from '../../core/slices.js';
import { Unsealable } from '../../crypto/sealing.js';
import type { Database, Parts, Row } from '../../store/tables.js';
import { demandActiveSts } from '../accounts/regions.js';
import { accountOfId, newId } from '../entities/unique-id.js';
import { errors } from '../errors.js';
import type { Keyring } from '../keyring.js';
import { type SessionLink, type SessionRecord, tables } from '../model.js';
import { packClaims, packedSize, type SessionClaims, unpackClaims } from './session-claims.js';
import { SessionCounts } from './session-counts.js';

/** Temporary credentials, as STS hands them out. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Who asked for a session. */
export interface SessionIssuer extends SessionLink {
  readonly sourceIp: string;
  /** The region of STS that was asked. */
  readonly region: string;
  /** Where the issuer is a session: when it ends, milliseconds since the epoch. */
  readonly expires?: number | undefined;
}

interface NewSession {
  readonly claims: Omit<SessionClaims, 'issued' | 'expires'>;
  /** ARN of the session. */
  readonly arn: string;
  /** Seconds. */
  readonly duration: number;
  readonly issuer: SessionIssuer;
  /** Characters that the session token has at least. */
  readonly minimumTokenSize?: number | undefined;
}

export interface IssuedSession {
  readonly credentials: SessionCredentials;
  /** Percentage of the room for policies and tags that is used; absent where there are none. */
  readonly packedPolicySize?: number;
}

/** A session of an account, as its administrators see it. */
export interface SessionView extends SessionRecord {
  readonly accessKeyId: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Where a session stands in the list: its end in seconds since the epoch, then its access key. */
interface SessionPlace {
  readonly end: number;
  readonly accessKeyId: string;
}

/** An opened session token. */
export interface OpenSession {
  readonly claims: SessionClaims;
  readonly secretAccessKey: string;
}

/**
 * Sessions are sealed into their tokens: a holder of the root key verifies any of them without a look-up. What
 * is stored of a session serves those who look after the account.
 */
export class Sessions {
  /** Of this process. */
  readonly counts = new SessionCounts();
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keyring: Keyring;
  readonly #rates: Rates;
  #issued = 0;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(db: Database, clock: Clock, keyring: Keyring) {
    this.#db = db;
    this.#clock = clock;
    this.#keyring = keyring;
    this.#rates = new Rates(ISSUED, clock);
  }

  /**
   * Issues a session; its record is on disk when this resolves. Throws `PackedPolicyTooLarge`, `Throttling`, and
   * `RegionDisabledException` where STS of the session's account is not active in the issuer's region.
   */
  async issue({
    claims: given,
    arn,
    duration,
    issuer,
    minimumTokenSize = 0,
  }: NewSession): Promise<IssuedSession> {
    const packed = packedSize(given);
    if (packed > 100) throw tooLarge(given, packed);
    const [account, chain] = await Promise.all([
      this.#db.get(tables.accounts, given.account),
      this.#chainOf(issuer),
    ]);
    if (account === undefined || account.closed !== undefined) {
      throw errors.AccessDenied(`The account ${given.account} is closed.`, {
        owner: given.account,
        advice: 'The account is closed, and hands out no sessions any more: use a role of another account.',
      });
    }
    demandActiveSts(account, issuer.region);
    if (!this.#rates.take(account.id, duration / HOUR)) throw errors.Throttling();
    const issued = this.#clock.now();
    const expires = (Math.floor(issued / 1000) + duration) * 1000;
    const claims = { ...given, issued, expires };
    const accessKeyId = newId('session', claims.account);
    // Four characters of base64 hold three bytes; what sealing adds comes on top.
    const sealed = packClaims(claims, Math.ceil((minimumTokenSize * 3) / 4));
    const { token, secretAccessKey } = this.#keyring.sealSession(sealed, accessKeyId);
    const end = expires / 1000;
    const record = recordOf(claims, arn, issuer, chain);
    await this.#db.put(tables.sessions, [claims.account, end, accessKeyId], record);
    this.counts.issue(claims.kind);
    this.#sweepAtTimes(claims.account);
    const sessionToken = token.toString('base64');
    return {
      credentials: { accessKeyId, secretAccessKey, sessionToken, expires },
      ...(packed > 0 && { packedPolicySize: packed }),
    };
  }

  /** Opens a token. Throws `Unsealable` where it is not ours, was changed or belongs to another access key. */
  open(sessionToken: string, accessKeyId: string): OpenSession {
    const token = Buffer.from(sessionToken, 'base64');
    // Node's decoder passes over what is no base64: a token has one spelling.
    if (token.toString('base64') !== sessionToken) throw new Unsealable('the session token is not in base64');
    const { claims, secretAccessKey } = this.#keyring.openSession(token, accessKeyId);
    return { claims: unpackClaims(claims), secretAccessKey };
  }

  /** The account's sessions that have not expired, soonest to expire first; at most `limit`, behind `after`. */
  async list(account: string, limit: number, after?: SessionPlace): Promise<SessionView[]> {
    const now = Math.floor(this.#clock.now() / 1000);
    const behind = after === undefined || after.end < now ? [now] : [after.end, after.accessKeyId];
    const rows = await this.#db.list(tables.sessions, [account], { after: [account, ...behind], limit });
    return rows.map(viewOf);
  }

  /** The session of that access key, which ends then (milliseconds since the epoch). */
  async get(account: string, expires: number, accessKeyId: string): Promise<SessionView | undefined> {
    const record = await this.#db.get(tables.sessions, account, expires / 1000, accessKeyId);
    return record && { ...record, accessKeyId, expires };
  }

  /**
   * A session of the account that has not expired. Looks through all of them: for the account's administrators,
   * who asks seldom, while an index would cost every session that is issued.
   */
  async find(account: string, accessKeyId: string): Promise<SessionView | undefined> {
    const slices = new Slices(account);
    let after: SessionPlace | undefined;
    for (;;) {
      await slices.pause();
      const page = await this.list(account, LOOKED_AT, after);
      const found = page.find(session => session.accessKeyId === accessKeyId);
      if (found !== undefined || page.length < LOOKED_AT) return found;
      const last = page.at(-1)!;
      after = { end: last.expires / 1000, accessKeyId: last.accessKeyId };
    }
  }

  /** How many sessions of all accounts have not expired. Reads a row of each: for a look every few minutes. */
  async countLive(): Promise<number> {
    const now = Math.floor(this.#clock.now() / 1000);
    let after: Parts | undefined;
    let live = 0;
    for (;;) {
      const page = await this.#db.listParts(tables.sessions, [], { after, limit: COUNTED_AT_ONCE });
      live += page.filter(([, end]) => (end as number) > now).length;
      if (page.length < COUNTED_AT_ONCE) return live;
      after = page.at(-1);
      await setImmediate();
    }
  }

  /** Ends a session: it is refused from the next request on. */
  async revoke(accessKeyId: string): Promise<void> {
    await this.#db.put(tables.revocations, [accessKeyId], { time: this.#clock.now() });
    this.counts.revoked++;
  }

  async isRevoked(accessKeyId: string): Promise<boolean> {
    return (await this.#db.get(tables.revocations, accessKeyId)) !== undefined;
  }

  /** Forgets the account's sessions that have expired, at most `SWEPT` of them; resolves with how many. */
  async sweep(account: string): Promise<number> {
    // They are in the order of their ends: those that live are not looked at.
    const ended = [account, Math.floor(this.#clock.now() / 1000)];
    const expired = await this.#db.listTo(tables.sessions, [account], ended, { limit: SWEPT });
    if (expired.length === 0) return 0;
    await this.#db.transact(`sweep ${account}`, async transaction => {
      for (const { parts } of expired) {
        const accessKeyId = parts[2] as string;
        transaction.delete(tables.sessions, ...parts);
        transaction.delete(tables.revocations, accessKeyId);
      }
    });
    return expired.length;
  }

  /** Resolves once nothing is left to write. */
  async settled(): Promise<void> {
    await this.#sweeping;
  }

  /**
   * What expires is forgotten as new sessions are issued, four for one, so that the records of an account never
   * grow beyond the sessions that live. A sweep that fails is made up for by the next.
   */
  #sweepAtTimes(account: string): void {
    if (++this.#issued % (SWEPT / 4) !== 0) return;
    const sweep = () =>
      this.sweep(account).then(
        () => undefined,
        () => undefined,
      );
    this.#sweeping = this.#sweeping.then(sweep);
  }

  /** How the issuer itself came to be. */
  async #chainOf({ accessKeyId, expires }: SessionIssuer): Promise<readonly SessionLink[] | undefined> {
    const account = accountOfId(accessKeyId);
    if (account === undefined || expires === undefined) return undefined;
    const parent = await this.#db.get(tables.sessions, account, expires / 1000, accessKeyId);
    if (parent === undefined) return undefined;
    const chain = [...(parent.chain ?? []), { arn: parent.issuer, accessKeyId: parent.issuerKey }];
    // Who began it matters most, and then who came last.
    return chain.length <= LONGEST_CHAIN ? chain : [chain[0]!, ...chain.slice(1 - LONGEST_CHAIN)];
  }
}

/** Seconds. */
const HOUR = 3600;

/**
 * How many hours of sessions an account may be issued at once and in a second, by each process: a record of some 500
 * bytes is kept as long as its session lives, so that no account has many more than a million of them. AWS takes 600
 * requests a second of an account ("IAM and AWS STS quotas").
 */
const ISSUED: RateLimit = { burst: 1_000_000, rate: 1_000_000 / HOUR };

/** Sessions that are read at once in search of one. */
const LOOKED_AT = 1000;
/** Where no request waits for the count: half a millisecond of each turn of the event loop. */
const COUNTED_AT_ONCE = 200;
/** Expired sessions that one sweep forgets. */
const SWEPT = 256;
/** Links of a chain that are kept. */
const LONGEST_CHAIN = 20;

function viewOf({ parts, value }: Row<SessionRecord>): SessionView {
  return { ...value, accessKeyId: parts[2] as string, expires: (parts[1] as number) * 1000 };
}

function recordOf(
  claims: SessionClaims,
  arn: string,
  issuer: SessionIssuer,
  chain: readonly SessionLink[] | undefined,
): SessionRecord {
  const { kind, issued, externalId, sourceIdentity, tags, policyArns, policy } = claims;
  return {
    kind,
    arn,
    issuer: issuer.arn,
    issuerKey: issuer.accessKeyId,
    ...(chain && { chain }),
    sourceIp: issuer.sourceIp,
    issued,
    externalId,
    sourceIdentity,
    tags,
    policyArns,
    hasPolicy: policy !== undefined,
  };
}

function tooLarge({ policy, policyArns }: Pick<SessionClaims, 'policy' | 'policyArns'>, percent: number) {
  return errors.PackedPolicyTooLarge(
    policy === undefined && policyArns.length === 0
      ? `Packed size of session tags consumes ${percent}% of allotted space.`
      : `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  );
}
