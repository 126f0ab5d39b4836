import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import { CountedQuota } from '../core/counted-quota.js';
import { Slices } from '../core/slices.js';
import { DAY_MS } from '../core/time.js';
import type { Database, Parts, Transaction } from '../store/tables.js';
import { errors } from './errors.js';
import { dropGrant } from './grant-rows.js';
import { isPrimary, isRotationDue, nextDue, stateOf, withoutExpired } from './key-states.js';
import { type KmsKeyring, materialId } from './keyring.js';
import { type KeyRecord, keyArn, type Material, tables } from './records.js';
import { generate, generatePair, type PairMaker } from './specs.js';

export type NewKey = Pick<
  KeyRecord,
  | 'partition'
  | 'region'
  | 'account'
  | 'spec'
  | 'usage'
  | 'origin'
  | 'manager'
  | 'description'
  | 'policy'
  | 'tags'
> & {
  readonly multiRegion: boolean;
  /** A name that the key is to have from the start, and that must be free. */
  readonly alias?: string;
  /** Of a copy: the id of the original. A copy has material from the start, whatever its origin. */
  readonly copyOf?: string | undefined;
};

/** Days between the automatic rotations of a key whose owner names no number (KMS API Reference, EnableKeyRotation). */
export const DEFAULT_ROTATION_PERIOD = 365;

/** Where a key is kept. */
type KeyPlace = Pick<KeyRecord, 'account' | 'region' | 'id'>;

/** Which key. */
type KeyIdentity = KeyPlace & Pick<KeyRecord, 'partition'>;

/** Customer managed keys of an account in a Region, in whatever state (KMS Developer Guide, "Resource quotas"). */
const MOST_KEYS = 100_000;
/** Rows read at once where all are counted. */
const COUNTED_AT_ONCE = 500;

/** How many keys one sweep looks at before it asks the store again. */
const SWEEP = 100;

/** Keys and their material. What time alone does to a key is done when the key is next looked at, or by `sweep`. */
export class Keys {
  /** By what was opened, and as what. */
  readonly #lent = new Map<string, { readonly secret: Buffer; borrowers: number }>();
  /** By account and Region. */
  readonly #quota: CountedQuota;

