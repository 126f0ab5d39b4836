import { createPrivateKey } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { type Database, type Transaction, table } from '../../store/tables.js';
import { quotas } from '../accounts/quotas.js';
import { mergeTags, withoutTags } from '../entities/tags.js';
import { newId } from '../entities/unique-id.js';
import { errors, overQuota } from '../errors.js';
import type { Tags } from '../model.js';
import type { Page } from '../page.js';
import { readCertificate } from './user-credentials.js';

/**
 * A server certificate. The private key is checked against it and not kept: IAM never shows it, and nothing here serves
 * with it.
 */
export interface ServerCertificate {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** PEM. */
  readonly body: string;
  readonly chain?: string | undefined;
  readonly uploaded: number;
  readonly expires: number;
  readonly tags: Tags;
}

interface NewServerCertificate {
  readonly name: string;
  readonly path?: string | undefined;
  readonly body: string;
  readonly privateKey: string;
  readonly chain?: string | undefined;
  readonly tags: Tags;
}

/** Keys: account, name. */
const certificates = table<ServerCertificate>('server-certificate');

/** Server certificates of an account. Everything throws `NoSuchEntity` for a name that is not there. */
export class ServerCertificates {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `MalformedCertificate`, `KeyPairMismatch`, `EntityAlreadyExists`, `LimitExceeded`. */
  async upload(home: Account, input: NewServerCertificate): Promise<ServerCertificate> {
    const { name, path = '/', tags } = input;
    // AWS gives both back without the white space around them.
    const body = input.body.trim();
    const chain = input.chain?.trim();
    const expires = Date.parse(checkedCertificate(input).validTo);
    return await this.#db.transact(home.id, async transaction => {
      await demandFree(transaction, home, name);
      const others = await transaction.list(certificates, [home.id], quotas.serverCertificates);
      if (others.length >= quotas.serverCertificates) {
        throw overQuota('ServerCertificatesPerAccount', quotas.serverCertificates);
      }
      const id = newId('server-certificate', home.id);
      const certificate = { id, name, path, body, chain, uploaded: this.#clock.now(), expires, tags };
      transaction.put(certificates, [home.id, name.toLowerCase()], certificate);
      return certificate;
    });
  }

  async find(account: string, name: string): Promise<ServerCertificate | undefined> {
    return await this.#db.get(certificates, account, name.toLowerCase());
  }

  async get(account: string, name: string): Promise<ServerCertificate> {
    return this.demand(await this.find(account, name), name);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(certificate: ServerCertificate | undefined, name: string): ServerCertificate {
    if (certificate === undefined) throw notFound(name);
    return certificate;
  }

  async list(account: string, page: Page): Promise<ServerCertificate[]> {
    const after = page.after === undefined ? undefined : [account, page.after];
    const rows = await this.#db.list(certificates, [account], { after, limit: page.limit });
    return rows.map(row => row.value);
  }

  /** Gives the certificate another name, path or both. Throws `EntityAlreadyExists`. */
  async rename(
    home: Account,
    name: string,
    to: { name?: string | undefined; path?: string | undefined },
  ): Promise<void> {
    await this.#change(home, name, async (certificate, transaction) => {
      const renamed = {
        ...certificate,
        name: to.name ?? certificate.name,
        path: to.path ?? certificate.path,
      };
      if (renamed.name.toLowerCase() !== name.toLowerCase())
        await demandFree(transaction, home, renamed.name);
      return renamed;
    });
  }

  async delete(home: Account, name: string): Promise<void> {
    await this.#change(home, name, () => undefined);
  }

  async tag(home: Account, name: string, tags: Tags): Promise<void> {
    await this.#change(home, name, certificate => ({
      ...certificate,
      tags: mergeTags(certificate.tags, tags, 'TagsPerServerCertificate'),
    }));
  }

  async untag(home: Account, name: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, name, certificate => ({
      ...certificate,
      tags: withoutTags(certificate.tags, keys),
    }));
  }

  /** Stores what `change` makes of the certificate under its name, or deletes it where that is nothing. */
  async #change(
    home: Account,
    name: string,
    change: (
      certificate: ServerCertificate,
      transaction: Transaction,
    ) => ServerCertificate | undefined | Promise<ServerCertificate | undefined>,
  ): Promise<void> {
    await this.#db.transact(home.id, async transaction => {
      const key = [home.id, name.toLowerCase()];
      const certificate = await transaction.get(certificates, ...key);
      if (certificate === undefined) throw notFound(name);
      const changed = await change(certificate, transaction);
      transaction.delete(certificates, ...key);
      if (changed !== undefined)
        transaction.put(certificates, [home.id, changed.name.toLowerCase()], changed);
    });
  }
}

/** Throws `MalformedCertificate`, `KeyPairMismatch`. */
function checkedCertificate({ body, privateKey, chain }: NewServerCertificate) {
  const certificate = readCertificate(body);
  if (chain !== undefined) readCertificate(chain);
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(privateKey));
  } catch (cause) {
    throw errors.MalformedCertificate('The private key is malformed.', { cause });
  }
  if (!matches) throw errors.KeyPairMismatch('The public key certificate and the private key do not match.');
  return certificate;
}

async function demandFree(transaction: Transaction, home: Account, name: string): Promise<void> {
  if ((await transaction.get(certificates, home.id, name.toLowerCase())) !== undefined) {
    throw errors.EntityAlreadyExists(`The Server Certificate with name ${name} already exists.`);
  }
}

function notFound(name: string) {
  return errors.NoSuchEntity(`The Server Certificate with name ${name} cannot be found.`);
}
