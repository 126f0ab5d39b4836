import type { EncryptRequest, EncryptResponse } from '@aws-sdk/client-kms';
import { encrypt } from '../../kms/encryption.js';
import { keyArn } from '../../kms/records.js';
import { keyOperation } from './access.js';
import { encryptionAlgorithm, pairsOf } from './usage.js';

export const Encrypt = keyOperation<EncryptRequest, EncryptResponse>({
  aliases: true,
  crossAccount: true,
  grant: 'Encrypt',
  encryptionContext: input => pairsOf(input.EncryptionContext),
  context: input => ({ 'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? 'SYMMETRIC_DEFAULT' }),
  check: (key, input) => void algorithmOf(key, input),
  async run(key, input, _call, kms) {
    const algorithm = algorithmOf(key, input);
    const context = pairsOf(input.EncryptionContext);
    const { ciphertext } = await encrypt(kms.keys, key, algorithm, context, input.Plaintext!);
    return { CiphertextBlob: ciphertext, KeyId: keyArn(key), EncryptionAlgorithm: algorithm };
  },
});

function algorithmOf(key: Parameters<typeof encryptionAlgorithm>[0], input: EncryptRequest) {
  return encryptionAlgorithm(key, input.EncryptionAlgorithm, pairsOf(input.EncryptionContext), 'Encrypt');
}
