import { createHmac, diffieHellman, type KeyObject, timingSafeEqual } from 'node:crypto';
import type {
  DeriveSharedSecretRequest,
  DeriveSharedSecretResponse,
  GenerateMacRequest,
  GenerateMacResponse,
  GetPublicKeyRequest,
  GetPublicKeyResponse,
  SignRequest,
  SignResponse,
  VerifyMacRequest,
  VerifyMacResponse,
  VerifyRequest,
  VerifyResponse,
} from '@aws-sdk/client-kms';
import { errors } from '../../kms/errors.js';
import { currentMaterial, demandUsable } from '../../kms/key-states.js';
import type { Kms } from '../../kms/kms.js';
import { type KeyRecord, keyArn } from '../../kms/records.js';
import { digestLength, sign, takes, verify } from '../../kms/signatures.js';
import { fits, privateKeyOf, publicKeyOf, type SigningAlgorithm } from '../../kms/specs.js';
import { keyOperation } from './access.js';
import { algorithmMembers } from './key-metadata.js';
import { demandAlgorithm, demandUsage, refuseRecipient } from './usage.js';

const common = { aliases: true, crossAccount: true } as const;

/** The algorithm of a signature, if the key knows it and the message is of the kind and length that it takes. */
function signingAlgorithm(
  key: KeyRecord,
  input: SignRequest | VerifyRequest,
  operation: 'Sign' | 'Verify',
): SigningAlgorithm {
  demandUsage(key, 'SIGN_VERIFY', operation);
  const algorithm = demandAlgorithm(key, 'signing', input.SigningAlgorithm!);
  const type = input.MessageType ?? 'RAW';
  if (type === 'EXTERNAL_MU' || !takes(algorithm, type)) {
    throw errors.ValidationException(`Algorithm ${algorithm} does not support message type ${type}.`);
  }
  if (type === 'DIGEST' && input.Message!.length !== digestLength(algorithm)) {
    throw errors.ValidationException(`Digest is invalid length for algorithm ${algorithm}.`);
  }
  return algorithm;
}

const signingContext = (input: SignRequest | VerifyRequest) => ({
  'kms:SigningAlgorithm': input.SigningAlgorithm!,
  'kms:MessageType': input.MessageType ?? 'RAW',
});

export const Sign = keyOperation<SignRequest, SignResponse>({
  ...common,
  grant: 'Sign',
  context: signingContext,
  check: (key, input) => void signingAlgorithm(key, input, 'Sign'),
  async run(key, input, _call, kms) {
    const algorithm = signingAlgorithm(key, input, 'Sign');
    const isDigest = input.MessageType === 'DIGEST';
    const signature = await kms.keys.withSecret(key, currentMaterial(key), secret =>
      sign(privateKeyOf(secret), key.spec, algorithm, input.Message!, isDigest),
    );
    return { KeyId: keyArn(key), Signature: signature, SigningAlgorithm: algorithm };
  },
});

/** A signature that does not hold is an error, never an answer. */
export const Verify = keyOperation<VerifyRequest, VerifyResponse>({
  ...common,
  grant: 'Verify',
  context: signingContext,
  check: (key, input) => void signingAlgorithm(key, input, 'Verify'),
  async run(key, input) {
    const algorithm = signingAlgorithm(key, input, 'Verify');
    const isDigest = input.MessageType === 'DIGEST';
    const publicKey = publicKeyOf(currentMaterial(key).publicKey!);
    const good = await verify(publicKey, key.spec, algorithm, input.Message!, isDigest, input.Signature!);
    if (!good) throw errors.KMSInvalidSignatureException();
    return { KeyId: keyArn(key), SignatureValid: true, SigningAlgorithm: algorithm };
  },
});

