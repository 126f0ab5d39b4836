/**
 * Credentials of users that nothing in this server accepts, kept because tools manage them: SSH public keys,
 * signing certificates and service-specific credentials.
 */

import { randomBytes, X509Certificate } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { DAY_MS } from '../../core/time.js';
import { type Database, type Table, type Transaction, table } from '../../store/tables.js';
import { quotas } from '../accounts/quotas.js';
import { newId } from '../entities/unique-id.js';
import { errors, overQuota } from '../errors.js';
import { tables, type User } from '../model.js';
import { demandEntity, noSuchEntity } from '../policies/entity-policies.js';
import { readSshKey } from './ssh-keys.js';

/** What all of them have. */
interface UserCredential {
  readonly id: string;
  readonly created: number;
  readonly active: boolean;
}

export interface SshPublicKey extends UserCredential {
  readonly ssh: string;
  readonly pem: string;
  readonly fingerprint: string;
}

export interface SigningCertificate extends UserCredential {
  /** PEM. */
  readonly body: string;
}

/** Its password is shown when it is made or reset, and not stored: no service here asks for it. */
export interface ServiceCredential extends UserCredential {
  readonly service: string;
  readonly serviceUserName: string;
  readonly expires?: number | undefined;
}

/** The services that have such credentials (IAM API Reference, CreateServiceSpecificCredential). */
const SERVICES = ['codecommit.amazonaws.com', 'cassandra.amazonaws.com', 'bedrock.amazonaws.com'];

/** Keys: account, unique id of the user, id. */
const sshKeys = table<SshPublicKey>('ssh-key');
const certificates = table<SigningCertificate>('signing-certificate');
const serviceCredentials = table<ServiceCredential>('service-credential');

/** One kind of credentials of users. Everything throws `NoSuchEntity` for a user or credential that is not there. */
class UserCredentials<T extends UserCredential> {
  readonly #db: Database;
  readonly #table: Table<T>;
  readonly #absent: (id: string) => string;

  /** `absent`: what is said of an id that is not there. */
  constructor(db: Database, of: Table<T>, absent: (id: string) => string) {
    this.#db = db;
    this.#table = of;
    this.#absent = absent;
  }

  /** In the order of their ids. */
  async list(home: Account, userName: string): Promise<T[]> {
    const user = await this.#db.get(tables.users, home.id, userName.toLowerCase());
    if (user === undefined) throw noSuchEntity('user', userName);
    return (await this.#db.list(this.#table, [home.id, user.id])).map(row => row.value);
  }

  async get(home: Account, userName: string, id: string): Promise<T> {
    const found = (await this.list(home, userName)).find(credential => credential.id === id);
    if (found === undefined) throw this.#notFound(id);
    return found;
  }

  async setActive(home: Account, userName: string, id: string, active: boolean): Promise<T> {
    return await this.#change(home, userName, id, credential => ({ ...credential, active }));
  }

  async delete(home: Account, userName: string, id: string): Promise<void> {
    await this.#change(home, userName, id, () => undefined);
  }

  /**
   * Adds what `make` makes of the user and its others of the kind. The user's record is written as well, though
   * unchanged: its deletion then finds that it was in use.
   */
  async add(home: Account, userName: string, make: (user: User, others: readonly T[]) => T): Promise<T> {
    return await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', userName);
      const others = (await transaction.list(this.#table, [home.id, user.id])).map(row => row.value);
      const made = make(user, others);
      transaction.put(this.#table, [home.id, user.id, made.id], made);
      transaction.put(tables.users, [home.id, userName.toLowerCase()], user);
      return made;
    });
  }

  async #change<R extends T | undefined>(
    home: Account,
    userName: string,
    id: string,
    change: (credential: T) => R,
  ): Promise<R> {
    return await this.#db.transact(home.id, async transaction => {
      const user = await demandEntity(transaction, home, 'user', userName);
      const key = [home.id, user.id, id];
      const credential = await transaction.get(this.#table, ...key);
      if (credential === undefined) throw this.#notFound(id);
      const changed = change(credential);
      if (changed === undefined) transaction.delete(this.#table, ...key);
      else transaction.put(this.#table, key, changed);
      return changed;
    });
  }

  #notFound(id: string) {
    return errors.NoSuchEntity(this.#absent(id));
  }
}

/** SSH public keys of users. */
export class SshPublicKeys extends UserCredentials<SshPublicKey> {
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    super(db, sshKeys, id => `The SSH Public Key with id ${id} cannot be found.`);
    this.#clock = clock;
  }

  /** Throws `UnrecognizedPublicKeyEncoding`, `InvalidPublicKey`, `DuplicateSSHPublicKey`, `LimitExceeded`. */
  async upload(home: Account, userName: string, body: string): Promise<SshPublicKey> {
    return await this.add(home, userName, (_user, others) => {
      const key = readSshKey(body);
      if (others.some(({ fingerprint }) => fingerprint === key.fingerprint)) {
        throw errors.DuplicateSSHPublicKey('The SSH public key is already associated with the user.');
      }
      if (others.length >= quotas.sshKeysPerUser)
        throw overQuota('SSHPublicKeysPerUser', quotas.sshKeysPerUser);
      return { id: newId('ssh-key', home.id), created: this.#clock.now(), active: true, ...key };
    });
  }
}

/** Signing certificates of users. */
export class SigningCertificates extends UserCredentials<SigningCertificate> {
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    super(db, certificates, id => `The Certificate with id ${id} cannot be found.`);
    this.#clock = clock;
  }

  /** Throws `MalformedCertificate`, `InvalidCertificate` (expired), `DuplicateCertificate`, `LimitExceeded`. */
  async upload(home: Account, userName: string, body: string): Promise<SigningCertificate> {
    return await this.add(home, userName, (_user, others) => {
      const { fingerprint256, validTo } = readCertificate(body);
      const created = this.#clock.now();
      if (Date.parse(validTo) <= created) throw errors.InvalidCertificate('The certificate has expired.');
      if (others.some(other => readCertificate(other.body).fingerprint256 === fingerprint256)) {
        throw errors.DuplicateCertificate(
          'The certificate is already associated with an IAM user in the account.',
        );
      }
      if (others.length >= quotas.signingCertificatesPerUser) {
        throw overQuota('CertificatesPerUser', quotas.signingCertificatesPerUser);
      }
      return { id: certificateId(), created, active: true, body };
    });
  }
}

/** Service-specific credentials of users. */
export class ServiceCredentials extends UserCredentials<ServiceCredential> {
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    super(db, serviceCredentials, id => `No such credential ${id} exists`);
    this.#clock = clock;
  }

