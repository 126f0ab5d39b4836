import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../clock.js';
import type { Account } from './caller.js';
import type { Database, Transaction } from './database.js';
import { demandEntity, noSuchEntity } from './entity-policies.js';
import { errors } from './errors.js';
import { type HashedPassword, type LoginProfile, type PasswordPolicy, tables } from './model.js';

const derive = promisify<Buffer | string, Uint8Array, number, Buffer>(scrypt);
const HASH_BYTES = 32;
/** The longest history that a password policy can ask for. */
const MAX_HISTORY = 24;

const LOWER = /[a-z]/;
const UPPER = /[A-Z]/;
const DIGIT = /[0-9]/;
/** The symbols that count (IAM API Reference, UpdateAccountPasswordPolicy). */
const SYMBOL = /[!@#$%^&*()_+\-=[\]{}|']/;

/** Passwords of users for people who sign in, and the account's rules for them. Stored as salted scrypt hashes. */
export class Passwords {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The account's own password policy; `undefined` where the default is in force. */
  async policy(account: string): Promise<PasswordPolicy | undefined> {
    return await this.#db.get(tables.passwordPolicies, account);
  }

  /** Sets the account's password policy, or goes back to the default. Throws `NoSuchEntity` where that is in force. */
  async setPolicy(home: Account, policy: PasswordPolicy | undefined): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      if (policy !== undefined) return transaction.put(tables.passwordPolicies, [home.id], policy);
      if ((await transaction.get(tables.passwordPolicies, home.id)) === undefined) {
        throw errors.NoSuchEntity(['The account policy with name PasswordPolicy cannot be found.']);
      }
      transaction.delete(tables.passwordPolicies, home.id);
    });
  }

  /** The login profile of a user. Throws `NoSuchEntity` for the user or where it has none. */
  async get(home: Account, userName: string): Promise<LoginProfile> {
    const user = await this.#db.get(tables.users, home.id, userName.toLowerCase());
    if (user === undefined) throw noSuchEntity('user', userName);
    const profile = await this.find(home, user.id);
    if (profile === undefined) throw noProfile(userName);
    return profile;
  }

  async find(home: Account, userId: string): Promise<LoginProfile | undefined> {
    return await this.#db.get(tables.loginProfiles, home.id, userId);
  }

  /** Whether it is that profile's password. Takes as long where there is no profile. */
  async matches(profile: LoginProfile | undefined, password: string): Promise<boolean> {
    return (await isPassword(password, profile?.password ?? NO_PASSWORD)) && profile !== undefined;
  }

  /** Throws `NoSuchEntity`, `EntityAlreadyExists`, `PasswordPolicyViolation`. */
  async create(
    home: Account,
    userName: string,
    password: string,
    resetRequired: boolean,
  ): Promise<LoginProfile> {
    if ((await this.#db.get(tables.users, home.id, userName.toLowerCase())) === undefined)
      throw noSuchEntity('user', userName);
    checkPassword(password, await this.policy(home.id));
    const hashed = await hash(password);
    const created = this.#clock.now();
    return await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', userName);
      if ((await transaction.get(tables.loginProfiles, home.id, user.id)) !== undefined) {
        throw errors.EntityAlreadyExists([`Login Profile for user ${userName} already exists.`]);
      }
      const profile = { created, changed: created, password: hashed, previous: [], resetRequired };
      transaction.put(tables.loginProfiles, [home.id, user.id], profile);
      return profile;
    });
  }

  /** Sets what is given and leaves the rest. Throws `NoSuchEntity`, `PasswordPolicyViolation`. */
  async update(
    home: Account,
    userName: string,
    changes: { password?: string | undefined; resetRequired?: boolean | undefined },
  ): Promise<void> {
    const { password, resetRequired } = changes;
    const current = await this.get(home, userName);
    const renewed = password === undefined ? current : await this.#renewed(home, current, password);
    await this.#put(home, userName, current, {
      ...renewed,
      resetRequired: resetRequired ?? current.resetRequired,
    });
  }

  /** A user changes its own password. Throws `AccessDenied` where the old one is wrong, else as `update`. */
  async change(home: Account, userName: string, before: string, after: string): Promise<void> {
    const current = await this.get(home, userName);
    if (!(await isPassword(before, current.password))) {
      throw errors.AccessDenied(['The old password was incorrect.'], {
        advice: 'Send the present password, or let an administrator set one (aws iam update-login-profile).',
      });
    }
    await this.#put(home, userName, current, {
      ...(await this.#renewed(home, current, after)),
      resetRequired: false,
    });
  }

  /** Throws `NoSuchEntity`. */
  async delete(home: Account, userName: string): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const { key } = await demandProfile(transaction, home, userName);
      transaction.delete(tables.loginProfiles, ...key);
    });
  }

  async #renewed(home: Account, current: LoginProfile, password: string): Promise<LoginProfile> {
    const policy = await this.policy(home.id);
    checkPassword(password, policy);
    const previous = [current.password, ...current.previous].slice(0, MAX_HISTORY);
    for (const old of previous.slice(0, policy?.reusePrevention ?? 0)) {
      if (await isPassword(password, old)) throw violation();
    }
    return { ...current, password: await hash(password), previous, changed: this.#clock.now() };
  }

  /** Throws `ConcurrentModification` where the password was changed while the new one was worked out. */
  async #put(home: Account, userName: string, before: LoginProfile, after: LoginProfile): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const { key, profile } = await demandProfile(transaction, home, userName);
      if (!Buffer.from(profile.password.hash).equals(before.password.hash))
        throw errors.ConcurrentModification();
      transaction.put(tables.loginProfiles, key, after);
    });
  }
}

async function demandProfile(transaction: Transaction, home: Account, userName: string) {
  const user = await demandEntity(transaction, home, 'user', userName);
  const key = [home.id, user.id];
  const profile = await transaction.get(tables.loginProfiles, ...key);
  if (profile === undefined) throw noProfile(userName);
  return { key, profile };
}

/** Throws `PasswordPolicyViolation`. Source of the default rules: IAM User Guide, "Default password policy". */
function checkPassword(password: string, policy: PasswordPolicy | undefined): void {
  if (policy === undefined) {
    const kinds = [LOWER, UPPER, DIGIT, SYMBOL].filter(kind => kind.test(password)).length;
    if (password.length < 8 || password.length > 128 || kinds < 3) throw violation();
    return;
  }
  const required: [boolean, RegExp][] = [
    [policy.requireLowercase, LOWER],
    [policy.requireUppercase, UPPER],
    [policy.requireNumbers, DIGIT],
    [policy.requireSymbols, SYMBOL],
  ];
  const lacking = required.some(([needed, kind]) => needed && !kind.test(password));
  if (password.length < policy.minimumLength || lacking) throw violation();
}

function violation() {
  return errors.PasswordPolicyViolation(['Password does not conform to the account password policy.']);
}

function noProfile(userName: string) {
  return errors.NoSuchEntity([`Login Profile for User ${userName} cannot be found.`]);
}

/** No password is known that has this hash. */
const NO_PASSWORD: HashedPassword = { salt: randomBytes(16), hash: randomBytes(HASH_BYTES) };

async function hash(password: string): Promise<HashedPassword> {
  const salt = randomBytes(16);
  return { salt, hash: await derive(password, salt, HASH_BYTES) };
}

async function isPassword(password: string, { salt, hash }: HashedPassword): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, HASH_BYTES), hash);
}
