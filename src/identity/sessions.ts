import type { Clock } from '../clock.js';
import type { Database } from './database.js';
import { errors } from './errors.js';
import { type Keyring, Unsealable } from './keyring.js';
import { type SessionRecord, tables } from './model.js';
import { packClaims, packedSize, type SessionClaims, unpackClaims } from './session-claims.js';
import { newId } from './unique-id.js';

/** Temporary credentials, as STS hands them out. */
export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** Who asked for a session. */
export interface SessionIssuer {
  readonly arn: string;
  readonly accessKeyId: string;
  readonly sourceIp: string;
}

export interface NewSession {
  readonly claims: Omit<SessionClaims, 'issued' | 'expires'>;
  /** ARN of the session. */
  readonly arn: string;
  /** Seconds. */
  readonly duration: number;
  readonly issuer: SessionIssuer;
}

export interface IssuedSession {
  readonly credentials: SessionCredentials;
  /** Percentage of the room for policies and tags that is used; absent where there are none. */
  readonly packedPolicySize?: number;
}

/** A session of an account as whoever looks after it sees it. */
export interface SessionView extends SessionRecord {
  readonly accessKeyId: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** An opened session token. */
export interface OpenSession {
  readonly claims: SessionClaims;
  readonly secretAccessKey: string;
}

/**
 * Sessions are sealed into their tokens: whoever has the root key can verify any of them without a look-up. What
 * is stored of a session serves those who look after the account.
 */
export class Sessions {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keyring: Keyring;

  constructor(db: Database, clock: Clock, keyring: Keyring) {
    this.#db = db;
    this.#clock = clock;
    this.#keyring = keyring;
  }

  /** Issues a session; its record is on disk when this resolves. Throws `PackedPolicyTooLarge`. */
  async issue({ claims: given, arn, duration, issuer }: NewSession): Promise<IssuedSession> {
    const packed = packedSize(given);
    if (packed > 100) throw tooLarge(given, packed);
    const issued = this.#clock.now();
    const expires = (Math.floor(issued / 1000) + duration) * 1000;
    const claims = { ...given, issued, expires };
    const accessKeyId = newId('session', claims.account);
    const { token, secretAccessKey } = this.#keyring.sealSession(packClaims(claims), accessKeyId);
    const key = [claims.account, expires / 1000, accessKeyId];
    await this.#db.put(tables.sessions, key, recordOf(claims, arn, issuer));
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

  /** The account's sessions that have not expired, soonest to expire first; at most `limit`. */
  async list(account: string, limit: number): Promise<SessionView[]> {
    const after = [account, Math.floor(this.#clock.now() / 1000)];
    const rows = await this.#db.list(tables.sessions, [account], { after, limit });
    return rows.map(({ parts, value }) => ({
      ...value,
      accessKeyId: parts[2] as string,
      expires: (parts[1] as number) * 1000,
    }));
  }

  /** Ends a session: it is refused from the next request on. */
  async revoke(accessKeyId: string): Promise<void> {
    await this.#db.put(tables.revocations, [accessKeyId], { time: this.#clock.now() });
  }

  async isRevoked(accessKeyId: string): Promise<boolean> {
    return (await this.#db.get(tables.revocations, accessKeyId)) !== undefined;
  }
}

function recordOf(claims: SessionClaims, arn: string, issuer: SessionIssuer): SessionRecord {
  const { kind, issued, externalId, sourceIdentity, tags, policyArns, policy } = claims;
  return {
    kind,
    arn,
    issuer: issuer.arn,
    issuerKey: issuer.accessKeyId,
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
  return errors.PackedPolicyTooLarge([
    policy === undefined && policyArns.length === 0
      ? `Packed size of session tags consumes ${percent}% of allotted space.`
      : `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`,
  ]);
}