  /** Those of a user, of one service where it is given. Throws `NoSuchEntity` for a service that has none. */
  async listOf(home: Account, userName: string, service: string | undefined): Promise<ServiceCredential[]> {
    const all = await this.list(home, userName);
    if (service === undefined) return all;
    demandService(service);
    return all.filter(credential => credential.service === service);
  }

  /** `days`: how long it is valid; for ever where absent. Throws `NoSuchEntity`, `LimitExceeded`. */
  async create(
    home: Account,
    userName: string,
    service: string,
    days: number | undefined,
  ): Promise<{ credential: ServiceCredential; password: string }> {
    const created = this.#clock.now();
    const credential = await this.add(home, userName, (user, others) => {
      demandService(service);
      const same = others.filter(other => other.service === service);
      if (same.length >= quotas.serviceCredentialsPerUser) {
        throw overQuota('ServiceSpecificCredentialsPerUser', quotas.serviceCredentialsPerUser);
      }
      const serviceUserName = `${user.name}${same.length === 0 ? '' : `+${same.length}`}-at-${home.id}`;
      const expires = days === undefined ? undefined : created + days * DAY_MS;
      return {
        id: newId('service-credential', home.id),
        created,
        active: true,
        service,
        serviceUserName,
        expires,
      };
    });
    return { credential, password: newPassword() };
  }

  /** A new password for a credential. */
  async reset(
    home: Account,
    userName: string,
    id: string,
  ): Promise<{ credential: ServiceCredential; password: string }> {
    return { credential: await this.get(home, userName, id), password: newPassword() };
  }
}

function demandService(service: string): void {
  if (SERVICES.includes(service)) return;
  throw errors.NoSuchEntity(`No such service ${service} is supported for Service Specific Credentials`);
}

/** Throws `MalformedCertificate` for what is no certificate in PEM. */
export function readCertificate(body: string): X509Certificate {
  try {
    return new X509Certificate(body);
  } catch (cause) {
    throw errors.MalformedCertificate('The certificate is malformed.', { cause });
  }
}

/** Throws `DeleteConflict` where a user still has credentials of these kinds. For the deletion of users. */
export async function demandNoCredentials(
  transaction: Transaction,
  account: string,
  userId: string,
): Promise<void> {
  const kinds: [Table<unknown>, string][] = [
    [certificates, 'delete signing certificates'],
    [sshKeys, 'delete SSH public keys'],
    [serviceCredentials, 'remove referenced objects'],
  ];
  for (const [kind, words] of kinds) {
    if ((await transaction.list(kind, [account, userId], 1)).length > 0) {
      throw errors.DeleteConflict(`Cannot delete entity, must ${words} first.`);
    }
  }
}

/** Ids of signing certificates are 32 upper-case letters and digits. */
function certificateId(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}

function newPassword(): string {
  return randomBytes(32).toString('base64');
}
