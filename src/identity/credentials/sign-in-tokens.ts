import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { MINUTE_MS } from '../../core/time.js';
import { Unsealable } from '../../crypto/sealing.js';
import { type Database, table } from '../../store/tables.js';
import type { Keyring } from '../keyring.js';

interface SignInToken {
  /** Sealed JSON. */
  readonly content: Uint8Array;
}

/** A sign-in URL is good for so long (IAM User Guide, "Enable custom identity broker access"). Milliseconds. */
const LIFE = 15 * MINUTE_MS;
/** Tokens that have run out and are forgotten with each new one. */
const SWEPT = 16;

/** end in milliseconds since the epoch, hash of the token */
const tokens = table<SignInToken>('sign-in-token');

/**
 * Tokens that stand for credentials for a quarter of an hour and work once. What is stored opens with the server's
 * root key alone, and says nothing of the token but its hash.
 */
export class SignInTokens {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keyring: Keyring;

  constructor(db: Database, clock: Clock, keyring: Keyring) {
    this.#db = db;
    this.#clock = clock;
    this.#keyring = keyring;
  }

  async issue(content: object): Promise<string> {
    const end = this.#clock.now() + LIFE;
    const token = `${end.toString(36)}.${randomBytes(32).toString('base64url')}`;
    const id = hashOf(token);
    const sealed = this.#keyring.sealSecret(JSON.stringify(content), about(id));
    await this.#db.put(tokens, [end, id], { content: sealed });
    await this.#sweep();
    return token;
  }

  /** What the token stands for; `undefined` for one that is unknown, used or too old. */
  async redeem(token: string): Promise<unknown> {
    const end = Number.parseInt(token.split('.')[0]!, 36);
    if (!Number.isSafeInteger(end) || end <= this.#clock.now()) return undefined;
    const id = hashOf(token);
    const found = await this.#db.transact('sign-in tokens', async transaction => {
      const record = await transaction.get(tokens, end, id);
      if (record !== undefined) transaction.delete(tokens, end, id);
      return record;
    });
    if (found === undefined) return undefined;
    try {
      return JSON.parse(this.#keyring.openSecret(found.content, about(id)));
    } catch (error) {
      // The root key was replaced and forgotten since.
      if (error instanceof Unsealable) return undefined;
      throw error;
    }
  }

  async #sweep(): Promise<void> {
    const oldest = await this.#db.list(tokens, [], { limit: SWEPT });
    const over = oldest.filter(({ parts }) => (parts[0] as number) <= this.#clock.now());
    for (const { parts } of over) await this.#db.put(tokens, parts, undefined);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function about(id: string): string {
  return `sign-in token ${id}`;
}