export const GetPublicKey = keyOperation<GetPublicKeyRequest, GetPublicKeyResponse>({
  ...common,
  grant: 'GetPublicKey',
  check(key) {
    demandUsable(key);
    if (currentMaterial(key).publicKey) return;
    throw errors.UnsupportedOperationException(
      `${keyArn(key)} key spec is ${key.spec} which is not valid for GetPublicKey.`,
    );
  },
  async run(key) {
    return {
      KeyId: keyArn(key),
      PublicKey: currentMaterial(key).publicKey!,
      CustomerMasterKeySpec: key.spec as GetPublicKeyResponse['CustomerMasterKeySpec'],
      KeySpec: key.spec,
      KeyUsage: key.usage,
      ...algorithmMembers(key),
    };
  },
});

function checkMac(key: KeyRecord, input: GenerateMacRequest | VerifyMacRequest, operation: string) {
  demandUsage(key, 'GENERATE_VERIFY_MAC', operation);
  return demandAlgorithm(key, 'mac', input.MacAlgorithm!);
}

async function macOf(kms: Kms, key: KeyRecord, algorithm: string, message: Uint8Array): Promise<Buffer> {
  const hash = `sha${algorithm.slice(-3)}`;
  return await kms.keys.withSecret(key, currentMaterial(key), secret =>
    createHmac(hash, secret).update(message).digest(),
  );
}

export const GenerateMac = keyOperation<GenerateMacRequest, GenerateMacResponse>({
  ...common,
  grant: 'GenerateMac',
  context: input => ({ 'kms:MacAlgorithm': input.MacAlgorithm! }),
  check: (key, input) => void checkMac(key, input, 'GenerateMac'),
  async run(key, input, _call, kms) {
    const algorithm = checkMac(key, input, 'GenerateMac');
    const mac = await macOf(kms, key, algorithm, input.Message!);
    return { KeyId: keyArn(key), Mac: mac, MacAlgorithm: algorithm };
  },
});

export const VerifyMac = keyOperation<VerifyMacRequest, VerifyMacResponse>({
  ...common,
  grant: 'VerifyMac',
  context: input => ({ 'kms:MacAlgorithm': input.MacAlgorithm! }),
  check: (key, input) => void checkMac(key, input, 'VerifyMac'),
  async run(key, input, _call, kms) {
    const algorithm = checkMac(key, input, 'VerifyMac');
    const mac = await macOf(kms, key, algorithm, input.Message!);
    const given = input.Mac!;
    if (given.length !== mac.length || !timingSafeEqual(given, mac)) throw errors.KMSInvalidMacException();
    return { KeyId: keyArn(key), MacValid: true, MacAlgorithm: algorithm };
  },
});

/** The other side's public key. Throws `ValidationException` where it is none, or is on another curve. */
function peerKey(key: KeyRecord, { PublicKey }: DeriveSharedSecretRequest): KeyObject {
  try {
    const peer = publicKeyOf(PublicKey!);
    if (fits(key.spec, peer)) return peer;
  } catch {
    // No SubjectPublicKeyInfo.
  }
  throw errors.ValidationException('');
}

export const DeriveSharedSecret = keyOperation<DeriveSharedSecretRequest, DeriveSharedSecretResponse>({
  ...common,
  grant: 'DeriveSharedSecret',
  context: input => ({ 'kms:KeyAgreementAlgorithm': input.KeyAgreementAlgorithm! }),
  check(key, input) {
    demandUsage(key, 'KEY_AGREEMENT', 'DeriveSharedSecret');
    peerKey(key, input);
    refuseRecipient(input);
  },
  async run(key, input, _call, kms) {
    const publicKey = peerKey(key, input);
    const shared = await kms.keys.withSecret(key, currentMaterial(key), secret =>
      diffieHellman({ privateKey: privateKeyOf(secret), publicKey }),
    );
    return {
      KeyId: keyArn(key),
      SharedSecret: shared,
      KeyAgreementAlgorithm: 'ECDH',
      KeyOrigin: key.origin,
    };
  },
});
