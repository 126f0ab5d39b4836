/** Grants (KMS Developer Guide, "Grants in AWS KMS"): Allows beside the key policy, for one key and principal. */
import { randomBytes } from 'node:crypto';
import type { GrantOperation } from '@aws-sdk/client-kms';
import type { Caller } from '../core/caller.js';
import { Slices } from '../core/slices.js';
import { Unsealable } from '../crypto/sealing.js';
import { at, type Parts, type Row } from '../store/tables.js';
import { errors } from './errors.js';
import { dropGrant, type NewGrant, nameAll, namePlace } from './grant-rows.js';
import type { Keys } from './keys.js';
import { type GrantConstraint, type GrantRecord, type KeyRecord, type Pairs, tables } from './records.js';

/** Grants per key (KMS Developer Guide, "Resource quotas"). */
const MAX_GRANTS = 50_000;
const TOKEN = 'grant token';
/** Grants of one principal that are looked at in one go. */
const LOOKED_AT = 200;

/** What a request must be for a grant to apply to it. */
export interface GrantUse {
  readonly operation: GrantOperation;
  /** The encryption context, for operations that take one (even where it is empty). */
  readonly encryptionContext?: Pairs;
  /** For CreateGrant: the grant to be made, which may not go beyond the one that allows it. */
  readonly child?: {
    readonly operations: readonly GrantOperation[];
    readonly constraint?: GrantConstraint | undefined;
  };
}

/** A grant and where it is. */
export interface PlacedGrant {
  readonly account: string;
  readonly region: string;
  readonly key: string;
  readonly grant: string;
}

/** What a grant token says. */
export interface GrantToken extends PlacedGrant {
  readonly partition: string;
}

export class Grants {
  constructor(readonly keys: Keys) {}

  /**
   * Makes a grant; where it has a name and there is the same one already, answers with that. Throws
   * `LimitExceededException`.
   */
  async create(key: KeyRecord, input: NewGrant): Promise<GrantRecord> {
    const { account, region, id } = key;
    let made: GrantRecord | undefined;
    await this.keys.update(key, async (now, transaction) => {
      const named = input.name === undefined ? undefined : namePlace(now, input);
      if (named && !now.namesGrants) await nameAll(transaction, now);
      const namesGrants = now.namesGrants || named !== undefined;
      const same = named && (await transaction.get(tables.namedGrants, ...named));
      made = same && (await transaction.get(tables.grants, account, region, id, same.id));
      if (made) return { ...now, namesGrants };
      if (now.grants >= MAX_GRANTS) {
        throw errors.LimitExceededException(`A key can have ${MAX_GRANTS} grants.`);
      }
      made = { ...input, id: randomBytes(32).toString('hex'), created: this.keys.clock.now() };
      transaction.put(tables.grants, [account, region, id, made.id], made);
      transaction.put(tables.grantees, [account, region, id, made.grantee, made.id], true);
      if (made.retiring !== undefined)
        transaction.put(tables.retiring, [made.retiring, account, region, id, made.id], true);
      if (named) transaction.put(tables.namedGrants, named, { id: made.id });
      return { ...now, namesGrants, grants: now.grants + 1 };
    });
    return made as GrantRecord;
  }

  async find({ account, region, key, grant }: PlacedGrant): Promise<GrantRecord | undefined> {
    return await this.keys.store.get(tables.grants, account, region, key, grant);
  }

  /** The grants of a key in the order of their ids, behind `after`. */
  async list({ account, region, id }: KeyRecord, limit: number, after?: string): Promise<GrantRecord[]> {
    const prefix = [account, region, id];
    const rows = await this.keys.store.list(tables.grants, prefix, {
      limit,
      after: after === undefined ? undefined : [...prefix, after],
    });
    return rows.map(row => row.value);
  }

  /** The grants in an account and region that a principal (as stored) may retire, behind `after`. */
  async listRetirable(
    retiring: string,
    { account, region }: Pick<KeyRecord, 'account' | 'region'>,
    limit: number,
    after?: readonly string[],
  ): Promise<PlacedGrant[]> {
    const prefix = [retiring, account, region];
    const rows: Row<true>[] = await this.keys.store.list(tables.retiring, prefix, {
      limit,
      after: after && [...prefix, ...after],
    });
    return rows.map(({ parts }) => {
      const [, , , key, grant] = parts as string[];
      return { account, region, key: key!, grant: grant! };
    });
  }

