import type { Account } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import { parseArn, policySize } from '../../policy/index.js';
import type { Database, Transaction } from '../../store/tables.js';
import { count } from '../accounts/accounts.js';
import { quotas } from '../accounts/quotas.js';
import { type EntityName, entityArn, parseEntityArn } from '../arn.js';
import { mergeTags, withoutTags } from '../entities/tags.js';
import { newId } from '../entities/unique-id.js';
import { errors, overQuota } from '../errors.js';
import {
  type ManagedPolicy,
  type NamedManagedPolicy,
  type PolicyUsage,
  type PolicyVersion,
  type Tags,
  tables,
} from '../model.js';
import type { Page } from '../page.js';
import { awsManagedPolicies, awsManagedPolicy } from './aws-managed-policies.js';
import { checkDocument } from './policy-documents.js';

const UNUSED: PolicyUsage = { attachments: 0, boundaries: 0 };

export type PolicyUse = 'attached' | 'boundary';

interface NewPolicy {
  readonly name: string;
  readonly path?: string | undefined;
  readonly document: string;
  readonly description?: string | undefined;
  readonly tags?: Tags;
}

/** Customer managed policies, and AWS's own beside them. Accounts see their own and AWS's. */
export class ManagedPolicies {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Throws `EntityAlreadyExists`, `MalformedPolicyDocument`, `LimitExceeded`. */
  async create(home: Account, input: NewPolicy): Promise<NamedManagedPolicy> {
    const { name, path = '/', document, description, tags = [] } = input;
    checkManaged(document, home);
    const created = this.#clock.now();
    return await this.#db.transact(home.id, async transaction => {
      const key = [home.id, name.toLowerCase()];
      if ((await transaction.get(tables.policies, ...key)) !== undefined) {
        throw errors.EntityAlreadyExists(
          `A policy called ${name} already exists. Duplicate names are not allowed.`,
        );
      }
      await count(transaction, home.id, 'policies', 1);
      await nextGeneration(transaction, home);
      const versions = [{ number: 1, document, created }];
      const id = newId('policy', home.id);
      const policy = {
        id,
        name,
        path,
        description,
        created,
        updated: created,
        tags,
        default: 1,
        newest: 1,
        versions,
      };
      transaction.put(tables.policies, key, policy);
      return { arn: entityArn('policy', home, path, name), policy };
    });
  }

  /** The policy of that ARN as `home` sees it; `undefined` where there is none or it is another account's. */
  async find(home: Account, arn: string): Promise<ManagedPolicy | undefined> {
    const name = ownPolicy(home, arn);
    if (name === undefined) return undefined;
    if (name.account === 'aws') return awsManagedPolicy(home.partition, arn);
    const policy = await this.#db.get(tables.policies, home.id, name.name.toLowerCase());
    return policy !== undefined && isNamed(policy, name) ? policy : undefined;
  }

  /** Throws `NoSuchEntity`, `InvalidInput` for what is no policy ARN, `ValidationError` for another partition's. */
  async get(home: Account, arn: string): Promise<ManagedPolicy> {
    return this.demand(await this.find(home, arn), home, arn);
  }

  /** What was found by that ARN. Throws as `get`. */
  demand(policy: ManagedPolicy | undefined, home: Account, arn: string): ManagedPolicy {
    checkPolicyArn(home, arn);
    if (policy === undefined) throw notFound(arn);
    return policy;
  }

  /** The account's own policies, in the order of their names. */
  async list(home: Account, page: Page): Promise<NamedManagedPolicy[]> {
    const after = page.after === undefined ? undefined : [home.id, page.after];
    const rows = await this.#db.list(tables.policies, [home.id], { after, limit: page.limit });
    return rows.map(({ value }) => ({
      arn: entityArn('policy', home, value.path, value.name),
      policy: value,
    }));
  }

  /** AWS's policies, in the order of their names. */
  listAws(home: Account): readonly NamedManagedPolicy[] {
    return awsManagedPolicies(home.partition);
  }

  /** Throws `DeleteConflict` while it is used or has further versions. */
  async delete(home: Account, arn: string): Promise<void> {
    await this.#change(home, arn, async (policy, transaction) => {
      const usage = (await transaction.get(tables.policyUsage, home.id, arn)) ?? UNUSED;
      if (usage.attachments + usage.boundaries > 0) {
        throw errors.DeleteConflict('Cannot delete a policy attached to entities.');
      }
      if (policy.versions.length > 1) {
        throw errors.DeleteConflict(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        );
      }
      transaction.delete(tables.policyUsage, home.id, arn);
      await count(transaction, home.id, 'policies', -1);
      return undefined;
    });
  }

  /** Throws `MalformedPolicyDocument`, and `LimitExceeded` where there are five versions. */
  async createVersion(
    home: Account,
    arn: string,
    document: string,
    asDefault: boolean,
  ): Promise<PolicyVersion> {
    const created = this.#clock.now();
    const policy = await this.#change(home, arn, policy => {
      checkManaged(document, home);
      if (policy.versions.length >= quotas.versionsPerPolicy) {
        throw errors.LimitExceeded(
          `A managed policy can have up to ${quotas.versionsPerPolicy} versions. Before you create a new version, you must delete an existing version.`,
        );
      }
      const number = policy.newest + 1;
      return {
        ...policy,
        newest: number,
        updated: created,
        default: asDefault ? number : policy.default,
        versions: [...policy.versions, { number, document, created }],
      };
    });
    return policy.versions.at(-1)!;
  }

  /** Throws `DeleteConflict` for the default version. */
  async deleteVersion(home: Account, arn: string, version: string): Promise<void> {
    await this.#change(home, arn, policy => {
      const { number } = versionOf(policy, arn, version);
      if (number === policy.default) {
        throw errors.DeleteConflict('Cannot delete the default version of a policy.');
      }
      return { ...policy, versions: policy.versions.filter(other => other.number !== number) };
    });
  }

  async setDefaultVersion(home: Account, arn: string, version: string): Promise<void> {
    const updated = this.#clock.now();
    await this.#change(home, arn, policy => ({
      ...policy,
      updated,
      default: versionOf(policy, arn, version).number,
    }));
  }

  async tag(home: Account, arn: string, tags: Tags): Promise<void> {
    await this.#change(home, arn, policy => ({
      ...policy,
      tags: mergeTags(policy.tags, tags, 'TagsPerPolicy'),
    }));
  }

  async untag(home: Account, arn: string, keys: readonly string[]): Promise<void> {
    await this.#change(home, arn, policy => ({ ...policy, tags: withoutTags(policy.tags, keys) }));
  }

  /** How many entities of the account use the policy. */
  async usage(home: Account, arn: string): Promise<PolicyUsage> {
    return (await this.#db.get(tables.policyUsage, home.id, arn)) ?? UNUSED;
  }

  /** Who in the account uses the policy. */
  async users(home: Account, arn: string): Promise<PolicyUser[]> {
    const rows = await this.#db.list(tables.policyUsers, [home.id, arn]);
    return rows.map(({ parts, value }) => ({
      use: parts[2] as PolicyUse,
      kind: parts[3] as PolicyUser['kind'],
      name: parts[4] as string,
      id: value,
    }));
  }

  /** Stores what `change` makes of the policy, or deletes it where that is nothing. */
  async #change<R extends ManagedPolicy | undefined>(
    home: Account,
    arn: string,
    change: (policy: ManagedPolicy, transaction: Transaction) => R | Promise<R>,
  ): Promise<R> {
    checkPolicyArn(home, arn);
    const name = ownPolicy(home, arn);
    if (name?.account === 'aws') {
      throw errors.AccessDenied(`Policy ${arn} is managed by AWS and cannot be changed.`, {
        advice:
          'Copy its document into a policy of your own (aws iam get-policy-version, create-policy), and attach that.',
      });
    }
    if (name === undefined) throw notFound(arn);
    return await this.#db.transact(home.id, async transaction => {
      const key = [home.id, name.name.toLowerCase()];
      const policy = await transaction.get(tables.policies, ...key);
      if (policy === undefined || !isNamed(policy, name)) throw notFound(arn);
      const changed = await change(policy, transaction);
      await nextGeneration(transaction, home);
      if (changed === undefined) transaction.delete(tables.policies, ...key);
      else transaction.put(tables.policies, key, changed);
      return changed;
    });
  }
}

