import type {
  DisableKeyRotationRequest,
  EnableKeyRotationRequest,
  GetKeyRotationStatusRequest,
  GetKeyRotationStatusResponse,
  ListKeyRotationsRequest,
  ListKeyRotationsResponse,
  RotateKeyOnDemandRequest,
  RotateKeyOnDemandResponse,
  RotationsListEntry,
} from '@aws-sdk/client-kms';
import { DAY_MS } from '../../core/time.js';
import { errors } from '../../kms/errors.js';
import { demandUsable, isPrimary, stateOf } from '../../kms/key-states.js';
import { DEFAULT_ROTATION_PERIOD } from '../../kms/keys.js';
import { type KeyRecord, keyArn, type Material } from '../../kms/records.js';
import { keyOperation } from './access.js';
import { page, pageLimit, readMarker } from './pages.js';
import { demandCustomerManaged, demandOrigin } from './usage.js';

/** RotateKeyOnDemand calls per key (KMS Developer Guide, "Perform on-demand key rotation"). */
const MAX_ON_DEMAND = 25;

/** Throws unless the key is one that rotates: a symmetric encryption key. */
function demandSymmetric({ spec, ...key }: KeyRecord): void {
  if (spec === 'SYMMETRIC_DEFAULT') return;
  throw errors.UnsupportedOperationException(
    `${keyArn(key)} key spec is ${spec} which is not valid for this operation.`,
  );
}

function demandPrimary(key: KeyRecord): void {
  if (isPrimary(key)) return;
  throw errors.UnsupportedOperationException(
    `${keyArn(key)} is a multi-Region replica key: rotate its primary key.`,
  );
}

function checkSetting(key: KeyRecord): void {
  demandCustomerManaged(key);
  demandSymmetric(key);
  demandOrigin(key, 'AWS_KMS');
  demandPrimary(key);
  demandUsable(key);
}

export const EnableKeyRotation = keyOperation<EnableKeyRotationRequest, object>({
  context: input => ({
    'kms:RotationPeriodInDays': String(input.RotationPeriodInDays ?? DEFAULT_ROTATION_PERIOD),
  }),
  check: checkSetting,
  async run(key, input, call, kms) {
    await kms.keys.update(key, async (now, transaction) => {
      checkSetting(now);
      const period = input.RotationPeriodInDays ?? now.rotation?.period ?? DEFAULT_ROTATION_PERIOD;
      // Enabling again without another period changes nothing.
      if (now.rotation?.period === period) return now;
      const after = { ...now, rotation: { period, next: call.clock.now() + period * DAY_MS } };
      await kms.keys.saveReplicas(transaction, after);
      return after;
    });
    return {};
  },
});

export const DisableKeyRotation = keyOperation<DisableKeyRotationRequest, object>({
  check: checkSetting,
  async run(key, _input, _call, kms) {
    await kms.keys.update(key, async (now, transaction) => {
      checkSetting(now);
      const after = { ...now, rotation: undefined };
      await kms.keys.saveReplicas(transaction, after);
      return after;
    });
    return {};
  },
});

/**
 * Keys that do not rotate, and keys that wait for their deletion, answer false (KMS API Reference,
 * GetKeyRotationStatus).
 */
export const GetKeyRotationStatus = keyOperation<GetKeyRotationStatusRequest, GetKeyRotationStatusResponse>({
  crossAccount: true,
  async run(key) {
    const ends = ['PendingDeletion', 'PendingReplicaDeletion'].includes(stateOf(key));
    const rotation = ends ? undefined : key.rotation;
    return {
      KeyId: keyArn(key),
      KeyRotationEnabled: rotation !== undefined,
      ...(rotation && {
        RotationPeriodInDays: rotation.period,
        NextRotationDate: new Date(rotation.next),
      }),
    };
  },
});

/** The material that waits to become the current one of a key whose material is imported. */
const pendingOf = ({ materials }: KeyRecord) => materials.find(({ pending }) => pending);

function checkOnDemand(key: KeyRecord): void {
  demandCustomerManaged(key);
  demandUsable(key);
  if (key.spec !== 'SYMMETRIC_DEFAULT') throw errors.UnsupportedOperationException('');
  demandPrimary(key);
  if (key.origin === 'EXTERNAL' && !pendingOf(key)) {
    throw errors.KMSInvalidStateException(
      `No available key material pending rotation for the key: ${keyArn(key)}.`,
    );
  }
  if (key.onDemandRotations >= MAX_ON_DEMAND) {
    throw errors.LimitExceededException(
      `The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${keyArn(key)}`,
    );
  }
}

/** The new material is in force when this answers. */
export const RotateKeyOnDemand = keyOperation<RotateKeyOnDemandRequest, RotateKeyOnDemandResponse>({
  check: checkOnDemand,
  async run(key, _input, call, kms) {
    const rotation = { type: 'ON_DEMAND', time: call.clock.now() } as const;
    await kms.keys.update(key, async (now, transaction) => {
      checkOnDemand(now);
      const counted = { ...now, onDemandRotations: now.onDemandRotations + 1 };
      return now.origin === 'EXTERNAL'
        ? rotateToImported(counted, rotation)
        : await kms.keys.rotate(transaction, counted, rotation);
    });
    return { KeyId: keyArn(key) };
  },
});

function rotateToImported(key: KeyRecord, rotation: NonNullable<Material['rotation']>): KeyRecord {
  const next = pendingOf(key)!;
  const materials = key.materials.map(material =>
    material === next ? { ...material, pending: undefined, rotation } : material,
  );
  return { ...key, materials, current: next.id };
}

/** Completed rotations, oldest first; with `ALL_KEY_MATERIAL` also the first material and what waits. */
export const ListKeyRotations = keyOperation<ListKeyRotationsRequest, ListKeyRotationsResponse>({
  check: demandSymmetric,
  async run(key, input) {
    const limit = pageLimit(input, 100, 1000);
    const after = Number(readMarker(input)?.[0] ?? 0);
    const all = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL';
    const entries = key.materials
      .map((material, index) => ({ material, index: index + 1 }))
      .filter(({ material, index }) => index > after && (all || material.rotation))
      .slice(0, limit);
    const { items, output } = page(entries, limit, ({ index }) => [String(index)]);
    return { ...output, Rotations: items.map(({ material }) => rotationEntry(key, material)) };
  },
});

function rotationEntry(key: KeyRecord, material: Material): RotationsListEntry {
  const { id, rotation, pending } = material;
  const used = id === key.current ? 'CURRENT' : 'NON_CURRENT';
  return {
    KeyId: keyArn(key),
    KeyMaterialId: id,
    KeyMaterialState: pending ? 'PENDING_ROTATION' : used,
    ...(rotation && { RotationDate: new Date(rotation.time), RotationType: rotation.type }),
    ...(key.origin === 'EXTERNAL' && importEntry(material)),
  };
}

function importEntry({ wrapped, expires, description }: Material): Partial<RotationsListEntry> {
  return {
    ImportState: wrapped ? 'IMPORTED' : 'PENDING_IMPORT',
    ...(description !== undefined && { KeyMaterialDescription: description }),
    ...(wrapped && {
      ExpirationModel: expires === undefined ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES',
    }),
    ...(wrapped && expires !== undefined && { ValidTo: new Date(expires) }),
  };
}