  /** Ends a grant. Throws `NotFoundException` where there is none. */
  async delete(key: KeyRecord, grantId: string): Promise<void> {
    const { account, region, id } = key;
    await this.keys.update(key, async (now, transaction) => {
      const grant = await transaction.get(tables.grants, account, region, id, grantId);
      if (!grant) throw errors.NotFoundException(`Grant ID ${grantId} not found`);
      dropGrant(transaction, key, grant);
      return { ...now, grants: now.grants - 1 };
    });
  }

  /** The grants of a key that let the caller do this. */
  async applying(key: KeyRecord, caller: Caller, use: GrantUse): Promise<GrantRecord[]> {
    if (key.grants === 0) return [];
    const { account, region, id } = key;
    const lists = namesOf(caller).map(name => this.#covering([account, region, id, name], use));
    return (await Promise.all(lists)).flat();
  }

  /** Of the grants of one principal, which may be all that the key can have. */
  async #covering(place: Parts, use: GrantUse): Promise<GrantRecord[]> {
    const { store } = this.keys;
    const slices = new Slices(String(place[0]));
    const found: GrantRecord[] = [];
    let after: Parts | undefined;
    for (;;) {
      const rows = await store.listParts(tables.grantees, place, { after, limit: LOOKED_AT });
      const places = rows.map(parts => at(tables.grants, ...place.slice(0, 3), parts[4]!));
      for (const grant of await store.getMany(...places)) {
        if (grant !== undefined && covers(grant, use)) found.push(grant);
      }
      if (rows.length < LOOKED_AT) return found;
      after = rows.at(-1);
      await slices.pause();
    }
  }

  /** A token that names the grant; each one is different, all of them are good. */
  token({ partition, account, region, id }: KeyRecord, grant: string): string {
    const place: GrantToken = { partition, account, region, key: id, grant };
    return this.keys.keyring.tokens.seal(Buffer.from(JSON.stringify(place)), TOKEN).toString('base64url');
  }

  /** What a token names. Throws `InvalidGrantTokenException` for what is none of ours. */
  readToken(token: string): GrantToken {
    try {
      const content = this.keys.keyring.tokens.open(Buffer.from(token, 'base64url'), TOKEN);
      return JSON.parse(content.toString()) as GrantToken;
    } catch (error) {
      if (error instanceof Unsealable) throw errors.InvalidGrantTokenException();
      throw error;
    }
  }
}

/** The names under which grants may speak of a caller. */
function namesOf({ principal, account }: Caller): string[] {
  const names = [principal.arn, principal.uniqueId, principal.federatingId];
  if (account) names.push(account.id, `arn:${account.partition}:iam::${account.id}:root`);
  return [...new Set(names.filter(name => name !== undefined))];
}

function covers(
  { operations, constraint }: GrantRecord,
  { operation, encryptionContext, child }: GrantUse,
): boolean {
  if (!operations.includes(operation)) return false;
  if (constraint?.sourceArn !== undefined && operation !== 'RetireGrant') return false;
  if (child) {
    return (
      child.operations.every(one => operations.includes(one)) && isAsStrict(child.constraint, constraint)
    );
  }
  return encryptionContext === undefined || meets(encryptionContext, constraint);
}

/** Whether an encryption context keeps to a grant's constraint. */
function meets(context: Pairs, { equals, subset }: GrantConstraint = {}): boolean {
  if (equals && !(equals.length === context.length && includes(context, equals))) return false;
  return subset === undefined || includes(context, subset);
}

/** Whether all that meets the child's constraint meets the parent's. */
function isAsStrict(child: GrantConstraint = {}, parent: GrantConstraint = {}): boolean {
  const { equals, subset } = parent;
  if (equals) return child.equals !== undefined && meets(child.equals, { equals });
  return subset === undefined || includes(child.equals ?? child.subset ?? [], subset);
}

/** Values by case, names without (KMS API Reference, GrantConstraints). */
function includes(context: Pairs, wanted: Pairs): boolean {
  return wanted.every(([name, value]) =>
    context.some(([n, v]) => n.toLowerCase() === name.toLowerCase() && v === value),
  );
}
