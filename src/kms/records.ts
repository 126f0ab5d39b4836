/** What KMS keeps, and under which keys of the store. */
import type {
  DataKeyPairSpec,
  GrantOperation,
  KeyUsageType,
  KeySpec as SdkKeySpec,
} from '@aws-sdk/client-kms';
import { table } from '../store/tables.js';

/** The key specs that this server makes; what is missing, docs/kms.md explains. */
export type KeySpec = Exclude<SdkKeySpec, 'SM2' | `ML_${string}`>;
export type PairSpec = Exclude<DataKeyPairSpec, 'SM2' | `ML_${string}`>;
export type KeyUsage = Exclude<KeyUsageType, `${string}ENCAPSULAT${string}`>;

export type Pairs = readonly (readonly [name: string, value: string])[];

/** The secret of a key at one time of its life: a backing key. */
export interface Material {
  /** 64 hexadecimal digits, made of the key's id and the material itself: the same material has the same id. */
  readonly id: string;
  /** Milliseconds since the epoch: when it was made or first imported. */
  readonly created: number;
  /** Wrapped under the root key. Absent where imported material was deleted or has expired. */
  readonly wrapped?: Uint8Array | undefined;
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey?: Uint8Array | undefined;
  /** How it became the current material; absent for the first and for what waits for a rotation. */
  readonly rotation?: { readonly type: 'AUTOMATIC' | 'ON_DEMAND'; readonly time: number } | undefined;
  /** Imported, and not used before RotateKeyOnDemand. */
  readonly pending?: boolean | undefined;
  /** Imported material: when it expires, milliseconds since the epoch. */
  readonly expires?: number | undefined;
  readonly description?: string | undefined;
}

export interface KeyRecord {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** A UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key. */
  readonly id: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly origin: 'AWS_KMS' | 'EXTERNAL';
  readonly manager: 'CUSTOMER' | 'AWS';
  readonly created: number;
  readonly description: string;
  /** The key policy, with unique ids in place of the ARNs of users and roles. */
  readonly policy: string;
  readonly tags: Pairs;
  /** Names (`alias/…`), sorted. */
  readonly aliases: readonly string[];
  /** How many grants there are. */
  readonly grants: number;
  /** Whether those of them that have a name are in `tables.namedGrants`. */
  readonly namesGrants?: boolean | undefined;
  readonly enabled: boolean;
  /** When the waiting period ends after which the key is deleted, milliseconds since the epoch. */
  readonly deletion?: number | undefined;
  /** The waiting period, days; with `deletion` absent, the key waits for its replicas to be deleted first. */
  readonly deletionWindow?: number | undefined;
  /** Oldest first. */
  readonly materials: readonly Material[];
  /** The material that encrypts; absent before anything was imported. */
  readonly current?: string | undefined;
  /** Automatic rotation, where it is on: days, and the next date in milliseconds since the epoch. */
  readonly rotation?: { readonly period: number; readonly next: number } | undefined;
  readonly onDemandRotations: number;
  /** A multi-Region key's related keys; every one of them holds the same. */
  readonly related?: RelatedKeys | undefined;
}

interface RelatedKeys {
  /** Region of the primary key. */
  readonly primary: string;
  /** Regions of the replicas, sorted. */
  readonly replicas: readonly string[];
}

export interface AliasRecord {
  readonly target: string;
  readonly created: number;
  readonly updated: number;
}

export interface GrantConstraint {
  readonly equals?: Pairs | undefined;
  readonly subset?: Pairs | undefined;
  readonly sourceArn?: string | undefined;
}

export interface GrantRecord {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name?: string | undefined;
  readonly created: number;
  /** As stored policies name principals: a unique id for a user or role. */
  readonly grantee: string;
  readonly retiring?: string | undefined;
  readonly granteeService?: string | undefined;
  readonly retiringService?: string | undefined;
  readonly issuer: string;
  readonly operations: readonly GrantOperation[];
  readonly constraint?: GrantConstraint | undefined;
}

export const tables = {
  /** account, region, key id. */
  keys: table<KeyRecord>('key'),
  /** account, region, alias name. */
  aliases: table<AliasRecord>('alias'),
  /** account, region, key id, grant id. */
  grants: table<GrantRecord>('grant'),
  /** account of the key, region, key id, grantee, grant id. */
  grantees: table<true>('grantee'),
  /** account, region, key id, digest of all that makes two grants of a name the same. */
  namedGrants: table<{ readonly id: string }>('named-grant'),
  /** retiring principal, account of the key, region, key id, grant id. */
  retiring: table<true>('retiring'),
  /** due time, account, region, key id: when a key must be looked at. */
  due: table<true>('due'),
} as const;

export function keyArn(key: Pick<KeyRecord, 'partition' | 'region' | 'account' | 'id'>): string {
  return `arn:${key.partition}:kms:${key.region}:${key.account}:key/${key.id}`;
}

export function isMultiRegion(id: string): boolean {
  return id.startsWith('mrk-');
}