/** Makes what is cached of the account's policies out of date. */
async function nextGeneration(transaction: Transaction, home: Account): Promise<void> {
  const generation = await transaction.get(tables.policyGenerations, home.id);
  transaction.put(tables.policyGenerations, [home.id], { number: (generation?.number ?? 0) + 1 });
}

/** An entity that uses a policy. */
interface PolicyUser {
  readonly use: PolicyUse;
  readonly kind: 'user' | 'group' | 'role';
  /** Lower case. */
  readonly name: string;
  readonly id: string;
}

export type PolicyHolder = Pick<PolicyUser, 'kind' | 'name' | 'id'>;

/**
 * Throws `InvalidInput` for the ARN of no policy, `ValidationError` for what is no ARN, or one of another partition.
 */
export function checkPolicyArn(home: Account, arn: string): void {
  // Two blanks, as recorded of AWS in LocalStack's snapshots of AttachRolePolicy and AttachUserPolicy.
  if (parseArn(arn) === undefined) throw errors.ValidationError('Invalid ARN:  Could not be parsed!');
  const name = parseEntityArn(arn);
  if (name?.kind !== 'policy') throw errors.InvalidInput(`ARN ${arn} is not valid.`);
  if (name.partition !== home.partition) throw errors.ValidationError('Invalid ARN partition');
}

