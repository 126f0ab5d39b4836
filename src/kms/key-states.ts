/** The states of a key and what may be done in each (KMS Developer Guide, "Key states of AWS KMS keys"). */
import type { KeyState } from '@aws-sdk/client-kms';
import { errors } from './errors.js';
import { type KeyRecord, keyArn, type Material } from './records.js';

export type State = Extract<
  KeyState,
  'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingReplicaDeletion' | 'PendingImport'
>;

export function stateOf(key: KeyRecord): State {
  if (key.deletion !== undefined) return 'PendingDeletion';
  if (key.deletionWindow !== undefined) return 'PendingReplicaDeletion';
  if (!hasMaterial(key)) return 'PendingImport';
  return key.enabled ? 'Enabled' : 'Disabled';
}

/** A key whose imported material is missing, any of it, cannot be used until it is imported again. */
function hasMaterial({ current, materials }: KeyRecord): boolean {
  return current !== undefined && materials.every(({ wrapped, pending }) => wrapped || pending);
}

/** Throws unless the key can be used in cryptographic operations. */
export function demandUsable(key: KeyRecord): void {
  demandState(key, 'Enabled');
}

/**
 * Throws what AWS answers where the key is in none of the states: `DisabledException`, and
 * `KMSInvalidStateException` for the others.
 */
export function demandState(key: KeyRecord, ...states: readonly State[]): void {
  const state = stateOf(key);
  if (states.includes(state)) return;
  const arn = keyArn(key);
  switch (state) {
    case 'Disabled':
      throw errors.DisabledException(arn);
    case 'PendingImport':
      throw errors.KMSInvalidStateException(`${arn} is pending import.`);
    case 'PendingDeletion':
      throw errors.KMSInvalidStateException(`${arn} is pending deletion.`);
    case 'PendingReplicaDeletion':
      throw errors.KMSInvalidStateException(`${arn} is pending replica deletion.`);
    case 'Enabled':
      throw errors.KMSInvalidStateException(`${arn} is not pending deletion.`);
  }
}

export function isPrimary({ related, region }: KeyRecord): boolean {
  return related === undefined || related.primary === region;
}

/** The material that encrypts. Only for keys that are usable. */
export function currentMaterial({ current, materials }: KeyRecord): Material {
  return materials.find(({ id }) => id === current) as Material;
}

/** When time alone will change the key next, milliseconds since the epoch: its end, an expiry, a rotation. */
export function nextDue(key: KeyRecord): number | undefined {
  const times = key.materials.flatMap(({ wrapped, expires }) => (wrapped && expires) ?? []);
  if (key.deletion !== undefined) times.push(key.deletion);
  if (rotates(key)) times.push(key.rotation!.next);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * Only keys that are enabled rotate; a rotation that was missed meanwhile is made up for. Replicas follow their
 * primary.
 */
function rotates(key: KeyRecord): boolean {
  return key.rotation !== undefined && isPrimary(key) && stateOf(key) === 'Enabled';
}

export function isRotationDue(key: KeyRecord, now: number): boolean {
  return rotates(key) && key.rotation!.next <= now;
}

/** The key without the imported material that has expired. */
export function withoutExpired(key: KeyRecord, now: number): KeyRecord {
  if (!key.materials.some(material => hasExpired(material, now))) return key;
  const materials = key.materials
    .filter(material => !(material.pending && hasExpired(material, now)))
    .map(material => (hasExpired(material, now) ? { ...material, wrapped: undefined } : material));
  return { ...key, materials };
}

function hasExpired({ wrapped, expires }: Material, now: number): boolean {
  return wrapped !== undefined && expires !== undefined && expires <= now;
}
