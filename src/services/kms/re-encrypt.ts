import type { ReEncryptRequest, ReEncryptResponse } from '@aws-sdk/client-kms';
import { encrypt } from '../../kms/encryption.js';
import { errors } from '../../kms/errors.js';
import { homeOf, type Target } from '../../kms/kms.js';
import { keyArn } from '../../kms/records.js';
import { demandKey, encryptionContextKeys, keyRequirement, kmsOperation } from './access.js';
import {
  type CiphertextTarget,
  checkCiphertext,
  demandCiphertextKey,
  findCiphertextKey,
  openCiphertext,
} from './ciphertext-target.js';
import { demandBlob, encryptionAlgorithm, pairsOf } from './usage.js';

interface Use {
  readonly source: CiphertextTarget;
  readonly destination: Target;
}

/** Needs `kms:ReEncryptFrom` on the key of the ciphertext and `kms:ReEncryptTo` on the new one. */
export const ReEncrypt = kmsOperation<ReEncryptRequest, ReEncryptResponse, Use>({
  async resolve(input, call, { kms }) {
    const from = pairsOf(input.SourceEncryptionContext);
    const to = pairsOf(input.DestinationEncryptionContext);
    const source = await findCiphertextKey(kms, call, {
      blob: demandBlob(input),
      keyId: input.SourceKeyId,
      algorithm: input.SourceEncryptionAlgorithm,
      context: from,
    });
    const home = homeOf(call.caller, call.region);
    const destination = await kms.target(input.DestinationKeyId!, home, true);
    const same = { 'kms:ReEncryptOnSameKey': String(source.target.arn === destination.arn) };
    const requirements = [
      await keyRequirement(kms, call, source.target, {
        action: 'kms:ReEncryptFrom',
        crossAccount: true,
        context: {
          ...same,
          'kms:EncryptionAlgorithm': input.SourceEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
          ...encryptionContextKeys(from),
        },
        grant: { operation: 'ReEncryptFrom', encryptionContext: from },
      }),
      await keyRequirement(kms, call, destination, {
        action: 'kms:ReEncryptTo',
        crossAccount: true,
        context: {
          ...same,
          'kms:EncryptionAlgorithm': input.DestinationEncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT',
          ...encryptionContextKeys(to),
        },
        grant: { operation: 'ReEncryptTo', encryptionContext: to },
      }),
    ];
    return { requires: requirements, subject: { source, destination } };
  },
  async run({ source, destination }, input, _call, { kms }) {
    const from = demandCiphertextKey(source);
    const to = demandKey(destination);
    const sourceAlgorithm = checkCiphertext(from, source, 'ReEncrypt');
    const context = pairsOf(input.DestinationEncryptionContext);
    const algorithm = encryptionAlgorithm(to, input.DestinationEncryptionAlgorithm, context, 'ReEncrypt');
    if (input.DryRun) throw errors.DryRunOperationException();
    const opened = await openCiphertext(kms, from, source);
    const sealed = await encrypt(kms.keys, to, algorithm, context, opened.plaintext).finally(() =>
      opened.plaintext.fill(0),
    );
    return {
      CiphertextBlob: sealed.ciphertext,
      SourceKeyId: keyArn(from),
      KeyId: keyArn(to),
      SourceEncryptionAlgorithm: sourceAlgorithm,
      DestinationEncryptionAlgorithm: algorithm,
      ...(sourceAlgorithm === 'SYMMETRIC_DEFAULT' && { SourceKeyMaterialId: opened.material.id }),
      ...(algorithm === 'SYMMETRIC_DEFAULT' && { DestinationKeyMaterialId: sealed.material.id }),
    };
  },
});