/** The version of that id (`v2`). Throws `NoSuchEntity`. */
export function versionOf(policy: ManagedPolicy, arn: string, version: string): PolicyVersion {
  const found = policy.versions.find(({ number }) => `v${number}` === version);
  if (found === undefined) {
    throw errors.NoSuchEntity(`Policy ${arn} version ${version} does not exist or is not attachable.`);
  }
  return found;
}

export function defaultVersion(policy: ManagedPolicy): PolicyVersion {
  return policy.versions.find(({ number }) => number === policy.default)!;
}

/**
 * Notes within a transaction that an entity begins to use a policy. Throws `NoSuchEntity`, `InvalidInput`,
 * `ValidationError`.
 */
export async function beginUse(
  transaction: Transaction,
  home: Account,
  arn: string,
  use: PolicyUse,
  holder: PolicyHolder,
): Promise<void> {
  checkPolicyArn(home, arn);
  const name = ownPolicy(home, arn);
  const policy =
    name?.account === 'aws'
      ? awsManagedPolicy(home.partition, arn)
      : name && (await transaction.get(tables.policies, home.id, name.name.toLowerCase()));
  if (name === undefined || policy === undefined || !isNamed(policy, name)) {
    throw errors.NoSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  }
  transaction.put(tables.policyUsers, [home.id, arn, use, holder.kind, holder.name], holder.id);
  await countUse(transaction, home, arn, use, 1);
}

export async function endUse(
  transaction: Transaction,
  home: Account,
  arn: string,
  use: PolicyUse,
  holder: PolicyHolder,
): Promise<void> {
  transaction.delete(tables.policyUsers, home.id, arn, use, holder.kind, holder.name);
  await countUse(transaction, home, arn, use, -1);
}

async function countUse(
  transaction: Transaction,
  home: Account,
  arn: string,
  use: PolicyUse,
  change: number,
) {
  const { attachments, boundaries } = (await transaction.get(tables.policyUsage, home.id, arn)) ?? UNUSED;
  transaction.put(tables.policyUsage, [home.id, arn], {
    attachments: use === 'attached' ? attachments + change : attachments,
    boundaries: use === 'boundary' ? boundaries + change : boundaries,
  });
}

function ownPolicy(home: Account, arn: string): EntityName | undefined {
  const name = parseEntityArn(arn);
  if (name?.kind !== 'policy' || name.partition !== home.partition) return undefined;
  return name.account === home.id || name.account === 'aws' ? name : undefined;
}

/** ARNs are matched by case, though names are unique without it. */
function isNamed(policy: ManagedPolicy, name: EntityName): boolean {
  return policy.name === name.name && policy.path === name.path;
}

function checkManaged(document: string, home: Account): void {
  checkDocument(document, 'identity', { partition: home.partition, managed: true });
  if (policySize(document) > quotas.policySize) throw overQuota('PolicySize', quotas.policySize);
}

function notFound(arn: string) {
  return errors.NoSuchEntity(`Policy ${arn} was not found.`);
}
