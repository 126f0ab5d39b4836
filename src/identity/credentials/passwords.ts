import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database, Transaction } from '../../store/tables.js';
import { Attempts } from '../accounts/attempts.js';
import { errors } from '../errors.js';
import { type LoginProfile, type PasswordPolicy, tables } from '../model.js';
import { demandEntity, noSuchEntity } from '../policies/entity-policies.js';
import { hashPassword, isPassword, NO_PASSWORD } from './password-hash.js';

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
  readonly #attempts: Attempts;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
    this.#attempts = new Attempts(clock);
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
        throw errors.NoSuchEntity('The account policy with name PasswordPolicy cannot be found.');
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

  /**
   * Whether it is that profile's password. Takes as long where there is no profile. `owner`: who waits behind others of
   * the same name. Throws `Throttling` where too many wait.
   */
  async matches(profile: LoginProfile | undefined, password: string, owner: string): Promise<boolean> {
    return (await isPassword(owner, password, profile?.password ?? NO_PASSWORD)) && profile !== undefined;
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
    const hashed = await hashPassword(home.id, password);
    const created = this.#clock.now();
    return await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', userName);
      if ((await transaction.get(tables.loginProfiles, home.id, user.id)) !== undefined) {
        throw errors.EntityAlreadyExists(`Login Profile for user ${userName} already exists.`);
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

  /**
   * A user changes its own password. Throws `AccessDenied` where the old one is wrong, `Throttling` where it was wrong
   * too often just now, else as `update`.
   */
  async change(home: Account, userName: string, before: string, after: string): Promise<void> {
    const user = `${home.id}/${userName.toLowerCase()}`;
    if (!this.#attempts.mayTry(user)) throw errors.Throttling();
    const current = await this.get(home, userName);
    if (!(await isPassword(user, before, current.password))) {
      this.#attempts.wrong(user);
      throw errors.AccessDenied('The old password was incorrect.', {
        advice: 'Send the present password, or let an administrator set one (aws iam update-login-profile).',
      });
    }
    this.#attempts.right(user);
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
      if (await isPassword(home.id, password, old)) throw violation();
    }
    return {
      ...current,
      password: await hashPassword(home.id, password),
      previous,
      changed: this.#clock.now(),
    };
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
  return errors.PasswordPolicyViolation('Password does not conform to the account password policy.');
}

function noProfile(userName: string) {
  return errors.NoSuchEntity(`Login Profile for User ${userName} cannot be found.`);
}
