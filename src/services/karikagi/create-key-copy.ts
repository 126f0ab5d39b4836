import { ApiError } from '../../core/errors.js';
import type { Operation } from '../../core/operation.js';
import { knownRegion } from '../../identity/accounts/regions-known.js';
import type { Account } from '../../identity/index.js';
import { keyArn } from '../../kms/records.js';
import { conflictOf, demandFirst, invalid, type KarikagiPorts, notFound, onAccount } from './ports.js';

interface CreateKeyCopyInput {
  readonly AccountId: string;
  readonly RegionName: string;
  readonly KeyId: string;
  readonly KeySpec?: string;
  readonly KeyUsage?: string;
  readonly Origin?: string;
  readonly Description?: string;
  readonly KeyManager?: 'AWS' | 'CUSTOMER';
}

/**
 * Makes a KMS key with the id of the key that it is a copy of, so that ARNs mean it. It has material of its own: what
 * the original encrypted it does not decrypt. All else that a key has, KMS's own operations give it. For the first
 * account's administrators alone.
 */
export const CreateKeyCopy: Operation<KarikagiPorts, CreateKeyCopyInput, { KeyArn: string }, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run(home, input, _call, ports) {
    demandFirst(home, ports);
    const { AccountId, RegionName: region, KeySpec, KeyUsage, Origin, Description, KeyManager } = input;
    const account = await ports.identity.account(AccountId);
    if (account === undefined) throw notFound(`Account ${AccountId} does not exist.`);
    const { partition } = account;
    if ((knownRegion(region)?.partition ?? partition) !== partition)
      throw invalid(`${region} is no region of the partition ${partition}.`);
    try {
      const key = await ports.keys.copy(
        { partition, region, account: account.id },
        {
          ...{ id: input.KeyId, manager: KeyManager ?? 'CUSTOMER', description: Description ?? '' },
          ...{ spec: KeySpec ?? 'SYMMETRIC_DEFAULT', usage: KeyUsage ?? 'ENCRYPT_DECRYPT' },
          origin: Origin ?? 'AWS_KMS',
        },
      );
      return { KeyArn: keyArn(key) };
    } catch (error) {
      if (error instanceof ApiError && error.code === 'AlreadyExistsException') throw conflictOf(error);
      throw error;
    }
  },
};
