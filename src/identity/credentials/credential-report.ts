import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { DAY_MS, HOUR_MS } from '../../core/time.js';
import type { Database } from '../../store/tables.js';
import type { Accounts } from '../accounts/accounts.js';
import { entityArn, rootArn } from '../arn.js';
import type { Users } from '../entities/users.js';
import { errors } from '../errors.js';
import { type CredentialReport, tables, type User } from '../model.js';
import type { AccessKeyInfo, AccessKeys } from './access-keys.js';
import type { MfaDevices } from './mfa-devices.js';
import type { Passwords } from './passwords.js';
import type { SigningCertificates } from './user-credentials.js';

/** After this time a report is out of date and another is made (IAM User Guide, "Generate credential reports"). */
const LIFE = 4 * HOUR_MS;
const USERS_AT_A_TIME = 500;

/** The report's columns in their order, as the IAM User Guide lists them. */
const COLUMNS = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'password_next_rotation',
  'mfa_active',
  'access_key_1_active',
  'access_key_1_last_rotated',
  'access_key_1_last_used_date',
  'access_key_1_last_used_region',
  'access_key_1_last_used_service',
  'access_key_2_active',
  'access_key_2_last_rotated',
  'access_key_2_last_used_date',
  'access_key_2_last_used_region',
  'access_key_2_last_used_service',
  'cert_1_active',
  'cert_1_last_rotated',
  'cert_2_active',
  'cert_2_last_rotated',
];

const NO_CERTIFICATE = ['false', 'N/A'];
const NO_KEY = ['false', 'N/A', 'N/A', 'N/A', 'N/A'];

interface Parts {
  readonly accounts: Accounts;
  readonly users: Users;
  readonly accessKeys: AccessKeys;
  readonly passwords: Passwords;
  readonly mfaDevices: MfaDevices;
  readonly signingCertificates: SigningCertificates;
}

/** The table of an account's users and the state of their credentials. */
export class CredentialReports {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #parts: Parts;

  constructor(db: Database, clock: Clock, parts: Parts) {
    this.#db = db;
    this.#clock = clock;
    this.#parts = parts;
  }

  /** Makes a report unless there is one of the last four hours. Resolves with whether it made one. */
  async generate(home: Account): Promise<boolean> {
    const known = await this.#db.get(tables.credentialReports, home.id);
    const generated = this.#clock.now();
    if (known !== undefined && generated - known.generated < LIFE) return false;
    await this.#db.put(tables.credentialReports, [home.id], {
      generated,
      content: await this.#content(home),
    });
    return true;
  }

  /** The newest report. Throws `ReportNotPresent`, `ReportExpired`. */
  async get(home: Account): Promise<CredentialReport> {
    const report = await this.#db.get(tables.credentialReports, home.id);
    if (report === undefined) throw errors.ReportNotPresent();
    if (this.#clock.now() - report.generated >= LIFE) throw errors.ReportExpired();
    return report;
  }

  async #content(home: Account): Promise<string> {
    const rows = [COLUMNS, await this.#rootRow(home)];
    const policy = await this.#parts.passwords.policy(home.id);
    let after: string | undefined;
    for (;;) {
      const users = await this.#parts.users.list(home.id, { after, limit: USERS_AT_A_TIME });
      rows.push(...(await Promise.all(users.map(user => this.#userRow(home, user, policy?.maxAge)))));
      if (users.length < USERS_AT_A_TIME) break;
      after = users.at(-1)!.name.toLowerCase();
    }
    return rows.map(row => row.join(',')).join('\n');
  }

  async #rootRow(home: Account): Promise<string[]> {
    const account = await this.#parts.accounts.find(home.id);
    const password = ['not_supported', 'no_information', 'not_supported', 'not_supported'];
    const [keys, mfa] = await Promise.all([this.#keys(account?.keys ?? []), this.#hasMfa(home, home.id)]);
    return [
      '<root_account>',
      rootArn(home),
      timeOf(home.created),
      ...password,
      mfa,
      ...keys,
      ...twoOf([], NO_CERTIFICATE),
    ];
  }

  async #userRow(home: Account, user: User, maxAge: number | undefined): Promise<string[]> {
    const profile = await this.#parts.passwords.find(home, user.id);
    const next =
      profile === undefined || maxAge === undefined ? 'N/A' : timeOf(profile.changed + maxAge * DAY_MS);
    const password =
      profile === undefined
        ? ['false', 'N/A', 'N/A', 'N/A']
        : ['true', 'no_information', timeOf(profile.changed), next];
    const arn = entityArn('user', home, user.path, user.name);
    const [keys, mfa, certificates] = await Promise.all([
      this.#keys(user.keys),
      this.#hasMfa(home, user.id),
      this.#parts.signingCertificates.list(home, user.name),
    ]);
    const shown = certificates.map(({ active, created }) => [String(active), timeOf(created)]);
    return [user.name, arn, timeOf(user.created), ...password, mfa, ...keys, ...twoOf(shown, NO_CERTIFICATE)];
  }

  async #hasMfa(home: Account, owner: string): Promise<string> {
    return String((await this.#parts.mfaDevices.ofOwner(home.id, owner)).length > 0);
  }

  /** The columns of two keys. */
  async #keys(ids: readonly string[]): Promise<string[]> {
    const keys = await this.#parts.accessKeys.list(ids);
    const columns = await Promise.all(keys.map(key => this.#key(key)));
    return twoOf(columns, NO_KEY);
  }

  async #key({ id, active, created }: AccessKeyInfo): Promise<string[]> {
    const use = await this.#parts.accessKeys.lastUse(id);
    const used = use === undefined ? ['N/A', 'N/A', 'N/A'] : [timeOf(use.time), use.region, use.service];
    return [String(active), timeOf(created), ...used];
  }
}

/** The columns of two things, filled up with those of none. */
function twoOf(columns: readonly string[][], none: string[]): string[] {
  return [...columns, none, none].slice(0, 2).flat();
}

/** As the report has times: `2026-11-22T00:00:00+00:00`. */
function timeOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}+00:00`;
}