  constructor(
    readonly store: Database,
    readonly keyring: KmsKeyring,
    readonly clock: Clock,
    readonly makePair: PairMaker = generatePair,
    /** Keys of an account in a Region. */
    most = MOST_KEYS,
  ) {
    this.#quota = new CountedQuota({
      most,
      count: place => this.#countKeys(place),
      refusal: () => errors.LimitExceededException(`An account can have ${most} keys in a Region.`),
    });
  }

  /** The key as it is now; `undefined` where there is none, or none any more. */
  async find(account: string, region: string, id: string): Promise<KeyRecord | undefined> {
    const key = await this.store.get(tables.keys, account, region, id);
    if (key === undefined || !isDue(key, this.clock.now())) return key;
    return await this.store.transact(id, transaction => this.#settled(transaction, { account, region, id }));
  }

  /** The key's id that an alias of that account and region stands for. */
  async findAlias(account: string, region: string, name: string): Promise<string | undefined> {
    return (await this.store.get(tables.aliases, account, region, name))?.target;
  }

  /**
   * Makes a key, and material unless that is to be imported. Throws `AlreadyExistsException` where the alias or the id
   * of a copy is taken, `LimitExceededException`.
   */
  create(key: NewKey): Promise<KeyRecord> {
    const { manager, account, region } = key;
    return manager === 'CUSTOMER'
      ? this.withinQuota(account, region, () => this.#create(key))
      : this.#create(key);
  }

  async #create({ multiRegion, alias, copyOf, ...input }: NewKey): Promise<KeyRecord> {
    const id = copyOf ?? (multiRegion ? `mrk-${randomUUID().replaceAll('-', '')}` : randomUUID());
    const now = this.clock.now();
    const isEmpty = input.origin === 'EXTERNAL' && copyOf === undefined;
    const material = isEmpty ? undefined : await this.newMaterial(input, id);
    const managed = input.manager === 'AWS';
    const key: KeyRecord = {
      ...input,
      id,
      created: now,
      aliases: alias === undefined ? [] : [alias],
      grants: 0,
      enabled: true,
      materials: material ? [material] : [],
      current: material?.id,
      onDemandRotations: 0,
      // AWS managed keys rotate every year; that cannot be changed.
      rotation: managed
        ? { period: DEFAULT_ROTATION_PERIOD, next: now + DEFAULT_ROTATION_PERIOD * DAY_MS }
        : undefined,
      related: multiRegion ? { primary: input.region, replicas: [] } : undefined,
    };
    await this.store.transact(id, async transaction => {
      if (copyOf !== undefined && (await transaction.get(tables.keys, key.account, key.region, id)))
        throw errors.AlreadyExistsException(`The key ${id} exists in ${key.region} already.`);
      if (alias !== undefined) await putNewAlias(transaction, key, alias, now);
      this.save(transaction, undefined, key);
    });
    return key;
  }

  /** Makes a customer's key. Throws `LimitExceededException` where the account may have no more in the Region. */
  withinQuota<T>(account: string, region: string, make: () => Promise<T>): Promise<T> {
    return this.#quota.run(`${account}/${region}`, make);
  }

  async #countKeys(place: string): Promise<number> {
    const [account, region] = place.split('/') as [string, string];
    const slices = new Slices(account);
    let count = 0;
    let after: Parts | undefined;
    for (;;) {
      const rows = await this.store.list(tables.keys, [account, region], { after, limit: COUNTED_AT_ONCE });
      count += rows.length;
      if (rows.length < COUNTED_AT_ONCE) return count;
      after = rows.at(-1)!.parts;
      await slices.pause();
    }
  }

  /**
   * Changes a key within one commit. `change` sees the newest state and answers with what it is to be; it may run
   * more than once. Throws what `change` throws, and `NotFoundException` where the key is gone.
   */
  async update(
    which: KeyIdentity,
    change: (key: KeyRecord, transaction: Transaction) => KeyRecord | Promise<KeyRecord>,
  ): Promise<KeyRecord> {
    return await this.store.transact(which.id, async transaction => {
      const before = await this.demand(transaction, which);
      const after = await change(before, transaction);
      this.save(transaction, before, after);
      return after;
    });
  }

  /** The key within a transaction, as it is now. Throws `NotFoundException`. */
  async demand(transaction: Transaction, which: KeyIdentity): Promise<KeyRecord> {
    const key = await this.#settled(transaction, which);
    if (key === undefined) throw errors.NotFoundException(`Key '${keyArn(which)}' does not exist`);
    return key;
  }

  /** Writes a key, or deletes its record where `after` is absent, and remembers when it must be looked at next. */
  save(transaction: Transaction, before: KeyRecord | undefined, after: KeyRecord | undefined): void {
    const { account, region, id } = (after ?? before)!;
    const due = before && nextDue(before);
    const next = after && nextDue(after);
    if (due !== undefined && due !== next) transaction.delete(tables.due, due, account, region, id);
    if (next !== undefined && next !== due) transaction.put(tables.due, [next, account, region, id], true);
    if (after) transaction.put(tables.keys, [account, region, id], after);
    else transaction.delete(tables.keys, account, region, id);
  }

  /** Fresh material for a key, wrapped. */
  async newMaterial({ spec, account }: Pick<KeyRecord, 'spec' | 'account'>, id: string): Promise<Material> {
    const { secret, publicKey } = await generate(spec, account, this.makePair);
    try {
      return this.wrapMaterial(account, id, secret, publicKey);
    } finally {
      secret.fill(0);
    }
  }

  wrapMaterial(account: string, id: string, secret: Uint8Array, publicKey?: Uint8Array): Material {
    const material = materialId(id, secret);
    const wrapped = this.keyring.material.seal(secret, about(account, id, material));
    return { id: material, created: this.clock.now(), wrapped, publicKey };
  }

  /** The material wrapped under the current root key; `undefined` where it already is. Throws `Unsealable`. */
  rewrapped({ account, id }: KeyPlace, material: Material): Buffer | undefined {
    return this.keyring.material.reseal(material.wrapped!, about(account, id, material.id));
  }

  /** Lends the secret of some material of a key; it is wiped when all who work with it at once are done. */
  async withSecret<T>(
    { account, id }: KeyPlace,
    material: Material,
    work: (secret: Buffer) => T | Promise<T>,
  ): Promise<T> {
    const wrapped = material.wrapped!;
    const bound = about(account, id, material.id);
    const name = `${bound} ${Buffer.from(wrapped).toString('latin1')}`;
    let lent = this.#lent.get(name);
    if (!lent) {
      lent = { secret: this.keyring.material.open(wrapped, bound), borrowers: 0 };
      this.#lent.set(name, lent);
    }
    lent.borrowers++;
    try {
      return await work(lent.secret);
    } finally {
      if (--lent.borrowers === 0) {
        this.#lent.delete(name);
        lent.secret.fill(0);
      }
    }
  }

  /** Gives a symmetric key (with its replicas) new material; what the old ones encrypted still opens. */
  async rotate(
    transaction: Transaction,
    key: KeyRecord,
    rotation: NonNullable<Material['rotation']>,
  ): Promise<KeyRecord> {
    const material = { ...(await this.newMaterial(key, key.id)), rotation };
    const after = { ...key, materials: [...key.materials, material], current: material.id };
    await this.saveReplicas(transaction, after);
    return after;
  }

  /** Gives the replicas of a primary key its material and its rotation. */
  async saveReplicas(transaction: Transaction, primary: KeyRecord): Promise<void> {
    const { materials, current, rotation, related } = primary;
    await this.eachRelated(transaction, primary, key => {
      const own = primary.origin === 'EXTERNAL' ? {} : { materials, current };
      return { ...key, ...own, rotation, related };
    });
  }

  /** Changes the keys that are related to a multi-Region key, without it. */
  async eachRelated(
    transaction: Transaction,
    { account, id, region, related }: KeyRecord,
    change: (key: KeyRecord) => KeyRecord,
  ): Promise<void> {
    for (const other of related ? [related.primary, ...related.replicas] : []) {
      if (other === region) continue;
      const before = await transaction.get(tables.keys, account, other, id);
      if (before) this.save(transaction, before, change(before));
    }
  }

  /**
   * Does what time has made due: deletes keys, forgets expired material, rotates. Answers with how many keys it
   * settled.
   */
  async sweep(): Promise<number> {
    let settled = 0;
    const end = [this.clock.now() + 1];
    let after: Parts | undefined;
    for (;;) {
      const rows = await this.store.listUntil(tables.due, end, { after, limit: SWEEP });
      for (const { parts } of rows) {
        const [, account, region, id] = parts as [number, string, string, string];
        await this.store.transact(id, transaction => this.#settled(transaction, { account, region, id }));
      }
      settled += rows.length;
      if (rows.length < SWEEP) return settled;
      after = rows.at(-1)!.parts;
    }
  }

  async #settled(
    transaction: Transaction,
    { account, region, id }: KeyPlace,
  ): Promise<KeyRecord | undefined> {
    const before = await transaction.get(tables.keys, account, region, id);
    const now = this.clock.now();
    if (before === undefined || !isDue(before, now)) return before;
    if (before.deletion !== undefined && before.deletion <= now) {
      await this.#delete(transaction, before, now);
      return undefined;
    }
    let after = withoutExpired(before, now);
    if (isRotationDue(after, now)) after = await this.#rotateOnSchedule(transaction, after, now);
    this.save(transaction, before, after);
    return after;
  }

  /** Rotates once, as on the last date that was due, and keeps to the schedule. */
  async #rotateOnSchedule(transaction: Transaction, key: KeyRecord, now: number): Promise<KeyRecord> {
    const { period, next } = key.rotation!;
    const time = next + Math.floor((now - next) / (period * DAY_MS)) * period * DAY_MS;
    const scheduled = { ...key, rotation: { period, next: time + period * DAY_MS } };
    return await this.rotate(transaction, scheduled, { type: 'AUTOMATIC', time });
  }

  async #delete(transaction: Transaction, key: KeyRecord, now: number): Promise<void> {
    const { account, region, id } = key;
    for (const name of key.aliases) transaction.delete(tables.aliases, account, region, name);
    for (const { value: grant } of await transaction.list(tables.grants, [account, region, id])) {
      dropGrant(transaction, key, grant);
    }
    if (!isPrimary(key)) await this.#leave(transaction, key, now);
    this.save(transaction, key, undefined);
  }

  /** Takes a replica off its related keys; a primary that waited for its last replica starts its own waiting period. */
  async #leave(transaction: Transaction, { region, ...key }: KeyRecord, now: number): Promise<void> {
    const replicas = key.related!.replicas.filter(other => other !== region);
    const related = { primary: key.related!.primary, replicas };
    await this.eachRelated(transaction, { region, ...key }, other => ({
      ...other,
      related,
      ...(stateOf(other) === 'PendingReplicaDeletion' &&
        replicas.length === 0 && { deletion: now + other.deletionWindow! * DAY_MS }),
    }));
  }
}

function isDue(key: KeyRecord, now: number): boolean {
  const due = nextDue(key);
  return due !== undefined && due <= now;
}

/** What wrapped material is bound to. */
export function about(account: string, id: string, material: string): string {
  return `${account}/${id}/${material}`;
}

async function putNewAlias(
  transaction: Transaction,
  { account, region, id, partition }: KeyRecord,
  name: string,
  now: number,
): Promise<void> {
  if (await transaction.get(tables.aliases, account, region, name)) {
    const arn = `arn:${partition}:kms:${region}:${account}:${name}`;
    throw errors.AlreadyExistsException(`An alias with the name ${arn} already exists`);
  }
  transaction.put(tables.aliases, [account, region, name], { target: id, created: now, updated: now });
}
