/** What a change of an object's versions begins with, and what it comes to. */
import type { Check, Key, ValueDamaged, Version, Write } from '../../store/kv.js';
import { checkOf } from '../buckets/buckets.js';
import {
  type Bucket,
  type KeyState,
  keyStateKey,
  type ObjectRecord,
  objectKey,
  type VersionRecord,
} from '../records.js';
import { sequenceOf } from './version-id.js';

/** A key's current version and its place among the versions, as stored. */
export interface Current {
  readonly object: ObjectRecord | undefined;
  readonly objectVersion: Version | undefined;
  /** Only in buckets that have had versioning enabled. */
  readonly state: KeyState | undefined;
  readonly stateVersion: Version | undefined;
  /** In place of `object`, where its record is damaged. */
  readonly lost?: LostVersion | undefined;
}

/** What is known of a version whose record is damaged. */
export interface LostVersion {
  readonly key: Key;
  readonly stored: Version | undefined;
  /** Absent for a null version from before versioning. */
  readonly id: string | undefined;
  readonly isNull: boolean;
  readonly damage: ValueDamaged;
}

/** What one change writes, and what it makes garbage. */
export class Change {
  readonly checks: Check[];
  readonly writes: Write[] = [];
  readonly garbage: string[] = [];
  /** Whether it has an event. */
  announced = false;
  /** Whether it has copies to be made. */
  copied = false;

  constructor(bucket: Bucket, key: string, current: Current) {
    this.checks = [checkOf(bucket), { key: objectKey(bucket.id, key), version: current.objectVersion }];
    if (bucket.versioning)
      this.checks.push({ key: keyStateKey(bucket.id, key), version: current.stateVersion });
  }

  put(key: Write['key'], value: Uint8Array | undefined): void {
    this.writes.push({ key, value });
  }
}

/** A version, and where it is stored. */
export interface Located {
  readonly key: Write['key'];
  readonly record: VersionRecord;
  readonly stored: Version;
}

/** What clients know a version by. */
export type Shown = Pick<LostVersion, 'id' | 'isNull'>;

/** The id of a version that has one for clients. */
export function shownId({ id, isNull }: Shown): string | undefined {
  return isNull ? undefined : id;
}

/** What clients call a version. */
export function clientId({ id, isNull }: { readonly id: string; readonly isNull: boolean }): string {
  return isNull ? 'null' : id;
}

/** The sequence of the newest version of a key that has one; 0 where nothing says it. */
export function newestOf({ object, state }: Current): number {
  const latest = state?.latest ?? object?.id;
  return latest === undefined ? 0 : sequenceOf(latest);
}

/** Whether clients know the version under this id. */
export function isCalled(version: Shown, id: string): boolean {
  return id === 'null' ? version.isNull : version.id === id && !version.isNull;
}
