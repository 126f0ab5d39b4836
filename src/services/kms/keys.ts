import type {
  CancelKeyDeletionRequest,
  CancelKeyDeletionResponse,
  DescribeKeyRequest,
  DescribeKeyResponse,
  DisableKeyRequest,
  EnableKeyRequest,
  ListKeysRequest,
  ListKeysResponse,
  ScheduleKeyDeletionRequest,
  ScheduleKeyDeletionResponse,
  UpdateKeyDescriptionRequest,
} from '@aws-sdk/client-kms';
import { DAY_MS } from '../../core/time.js';
import { errors } from '../../kms/errors.js';
import { demandState, isPrimary, stateOf } from '../../kms/key-states.js';
import { type KeyRecord, keyArn, tables } from '../../kms/records.js';
import { accountOperation, keyOperation } from './access.js';
import { keyMetadata } from './key-metadata.js';
import { page, pageLimit, readMarker } from './pages.js';
import { demandCustomerManaged } from './usage.js';

/** Days that a key waits to be deleted (KMS API Reference, ScheduleKeyDeletion). */
const USUAL_WINDOW = 30;
const SHORTEST_WINDOW = 7;

export const DescribeKey = keyOperation<DescribeKeyRequest, DescribeKeyResponse>({
  aliases: true,
  crossAccount: true,
  grant: 'DescribeKey',
  run: async key => ({ KeyMetadata: keyMetadata(key) }),
});

export const ListKeys = accountOperation<ListKeysRequest, ListKeysResponse>(
  async ({ account, region }, input, _call, kms) => {
    const limit = pageLimit(input, 100, 1000);
    const after = readMarker(input);
    const prefix = [account, region];
    const rows = await kms.keys.store.list(tables.keys, prefix, {
      limit,
      after: after && [...prefix, ...after],
    });
    const { items, output } = page(rows, limit, ({ value }) => [value.id]);
    return { ...output, Keys: items.map(({ value }) => ({ KeyId: value.id, KeyArn: keyArn(value) })) };
  },
);

function checkSwitch(key: KeyRecord): void {
  demandCustomerManaged(key);
  demandState(key, 'Enabled', 'Disabled');
}

export const EnableKey = keyOperation<EnableKeyRequest, object>({
  check: checkSwitch,
  async run(key, _input, _call, kms) {
    await kms.keys.update(key, now => {
      checkSwitch(now);
      return { ...now, enabled: true };
    });
    return {};
  },
});

export const DisableKey = keyOperation<DisableKeyRequest, object>({
  check: checkSwitch,
  async run(key, _input, _call, kms) {
    await kms.keys.update(key, now => {
      checkSwitch(now);
      return { ...now, enabled: false };
    });
    return {};
  },
});

function checkDescription(key: KeyRecord): void {
  demandCustomerManaged(key);
  demandState(key, 'Enabled', 'Disabled', 'PendingImport');
}

export const UpdateKeyDescription = keyOperation<UpdateKeyDescriptionRequest, object>({
  check: checkDescription,
  async run(key, input, _call, kms) {
    await kms.keys.update(key, now => {
      checkDescription(now);
      return { ...now, description: input.Description! };
    });
    return {};
  },
});

function deletionWindow({ PendingWindowInDays: days = USUAL_WINDOW }: ScheduleKeyDeletionRequest): number {
  if (days >= SHORTEST_WINDOW && days <= USUAL_WINDOW) return days;
  throw errors.ValidationException(
    `PendingWindowInDays must be between ${SHORTEST_WINDOW} and ${USUAL_WINDOW}`,
  );
}

/** A multi-Region primary key waits, in the state PendingReplicaDeletion, until its last replica is deleted. */
export const ScheduleKeyDeletion = keyOperation<ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse>({
  context: input => ({ 'kms:ScheduleKeyDeletionPendingWindowInDays': String(deletionWindow(input)) }),
  check: checkDescription,
  async run(key, input, call, kms) {
    const days = deletionWindow(input);
    const after = await kms.keys.update(key, now => {
      checkDescription(now);
      const waits = now.related && isPrimary(now) && now.related.replicas.length > 0;
      const deletion = waits ? undefined : call.clock.now() + days * DAY_MS;
      return { ...now, enabled: false, deletionWindow: days, deletion };
    });
    return {
      KeyId: keyArn(key),
      KeyState: stateOf(after),
      PendingWindowInDays: days,
      ...(after.deletion !== undefined && { DeletionDate: new Date(after.deletion) }),
    };
  },
});

function checkCancel(key: KeyRecord): void {
  demandCustomerManaged(key);
  if (key.deletionWindow === undefined) {
    throw errors.KMSInvalidStateException(`${keyArn(key)} is not pending deletion.`);
  }
}

/** The key is disabled afterwards. */
export const CancelKeyDeletion = keyOperation<CancelKeyDeletionRequest, CancelKeyDeletionResponse>({
  check: checkCancel,
  async run(key, _input, _call, kms) {
    await kms.keys.update(key, now => {
      checkCancel(now);
      return { ...now, deletion: undefined, deletionWindow: undefined };
    });
    return { KeyId: keyArn(key) };
  },
});
