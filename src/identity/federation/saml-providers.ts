import { randomBytes } from 'node:crypto';
import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { type Database, table } from '../../store/tables.js';
import { mergeTags, withoutTags } from '../entities/tags.js';
import { errors, overQuota } from '../errors.js';
import type { Tags } from '../model.js';
import { providerArn, providerNameOf } from './provider-arn.js';
import type { SamlMetadata } from './saml-metadata.js';
import { askReader } from './saml-reader.js';

/** A SAML 2.0 identity provider that an account trusts. */
export interface SamlProvider extends SamlMetadata {
  readonly name: string;
  /** As `GetSAMLProvider` shows it. */
  readonly uuid: string;
  /** The metadata as it was given. */
  readonly document: string;
  readonly created: number;
  readonly tags: Tags;
}

/** Source: IAM User Guide, "IAM and AWS STS quotas". */
const PROVIDERS_PER_ACCOUNT = 100;

/** account, name */
const providers = table<SamlProvider>('saml-provider');

/** SAML providers. Everything that takes an ARN throws `NoSuchEntity` where the account has none of it. */
export class SamlProviders {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Answers with the ARN. Throws `InvalidInput`, `EntityAlreadyExists`, `LimitExceeded`. */
  async create(home: Account, name: string, document: string, tags: Tags = []): Promise<string> {
    const metadata = await askReader(home.id, { kind: 'metadata', document });
    await this.#db.transact(home.id, async transaction => {
      if ((await transaction.get(providers, home.id, name)) !== undefined) {
        throw errors.EntityAlreadyExists(`SAMLProvider ${name} already exists.`);
      }
      const held = await transaction.list(providers, [home.id], PROVIDERS_PER_ACCOUNT);
      if (held.length >= PROVIDERS_PER_ACCOUNT) {
        throw overQuota('SAMLProvidersPerAccount', PROVIDERS_PER_ACCOUNT);
      }
      transaction.put(providers, [home.id, name], {
        ...metadata,
        name,
        document,
        uuid: randomBytes(12).toString('hex').toUpperCase(),
        created: this.#clock.now(),
        tags: mergeTags([], tags, 'TagsPerSAMLProvider'),
      });
    });
    return providerArn('saml-provider', home, name);
  }

  async find(home: Account, arn: string): Promise<SamlProvider | undefined> {
    const name = providerNameOf('saml-provider', home, arn);
    return name === undefined ? undefined : await this.#db.get(providers, home.id, name);
  }

  async get(home: Account, arn: string): Promise<SamlProvider> {
    return this.demand(await this.find(home, arn), arn);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(provider: SamlProvider | undefined, arn: string): SamlProvider {
    if (provider === undefined) throw notFound(arn);
    return provider;
  }

  /** In the order of their names. */
  async list(account: string): Promise<SamlProvider[]> {
    return (await this.#db.list(providers, [account])).map(row => row.value);
  }

  /** Throws `InvalidInput`. */
  async setMetadata(home: Account, arn: string, document: string): Promise<void> {
    await this.get(home, arn);
    const metadata = await askReader(home.id, { kind: 'metadata', document });
    await this.#change(home, arn, ({ validUntil: _, ...provider }) => ({
      ...provider,
      ...metadata,
      document,
    }));
  }

  async delete(home: Account, arn: string): Promise<void> {
    await this.#change(home, arn, () => undefined);
  }

  async tag(home: Account, arn: string, tags: Tags): Promise<void> {
    await this.#change(home, arn, provider => ({
      ...provider,
      tags: mergeTags(provider.tags, tags, 'TagsPerSAMLProvider'),
    }));
  }

  async untag(home: Account, arn: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, arn, provider => ({ ...provider, tags: withoutTags(provider.tags, keys) }));
  }

  async #change(
    home: Account,
    arn: string,
    change: (provider: SamlProvider) => SamlProvider | undefined,
  ): Promise<void> {
    const name = providerNameOf('saml-provider', home, arn);
    if (name === undefined) throw notFound(arn);
    await this.#db.transact(home.id, async transaction => {
      const provider = await transaction.get(providers, home.id, name);
      if (provider === undefined) throw notFound(arn);
      const changed = change(provider);
      if (changed === undefined) transaction.delete(providers, home.id, name);
      else transaction.put(providers, [home.id, name], changed);
    });
  }
}

function notFound(arn: string) {
  return errors.NoSuchEntity(`Manifest not found for arn ${arn}`);
}
