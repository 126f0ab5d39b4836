import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { HOUR_MS, MINUTE_MS } from '../../core/time.js';
import { type Database, table } from '../../store/tables.js';
import { entityArn, rootArn } from '../arn.js';
import { mfaSerial } from '../federation/provider-arn.js';
import { tables, type User } from '../model.js';
import type { SessionCredentials, SessionIssuer, Sessions } from '../sessions/sessions.js';
import type { MfaDevices } from './mfa-devices.js';
import type { Passwords } from './passwords.js';

/** What a person types at the sign-in page. */
interface PasswordSignIn {
  /** Id or alias. */
  readonly account: string;
  readonly user: string;
  readonly password: string;
  /** The code of a second factor, where the user has one. */
  readonly code?: string | undefined;
  /** In place of a password that must be changed. */
  readonly newPassword?: string | undefined;
}

/** Where a person signs in from. */
type SignInPlace = Pick<SessionIssuer, 'sourceIp' | 'region'>;

/** What comes of a try to sign in; `arn` is the user's. */
type SignInOutcome =
  | { readonly is: 'signed-in'; readonly arn: string; readonly credentials: SessionCredentials }
  | { readonly is: 'refused' }
  /** The password is right; the code is still to come. Serial numbers of the user's devices. */
  | { readonly is: 'mfa-required'; readonly devices: readonly string[] }
  | { readonly is: 'new-password-required' };

interface Failures {
  /** Wrong tries in a row. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly blockedUntil: number;
}

/** A console session of AWS lasts twelve hours (IAM User Guide, "How IAM users sign in"). Seconds. */
const LONGEST = 43_200;
/** Wrong tries in a row after which none is looked at for a minute, after as many more for two, up to an hour. */
const MAX_FAILURES = 5;
const BLOCK = MINUTE_MS;
const LONGEST_BLOCK = HOUR_MS;

/** account, unique id of the user */
const failures = table<Failures>('sign-in-failures');

/** Sessions of people at the console: the user or root user itself, for a while, with all of its permissions. */
export class SignIn {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #passwords: Passwords;
  readonly #devices: MfaDevices;
  readonly #sessions: Sessions;

  constructor(db: Database, clock: Clock, passwords: Passwords, devices: MfaDevices, sessions: Sessions) {
    this.#db = db;
    this.#clock = clock;
    this.#passwords = passwords;
    this.#devices = devices;
    this.#sessions = sessions;
  }

  /**
   * Signs a user in. What is refused never says which of account, user, password or code was wrong, and takes as long
   * for a user that does not exist. Throws `PasswordPolicyViolation` for a new password that the account does not take,
   * `Throttling` where too many sign in from that place at once.
   */
  async withPassword(tried: PasswordSignIn, place: SignInPlace): Promise<SignInOutcome> {
    const account = await this.#account(tried.account);
    const user = account && (await this.#db.get(tables.users, account.id, tried.user.toLowerCase()));
    const right = await this.#isRight(account, user, tried.password, place);
    if (account === undefined || user === undefined || !right) return { is: 'refused' };
    const devices = await this.#devices.ofOwner(account.id, user.id);
    if (devices.length > 0) {
      const serials = devices.map(({ path, name }) => mfaSerial(account, path, name));
      if (!tried.code) return { is: 'mfa-required', devices: serials };
      if (!(await this.#provesOne(account, user, serials, tried.code))) return { is: 'refused' };
    }
    const profile = await this.#passwords.get(account, user.name);
    if (profile.resetRequired) {
      if (!tried.newPassword) return { is: 'new-password-required' };
      await this.#passwords.change(account, user.name, tried.password, tried.newPassword);
    }
    const arn = entityArn('user', account, user.path, user.name);
    const issuer = { arn, accessKeyId: 'console', ...place };
    return {
      is: 'signed-in',
      arn,
      credentials: await this.session(account, user, devices.length > 0, issuer),
    };
  }

  /** A session of a user, or of the root user where there is none. Throws as `Sessions.issue` does. */
  async session(
    account: Account,
    user: Pick<User, 'id' | 'name'> | undefined,
    mfa: boolean,
    issuer: SessionIssuer,
    duration = LONGEST,
  ): Promise<SessionCredentials> {
    const { credentials } = await this.#sessions.issue({
      arn: user === undefined ? rootArn(account) : issuer.arn,
      duration: Math.min(duration, LONGEST),
      issuer,
      claims: {
        kind: 'sign-in',
        account: account.id,
        entity: user?.name.toLowerCase() ?? '',
        entityId: user?.id ?? account.id,
        name: '',
        policyArns: [],
        tags: [],
        transitiveKeys: [],
        mfa,
        chained: false,
      },
    });
    return credentials;
  }

  async #account(idOrAlias: string): Promise<Account | undefined> {
    const known = await this.#db.get(tables.accounts, idOrAlias);
    if (known !== undefined) return known.closed === undefined ? known : undefined;
    for (const partition of ['aws', 'aws-cn', 'aws-us-gov']) {
      const id = await this.#db.get(tables.aliases, partition, idOrAlias);
      if (id !== undefined) return await this.#account(id);
    }
    return undefined;
  }

  /** Whether the password is the user's, which counts wrong tries; never while the user is blocked. */
  async #isRight(
    account: Account | undefined,
    user: User | undefined,
    password: string,
    { sourceIp }: SignInPlace,
  ): Promise<boolean> {
    const profile = account && user && (await this.#passwords.find(account, user.id));
    const matches = await this.#passwords.matches(profile, password, `sign-in from ${sourceIp}`);
    if (account === undefined || user === undefined || profile === undefined) return false;
    let right = false;
    await this.#db.transact(account.id, async transaction => {
      const now = this.#clock.now();
      const { count, blockedUntil } = (await transaction.get(failures, account.id, user.id)) ?? NO_FAILURES;
      right = matches && now >= blockedUntil;
      if (right && count > 0) transaction.delete(failures, account.id, user.id);
      if (right || now < blockedUntil) return;
      transaction.put(failures, [account.id, user.id], failedAgain(count + 1, now));
    });
    return right;
  }

  /** A code is of one of the user's devices; each of them would count a wrong one. */
  async #provesOne(account: Account, user: User, serials: readonly string[], code: string): Promise<boolean> {
    for (const serial of serials) {
      if (await this.#devices.authenticate(account, serial, user.id, code)) return true;
    }
    return false;
  }
}

const NO_FAILURES: Failures = { count: 0, blockedUntil: 0 };

function failedAgain(count: number, now: number): Failures {
  if (count % MAX_FAILURES !== 0) return { count, blockedUntil: 0 };
  const block = Math.min(BLOCK * 2 ** (count / MAX_FAILURES - 1), LONGEST_BLOCK);
  return { count, blockedUntil: now + block };
}
