import type { Caller } from '../core/caller.js';
import type { Clock } from '../core/clock.js';
import type { Kv } from '../store/kv.js';
import { Database, type Owner } from '../store/tables.js';
import { errors } from './errors.js';
import { Grants } from './grants.js';
import { type Home, isKeyId, type KeyName, readKeyName } from './key-names.js';
import { defaultPolicy, managedPolicyOfS3 } from './key-policies.js';
import { KmsKeyring } from './keyring.js';
import { Keys, type NewKey } from './keys.js';
import type { PrincipalMapper } from './principals.js';
import { isMultiRegion, type KeyRecord, type KeyUsage } from './records.js';
import { resealKeys } from './reseal.js';
import { isKeySpec, type PairMaker, specs } from './specs.js';

/** The alias of the AWS managed key for S3: one key for each account and region, made on first use. */
export const S3_ALIAS = 'alias/aws/s3';

export interface KmsOptions {
  readonly kv: Kv;
  /** 32 bytes: all key material is wrapped under it. */
  readonly rootKey: Uint8Array;
  /** Root keys that were replaced: what they wrapped still opens. */
  readonly formerRootKeys?: readonly Uint8Array[];
  readonly clock: Clock;
  readonly principals: PrincipalMapper;
  /** Default: `generatePair`. */
  readonly makePair?: PairMaker;
}

/** A key as a request named it. */
export interface Target {
  /** What was asked for: the key's ARN where it could be found, else the ARN that it would have. */
  readonly arn: string;
  readonly account: string;
  /** Absent where there is no such key. */
  readonly key?: KeyRecord | undefined;
  /** The alias in the request, with its `alias/`. */
  readonly alias?: string | undefined;
}

/** What a copy takes over from a key when it is made. */
interface KeyOriginal {
  readonly id: string;
  readonly manager: 'AWS' | 'CUSTOMER';
  readonly spec: string;
  readonly usage: string;
  readonly origin: string;
  readonly description: string;
}

const owner: Owner = {
  space: 'kms',
  contended: () => errors.KMSInternalException('The key is being changed by too many requests.'),
};

/** The key service: keys, aliases and grants on one store. */
export class Kms {
  readonly keys: Keys;
  readonly grants: Grants;
  readonly principals: PrincipalMapper;

  constructor({ kv, rootKey, formerRootKeys, clock, principals, makePair }: KmsOptions) {
    this.keys = new Keys(new Database(kv, owner), new KmsKeyring(rootKey, formerRootKeys), clock, makePair);
    this.grants = new Grants(this.keys);
    this.principals = principals;
  }

  /**
   * Finds the key that a request names; it may be absent. Throws `NotFoundException` for a name that is none,
   * that is of another region, or, unless `aliases`, that is an alias.
   */
  async target(text: string, home: Home, aliases: boolean): Promise<Target> {
    const name = readKeyName(text, home);
    if (name.kind === 'alias' && !aliases) throw errors.NotFoundException(`Invalid keyId '${text}'`);
    const { account } = name;
    const alias = name.kind === 'alias' ? name.name : undefined;
    const id = alias === undefined ? name.name : await this.#ofAlias(name, home);
    const key = id === undefined ? undefined : await this.keyIn(home, account, id);
    const resource = id === undefined ? name.name : `key/${id}`;
    return { arn: `arn:${home.partition}:kms:${home.region}:${account}:${resource}`, account, key, alias };
  }

  /** A key of an account, in the region and partition of the request: nothing reaches into another partition. */
  async keyIn({ partition, region }: Home, account: string, id: string): Promise<KeyRecord | undefined> {
    const key = await this.keys.find(account, region, id);
    return key?.partition === partition ? key : undefined;
  }

  /** Does what time has made due, for keys without requests. Call it now and then; answers with the number of keys. */
  async sweep(): Promise<number> {
    return await this.keys.sweep();
  }

  /** Wraps all key material under the current root key; resolves with how many keys had some under a former one. */
  async reseal(signal: AbortSignal): Promise<number> {
    return await resealKeys(this.keys, signal);
  }

  async #ofAlias({ account, name }: KeyName, home: Home): Promise<string | undefined> {
    const found = await this.keys.findAlias(account, home.region, name);
    if (found !== undefined || name !== S3_ALIAS || account !== home.account) return found;
    return await this.#managedKey(home);
  }

  async #managedKey(home: Home): Promise<string | undefined> {
    try {
      return (await this.keys.create(managedKeyOfS3(home))).id;
    } catch (error) {
      // Somebody else made it at the same time.
      const id = await this.keys.findAlias(home.account, home.region, S3_ALIAS);
      if (id === undefined) throw error;
      return id;
    }
  }

  /**
   * Makes a copy of a key: it has the original's id, and material of its own. A customer managed one has the default
   * key policy; of AWS managed keys there is the one of S3. Throws `AlreadyExistsException`, `ValidationException`,
   * `UnsupportedOperationException`, `LimitExceededException`.
   */
  async copy(home: Home, original: KeyOriginal): Promise<KeyRecord> {
    const { id, manager, spec, usage, origin, description } = original;
    if (!isKeyId(id)) throw errors.ValidationException(`${id} is no id of a key.`);
    if (manager === 'AWS') return await this.keys.create({ ...managedKeyOfS3(home), copyOf: id });
    if (!isKeySpec(spec) || !specs[spec].usages.includes(usage as KeyUsage))
      throw errors.UnsupportedOperationException(`Keys of ${spec} for ${usage} are not supported.`);
    if (origin !== 'AWS_KMS' && origin !== 'EXTERNAL')
      throw errors.UnsupportedOperationException(`Keys of the origin ${origin} are not supported.`);
    return await this.keys.create({
      ...home,
      ...{ spec, origin, description, usage: usage as KeyUsage, manager: 'CUSTOMER', tags: [], copyOf: id },
      policy: defaultPolicy(home.partition, home.account),
      multiRegion: isMultiRegion(id),
    });
  }
}

function managedKeyOfS3({ partition, region, account }: Home): NewKey {
  return {
    ...{ partition, region, account, spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT' },
    ...{ origin: 'AWS_KMS', manager: 'AWS', tags: [], multiRegion: false, alias: S3_ALIAS },
    description: 'Default key that protects my S3 objects when no other key is defined',
    policy: managedPolicyOfS3(partition, region, account),
  };
}

/** Opens the key service on a store. Throws `RangeError` where a root key is not 32 bytes long. */
export async function openKms(options: KmsOptions): Promise<Kms> {
  return new Kms(options);
}

/**
 * Where the names in a caller's request belong. Throws `MissingAuthenticationTokenException` for an unsigned request.
 */
export function homeOf(caller: Caller, region: string): Home {
  if (!caller.account) throw errors.MissingAuthenticationTokenException();
  return { partition: caller.account.partition, region, account: caller.account.id };
}
