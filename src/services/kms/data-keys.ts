import { randomBytes } from 'node:crypto';
import type {
  GenerateDataKeyPairRequest,
  GenerateDataKeyPairResponse,
  GenerateDataKeyPairWithoutPlaintextRequest,
  GenerateDataKeyPairWithoutPlaintextResponse,
  GenerateDataKeyRequest,
  GenerateDataKeyResponse,
  GenerateDataKeyWithoutPlaintextRequest,
  GenerateDataKeyWithoutPlaintextResponse,
  GenerateRandomRequest,
  GenerateRandomResponse,
} from '@aws-sdk/client-kms';
import { encrypt } from '../../kms/encryption.js';
import { errors } from '../../kms/errors.js';
import type { Kms } from '../../kms/kms.js';
import { type KeyRecord, keyArn, type PairSpec } from '../../kms/records.js';
import { isKeySpec } from '../../kms/specs.js';
import { accountOperation, keyOperation } from './access.js';
import { demandSymmetric, pairsOf, refuseRecipient } from './usage.js';

type DataKeyInput = GenerateDataKeyRequest | GenerateDataKeyWithoutPlaintextRequest;
type PairInput = GenerateDataKeyPairRequest | GenerateDataKeyPairWithoutPlaintextRequest;

const common = { aliases: true, crossAccount: true } as const;
const algorithm = { 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' };
const encryptionContext = (input: DataKeyInput | PairInput) => pairsOf(input.EncryptionContext);

/** Bytes of the data key that is asked for, by number or by name. */
function dataKeyLength({ NumberOfBytes, KeySpec }: DataKeyInput): number {
  if ((NumberOfBytes === undefined) === (KeySpec === undefined)) {
    throw errors.ValidationException('Please specify either number of bytes or key spec.');
  }
  return NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32);
}

async function newDataKey(kms: Kms, key: KeyRecord, input: DataKeyInput) {
  const plaintext = randomBytes(dataKeyLength(input));
  const context = pairsOf(input.EncryptionContext);
  const { ciphertext, material } = await encrypt(kms.keys, key, 'SYMMETRIC_DEFAULT', context, plaintext);
  return {
    plaintext,
    output: { CiphertextBlob: ciphertext, KeyId: keyArn(key), KeyMaterialId: material.id },
  };
}

export const GenerateDataKey = keyOperation<GenerateDataKeyRequest, GenerateDataKeyResponse>({
  ...common,
  grant: 'GenerateDataKey',
  encryptionContext,
  context: () => algorithm,
  check(key, input) {
    dataKeyLength(input);
    demandSymmetric(key, 'GenerateDataKey');
    refuseRecipient(input);
  },
  async run(key, input, _call, kms) {
    const { plaintext, output } = await newDataKey(kms, key, input);
    return { ...output, Plaintext: plaintext };
  },
});

export const GenerateDataKeyWithoutPlaintext = keyOperation<
  GenerateDataKeyWithoutPlaintextRequest,
  GenerateDataKeyWithoutPlaintextResponse
>({
  ...common,
  grant: 'GenerateDataKeyWithoutPlaintext',
  encryptionContext,
  context: () => algorithm,
  check(key, input) {
    dataKeyLength(input);
    demandSymmetric(key, 'GenerateDataKeyWithoutPlaintext');
  },
  async run(key, input, _call, kms) {
    const { plaintext, output } = await newDataKey(kms, key, input);
    plaintext.fill(0);
    return output;
  },
});

const pairContext = (input: PairInput) => ({ ...algorithm, 'kms:DataKeyPairSpec': input.KeyPairSpec! });

function pairSpec({ KeyPairSpec: spec }: PairInput): PairSpec {
  if (isKeySpec(spec!)) return spec as PairSpec;
  throw errors.UnsupportedOperationException(`Key pairs of ${spec} are not supported.`);
}

async function newPair(kms: Kms, key: KeyRecord, input: PairInput) {
  const spec = pairSpec(input);
  const { secret, publicKey } = await kms.keys.makePair(spec, key.account);
  const context = pairsOf(input.EncryptionContext);
  const { ciphertext, material } = await encrypt(kms.keys, key, 'SYMMETRIC_DEFAULT', context, secret);
  const output = {
    PrivateKeyCiphertextBlob: ciphertext,
    PublicKey: publicKey,
    KeyId: keyArn(key),
    KeyPairSpec: spec,
    KeyMaterialId: material.id,
  };
  return { secret, output };
}

export const GenerateDataKeyPair = keyOperation<GenerateDataKeyPairRequest, GenerateDataKeyPairResponse>({
  ...common,
  grant: 'GenerateDataKeyPair',
  encryptionContext,
  context: pairContext,
  check(key, input) {
    pairSpec(input);
    demandSymmetric(key, 'GenerateDataKeyPair');
    refuseRecipient(input);
  },
  async run(key, input, _call, kms) {
    const { secret, output } = await newPair(kms, key, input);
    return { ...output, PrivateKeyPlaintext: secret };
  },
});

export const GenerateDataKeyPairWithoutPlaintext = keyOperation<
  GenerateDataKeyPairWithoutPlaintextRequest,
  GenerateDataKeyPairWithoutPlaintextResponse
>({
  ...common,
  grant: 'GenerateDataKeyPairWithoutPlaintext',
  encryptionContext,
  context: pairContext,
  check(key, input) {
    pairSpec(input);
    demandSymmetric(key, 'GenerateDataKeyPairWithoutPlaintext');
  },
  async run(key, input, _call, kms) {
    const { secret, output } = await newPair(kms, key, input);
    secret.fill(0);
    return output;
  },
});

export const GenerateRandom = accountOperation<GenerateRandomRequest, GenerateRandomResponse>(
  async (_home, input) => {
    refuseRecipient(input);
    if (input.CustomKeyStoreId !== undefined) {
      throw errors.UnsupportedOperationException('There are no custom key stores.');
    }
    if (input.NumberOfBytes === undefined) throw errors.ValidationException('NumberOfBytes is required.');
    return { Plaintext: randomBytes(input.NumberOfBytes) };
  },
);
