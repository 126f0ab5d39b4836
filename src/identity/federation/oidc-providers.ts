import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { type Database, type Transaction, table } from '../../store/tables.js';
import { mergeTags, withoutTags } from '../entities/tags.js';
import { errors, overQuota } from '../errors.js';
import type { Tags } from '../model.js';
import { isProviderName, providerArn, providerNameOf } from './provider-arn.js';
import type { Reachable } from './reachable.js';

/** An OpenID Connect issuer that an account trusts. */
export interface OidcProvider {
  /** The issuer: what the claim `iss` of its tokens says, letter by letter. */
  readonly url: string;
  /** Audiences whose tokens are accepted. */
  readonly clientIds: readonly string[];
  /** SHA-1 of certificates that may vouch for the issuer's server, hexadecimal, lower case. */
  readonly thumbprints: readonly string[];
  readonly created: number;
  readonly tags: Tags;
}

interface NewOidcProvider {
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags: Tags;
}

/** An issuer as its ARN and its condition keys name it: the URL without its scheme. */
export function issuerName(url: string): string {
  return url.slice(url.indexOf('://') + 3);
}

/** Source: IAM User Guide, "IAM and AWS STS quotas". */
const LIMITS = { providers: 100, clientIds: 100, thumbprints: 5 } as const;

/** account, issuer without its scheme */
const providers = table<OidcProvider>('oidc-provider');

/** OpenID Connect providers. Everything that takes an ARN throws `NoSuchEntity` where the account has none of it. */
export class OidcProviders {
  readonly #db: Database;
  readonly #clock: Clock;

  readonly #reachable: Reachable;

  constructor(db: Database, clock: Clock, reachable: Reachable) {
    this.#db = db;
    this.#clock = clock;
    this.#reachable = reachable;
  }

  /** Answers with the ARN. Throws `InvalidInput`, `EntityAlreadyExists`, `LimitExceeded`. */
  async create(home: Account, input: NewOidcProvider): Promise<string> {
    checkIssuer(input.url, this.#reachable);
    const clientIds = checkClientIds(input.clientIds);
    const thumbprints = checkThumbprints(input.thumbprints);
    const name = issuerName(input.url);
    await this.#db.transact(home.id, async transaction => {
      if ((await transaction.get(providers, home.id, name)) !== undefined) {
        throw errors.EntityAlreadyExists(`Provider with url ${input.url} already exists.`);
      }
      const held = await transaction.list(providers, [home.id], LIMITS.providers);
      if (held.length >= LIMITS.providers) {
        throw overQuota('OpenIdConnectProvidersPerAccount', LIMITS.providers);
      }
      const tags = mergeTags([], input.tags, 'TagsPerOpenIDConnectProvider');
      const created = this.#clock.now();
      transaction.put(providers, [home.id, name], { url: input.url, clientIds, thumbprints, created, tags });
    });
    return providerArn('oidc-provider', home, name);
  }

  /** The provider whose tokens say `issuer`. */
  async ofIssuer(account: string, issuer: string): Promise<OidcProvider | undefined> {
    const name = issuerName(issuer);
    if (!isProviderName(name)) return undefined;
    const provider = await this.#db.get(providers, account, name);
    return provider?.url === issuer ? provider : undefined;
  }

  async find(home: Account, arn: string): Promise<OidcProvider | undefined> {
    const name = providerNameOf('oidc-provider', home, arn);
    return name === undefined ? undefined : await this.#db.get(providers, home.id, name);
  }

  async get(home: Account, arn: string): Promise<OidcProvider> {
    return this.demand(await this.find(home, arn), arn);
  }

  /** What was found by that name. Throws `NoSuchEntity` where nothing was. */
  demand(provider: OidcProvider | undefined, arn: string): OidcProvider {
    if (provider === undefined) throw notFound(arn);
    return provider;
  }

  /** In the order of their names. */
  async list(account: string): Promise<OidcProvider[]> {
    return (await this.#db.list(providers, [account])).map(row => row.value);
  }

  /** Deleting what is not there succeeds (IAM API Reference, DeleteOpenIDConnectProvider: it is idempotent). */
  async delete(home: Account, arn: string): Promise<void> {
    const name = providerNameOf('oidc-provider', home, arn);
    if (name === undefined) throw notFound(arn);
    await this.#db.transact(home.id, async transaction => transaction.delete(providers, home.id, name));
  }

  /** Throws `LimitExceeded`. A client id that is there already stays as it is. */
  async addClientId(home: Account, arn: string, clientId: string): Promise<void> {
    await this.#change(home, arn, provider => ({
      ...provider,
      clientIds: checkClientIds([...provider.clientIds.filter(id => id !== clientId), clientId]),
    }));
  }

  async removeClientId(home: Account, arn: string, clientId: string): Promise<void> {
    await this.#change(home, arn, provider => ({
      ...provider,
      clientIds: provider.clientIds.filter(id => id !== clientId),
    }));
  }

  /** Throws `InvalidInput`, `LimitExceeded`. */
  async setThumbprints(home: Account, arn: string, given: readonly string[]): Promise<void> {
    const thumbprints = checkThumbprints(given);
    await this.#change(home, arn, provider => ({ ...provider, thumbprints }));
  }

  async tag(home: Account, arn: string, tags: Tags): Promise<void> {
    await this.#change(home, arn, provider => ({
      ...provider,
      tags: mergeTags(provider.tags, tags, 'TagsPerOpenIDConnectProvider'),
    }));
  }

  async untag(home: Account, arn: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, arn, provider => ({ ...provider, tags: withoutTags(provider.tags, keys) }));
  }

  async #change(home: Account, arn: string, change: (provider: OidcProvider) => OidcProvider): Promise<void> {
    const name = providerNameOf('oidc-provider', home, arn);
    if (name === undefined) throw notFound(arn);
    await this.#db.transact(home.id, async (transaction: Transaction) => {
      const provider = await transaction.get(providers, home.id, name);
      if (provider === undefined) throw notFound(arn);
      transaction.put(providers, [home.id, name], change(provider));
    });
  }
}

function notFound(arn: string) {
  return errors.NoSuchEntity(`OpenIDConnect Provider not found for arn ${arn}`);
}

/**
 * Throws `InvalidInput` for what is no issuer: https (http on this machine alone), a host that may be asked, no query,
 * no fragment.
 */
function checkIssuer(text: string, reachable: Reachable): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const secure = url !== undefined && reachable.mayAsk(url);
  const plain = url !== undefined && url.username === '' && url.password === '' && !/[?#\s]/.test(text);
  if (!secure || !plain) throw errors.InvalidInput('Invalid Open ID Connect Provider URL');
}

function checkClientIds(clientIds: readonly string[]): readonly string[] {
  const unique = [...new Set(clientIds)];
  if (unique.length > LIMITS.clientIds) {
    throw overQuota('ClientIdsPerOpenIdConnectProvider', LIMITS.clientIds);
  }
  return unique;
}

function checkThumbprints(thumbprints: readonly string[]): readonly string[] {
  if (thumbprints.some(print => !/^[0-9A-Fa-f]{40}$/.test(print))) {
    throw errors.InvalidInput('Thumbprint list contains invalid thumbprint');
  }
  if (thumbprints.length > LIMITS.thumbprints) {
    throw errors.InvalidInput(`Thumbprint list must contain fewer than ${LIMITS.thumbprints + 1} entries.`);
  }
  return thumbprints.map(print => print.toLowerCase());
}
