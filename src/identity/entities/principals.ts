import {
  invalidPrincipal,
  mapPrincipals,
  type PolicyKind,
  type PrincipalKind,
  parseArn,
  parsePolicy,
  principalsOf,
} from '../../policy/index.js';
import type { Database } from '../../store/tables.js';
import type { Accounts } from '../accounts/accounts.js';
import { entityArn, parseEntityArn } from '../arn.js';
import { tables } from '../model.js';
import { isPrincipalId } from './unique-id.js';

const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;

/**
 * The principals of trust, bucket and key policies. They are stored as unique ids, so that a user or role that
 * was deleted and made again is not trusted by what trusted the old one, and are shown as ARNs; what no longer
 * exists is shown as the bare id. Source: IAM User Guide, "AWS JSON policy elements: Principal".
 */
export class Principals {
  readonly #db: Database;
  readonly #accounts: Accounts;

  constructor(db: Database, accounts: Accounts) {
    this.#db = db;
    this.#accounts = accounts;
  }

  /**
   * The document with its user and role ARNs as unique ids. `partition`: the only one whose principals exist for
   * the policy's owner. Throws `PolicySyntaxError` for a document that does not parse as `kind`, and (`Invalid
   * principal in policy: "AWS":"arn…"`) for principals that do not exist.
   */
  async toStored(document: string, kind: PolicyKind = 'resource', partition?: string): Promise<string> {
    const stored = new Map<string, string>();
    for (const entry of principalsOf(parsePolicy(document, kind))) {
      const { type, word } = entry;
      const value = await this.#resolve(type, word.value, partition);
      if (value === undefined) throw invalidPrincipal(entry);
      stored.set(word.value, value);
    }
    return mapPrincipals(document, (_type, value) => stored.get(value));
  }

  /** The document as its readers know it, with ARNs of what still exists. */
  async toShown(document: string, kind: PolicyKind = 'resource'): Promise<string> {
    const shown = new Map<string, string>();
    for (const { word } of principalsOf(parsePolicy(document, kind))) {
      const arn = isPrincipalId(word.value) ? await this.#arnOf(word.value) : undefined;
      if (arn !== undefined) shown.set(word.value, arn);
    }
    return shown.size === 0 ? document : mapPrincipals(document, (_type, value) => shown.get(value));
  }

  /** The ARNs of those users and roles that exist, by unique id. */
  async arnsOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const arns = await Promise.all(ids.map(async id => [id, await this.#arnOf(id)] as const));
    return new Map(arns.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
  }

  /** `undefined` where the principal does not exist. */
  async #resolve(type: PrincipalKind, value: string, partition?: string): Promise<string | undefined> {
    switch (type) {
      case 'Service':
        return /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(value) ? value : undefined;
      case 'Federated':
        return value;
      case 'CanonicalUser':
        return (await this.#accounts.findByCanonicalId(value)) && value;
    }
    if (value === '*') return value;
    if (isPrincipalId(value)) return (await this.#db.get(tables.ids, value)) && value;
    if (/^\d{12}$/.test(value)) {
      const account = await this.#accounts.find(value);
      const known = account !== undefined && account.partition === (partition ?? account.partition);
      // AWS saves an account's id as its root's ARN (aws-cdk#9334; noobaa-core#10059, compared with S3).
      return known ? `arn:${account.partition}:iam::${value}:root` : undefined;
    }
    const arn = parseArn(value);
    if (arn === undefined || arn.partition !== (partition ?? arn.partition)) return undefined;
    if ((await this.#account(arn.account, value, arn.partition)) === undefined) return undefined;
    if (arn.service === 'iam' && arn.resource === 'root') return value;
    if (arn.service === 'sts') return await this.#session(arn.account, arn.resource, value);
    return await this.#entity(value);
  }

  async #account(id: string, value: string, partition?: string): Promise<string | undefined> {
    const account = await this.#accounts.find(id);
    return account !== undefined && account.partition === (partition ?? account.partition)
      ? value
      : undefined;
  }

  /** A role session is trusted by its ARN, whether it lives or not; its role must exist. */
  async #session(account: string, resource: string, value: string): Promise<string | undefined> {
    const [kind, name = '', session] = resource.split('/');
    if (kind === 'federated-user') return session === undefined && name !== '' ? value : undefined;
    if (kind !== 'assumed-role' || !session || !ROLE_NAME.test(name)) return undefined;
    const role = await this.#db.get(tables.roles, account, name.toLowerCase());
    return role?.name === name ? value : undefined;
  }

  async #entity(arn: string): Promise<string | undefined> {
    const name = parseEntityArn(arn);
    if (name?.kind !== 'user' && name?.kind !== 'role') return undefined;
    const kind = name.kind === 'user' ? tables.users : tables.roles;
    const entity = await this.#db.get<{ id: string; name: string; path: string }>(
      kind,
      name.account,
      name.name.toLowerCase(),
    );
    return entity?.name === name.name && entity.path === name.path ? entity.id : undefined;
  }

  async #arnOf(id: string): Promise<string | undefined> {
    const holder = await this.#db.get(tables.ids, id);
    const account = holder && (await this.#accounts.find(holder.account));
    if (account === undefined) return undefined;
    const { kind, name } = holder!;
    const entity =
      kind === 'user'
        ? await this.#db.get(tables.users, account.id, name)
        : await this.#db.get(tables.roles, account.id, name);
    return entity?.id === id ? entityArn(kind, account, entity.path, entity.name) : undefined;
  }
}
