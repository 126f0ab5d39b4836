import type { DecryptRequest, DecryptResponse } from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import { keyArn } from '../../kms/records.js';
import { encryptionContextKeys, keyRequirement, kmsOperation } from './access.js';
import {
  type CiphertextTarget,
  checkCiphertext,
  demandCiphertextKey,
  findCiphertextKey,
  openCiphertext,
} from './ciphertext-target.js';
import { demandBlob, pairsOf, refuseRecipient } from './usage.js';

export const Decrypt = kmsOperation<DecryptRequest, DecryptResponse, CiphertextTarget>({
  async resolve(input, call, { kms }) {
    const context = pairsOf(input.EncryptionContext);
    const found = await findCiphertextKey(kms, call, {
      blob: demandBlob(input),
      keyId: input.KeyId,
      algorithm: input.EncryptionAlgorithm,
      context,
    });
    const requirement = await keyRequirement(kms, call, found.target, {
      action: call.action,
      crossAccount: true,
      context: {
        'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
        ...encryptionContextKeys(context),
      },
      grant: { operation: 'Decrypt', encryptionContext: context },
    });
    return { requires: [requirement], subject: found };
  },
  async run(found, input, _call, { kms }) {
    const key = demandCiphertextKey(found);
    const algorithm = checkCiphertext(key, found, 'Decrypt');
    refuseRecipient(input);
    if (input.DryRun) throw errors.DryRunOperationException();
    const { plaintext, material } = await openCiphertext(kms, key, found);
    return {
      KeyId: keyArn(key),
      Plaintext: plaintext,
      EncryptionAlgorithm: algorithm,
      ...(algorithm === 'SYMMETRIC_DEFAULT' && { KeyMaterialId: material.id }),
    };
  },
});
