import type { Account, AccountRegions } from '../../core/caller.js';
import { ApiError } from '../../core/errors.js';
import type { Database } from '../../store/tables.js';
import { errors } from '../errors.js';
import { tables } from '../model.js';
import { type KnownRegion, knownRegion, regionsOf } from './regions-known.js';

const NONE: AccountRegions = { enabled: [], withoutSts: [] };

/** A region as an account has it. */
export interface RegionView {
  readonly name: string;
  readonly status: 'ENABLED_BY_DEFAULT' | 'ENABLED' | 'DISABLED';
  /** Whether STS hands out credentials of the account there. */
  readonly stsActive: boolean;
  /** Whether STS can be switched there. */
  readonly stsSwitchable: boolean;
}

/**
 * Whether an account's credentials are accepted in a region: not in another partition's, and in an opt-in region
 * once it is enabled. Source: IAM User Guide, "Manage AWS STS in an AWS Region".
 */
export function acceptsCredentials(account: Account, region: string): boolean {
  const known = knownRegion(region);
  if (known === undefined) return true;
  return known.partition === account.partition && isEnabled(account, known);
}

/**
 * Throws `RegionDisabledException` where STS hands out no credentials of the account in that region. It is the
 * account whose credentials they are that must be active, not the caller's (the same page).
 */
export function demandActiveSts(account: Account, region: string): void {
  const known = knownRegion(region);
  if (known === undefined || isActive(account, known)) return;
  throw new ApiError(
    'RegionDisabledException',
    403,
    `STS is not activated in this region for account:${account.id}. Your account administrator can activate STS in this region using the IAM Console.`,
    {
      reason: `karikagi regions: STS of account ${account.id} is off in ${region}, or the region is`,
      owner: account.id,
      advice: `Call STS in another region, or let an administrator of account ${account.id} switch it on: karikagi regions sts on ${region} (an opt-in region is enabled first: karikagi regions enable ${region}).`,
    },
  );
}

/** The regions of accounts: which are enabled, and where STS is active. */
export class Regions {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Every region of the account's partition, in the order of names. */
  async list(id: string): Promise<RegionView[]> {
    const account = await this.#db.get(tables.accounts, id);
    return account === undefined ? [] : regionsOf(account.partition).map(region => viewOf(account, region));
  }

  /** Enables an opt-in region, where STS is then active. Throws `ValidationError` for any other region. */
  async enable(id: string, name: string): Promise<RegionView> {
    return await this.#change(id, name, (regions, region) => {
      demandOptIn(region);
      return { ...regions, enabled: [...regions.enabled.filter(other => other !== name), name] };
    });
  }

  /** Disables an opt-in region: credentials are no longer accepted there. Throws `ValidationError`. */
  async disable(id: string, name: string): Promise<RegionView> {
    return await this.#change(id, name, (regions, region) => {
      demandOptIn(region);
      return { ...regions, enabled: regions.enabled.filter(other => other !== name) };
    });
  }

  /**
   * Switches STS in a region that is enabled by default. Throws `ValidationError` for opt-in regions, where STS is
   * always active, and for the region of the global endpoint.
   */
  async setSts(id: string, name: string, active: boolean): Promise<RegionView> {
    return await this.#change(id, name, (regions, region) => {
      if (region.optIn) throw refusal(`STS is always active in ${name} while the region is enabled.`);
      if (region.global && !active) {
        throw refusal(`STS cannot be deactivated in ${name}, which serves the global endpoint.`);
      }
      const others = regions.withoutSts.filter(other => other !== name);
      return { ...regions, withoutSts: active ? others : [...others, name] };
    });
  }

  /**
   * Sets the version of tokens that the global endpoint hands out (IAM API Reference,
   * SetSecurityTokenServicePreferences).
   */
  async setGlobalTokenVersion(id: string, globalTokenVersion: 1 | 2): Promise<void> {
    await this.#update(id, regions => ({ ...regions, globalTokenVersion }));
  }

  /** An account begins with the opt-in regions that another one, or the server, has. */
  async begin(id: string, names: readonly string[]): Promise<void> {
    const enabled = names.filter(name => knownRegion(name)?.optIn);
    if (enabled.length === 0) return;
    await this.#update(id, regions => ({
      ...regions,
      enabled: [...new Set([...regions.enabled, ...enabled])],
    }));
  }

  async #change(
    id: string,
    name: string,
    change: (regions: AccountRegions, region: KnownRegion) => AccountRegions,
  ): Promise<RegionView> {
    const account = await this.#db.get(tables.accounts, id);
    const region = knownRegion(name);
    if (account === undefined || region?.partition !== account.partition) {
      throw refusal(`There is no region ${name} in the partition of account ${id}.`);
    }
    const regions = await this.#update(id, before => change(before, region));
    return viewOf({ ...account, regions }, region);
  }

  async #update(id: string, change: (regions: AccountRegions) => AccountRegions): Promise<AccountRegions> {
    return await this.#db.transact('accounts', async transaction => {
      const account = await transaction.get(tables.accounts, id);
      if (account === undefined) throw errors.NoSuchEntity(`The account with id ${id} cannot be found.`);
      const regions = change(account.regions ?? NONE);
      transaction.put(tables.accounts, [id], { ...account, regions });
      return regions;
    });
  }
}

function isEnabled({ regions = NONE }: Account, { name, optIn }: KnownRegion): boolean {
  return !optIn || regions.enabled.includes(name);
}

function isActive(account: Account, region: KnownRegion): boolean {
  const { withoutSts } = account.regions ?? NONE;
  return (
    region.partition === account.partition && isEnabled(account, region) && !withoutSts.includes(region.name)
  );
}

function viewOf(account: Account, region: KnownRegion): RegionView {
  const enabled = isEnabled(account, region);
  return {
    name: region.name,
    status: region.optIn ? (enabled ? 'ENABLED' : 'DISABLED') : 'ENABLED_BY_DEFAULT',
    stsActive: isActive(account, region),
    stsSwitchable: !region.optIn && !region.global,
  };
}

function demandOptIn({ name, optIn }: KnownRegion): void {
  if (!optIn) throw refusal(`The region ${name} is enabled by default and cannot be changed.`);
}

function refusal(message: string): ApiError {
  return errors.ValidationError(message);
}
