/** What each key spec is good for (KMS Developer Guide, "Key spec reference"), and how its material is made. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { EncryptionAlgorithmSpec, MacAlgorithmSpec, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { FairQueue, QueueFull } from '../core/fair-queue.js';
import { errors } from './errors.js';
import type { KeySpec, KeyUsage, PairSpec } from './records.js';

export type SigningAlgorithm = Exclude<SigningAlgorithmSpec, 'SM2DSA' | `ML_${string}`>;
export type EncryptionAlgorithm = Exclude<EncryptionAlgorithmSpec, 'SM2PKE'>;

export interface Spec {
  /** In the order of preference; the first is the default of symmetric keys. */
  readonly usages: readonly KeyUsage[];
  readonly encryption?: readonly EncryptionAlgorithm[];
  readonly signing?: readonly SigningAlgorithm[];
  readonly mac?: readonly MacAlgorithmSpec[];
  /** Bytes of a secret key's material. */
  readonly bytes?: number;
  /** Bits of an RSA modulus. */
  readonly modulus?: number;
  /** OpenSSL's name of an elliptic curve. */
  readonly curve?: string;
}

const RSA_SIGNING: readonly SigningAlgorithm[] = [
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
];

const rsa = (modulus: number): Spec => ({
  usages: ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'],
  encryption: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  signing: RSA_SIGNING,
  modulus,
});
const nist = (curve: string, signing: SigningAlgorithm): Spec => ({
  usages: ['SIGN_VERIFY', 'KEY_AGREEMENT'],
  signing: [signing],
  curve,
});
const hmac = (bytes: number, mac: MacAlgorithmSpec): Spec => ({
  usages: ['GENERATE_VERIFY_MAC'],
  mac: [mac],
  bytes,
});

export const specs: Readonly<Record<KeySpec, Spec>> = {
  SYMMETRIC_DEFAULT: { usages: ['ENCRYPT_DECRYPT'], encryption: ['SYMMETRIC_DEFAULT'], bytes: 32 },
  HMAC_224: hmac(28, 'HMAC_SHA_224'),
  HMAC_256: hmac(32, 'HMAC_SHA_256'),
  HMAC_384: hmac(48, 'HMAC_SHA_384'),
  HMAC_512: hmac(64, 'HMAC_SHA_512'),
  RSA_2048: rsa(2048),
  RSA_3072: rsa(3072),
  RSA_4096: rsa(4096),
  ECC_NIST_P256: nist('prime256v1', 'ECDSA_SHA_256'),
  ECC_NIST_P384: nist('secp384r1', 'ECDSA_SHA_384'),
  ECC_NIST_P521: nist('secp521r1', 'ECDSA_SHA_512'),
  ECC_SECG_P256K1: { usages: ['SIGN_VERIFY'], signing: ['ECDSA_SHA_256'], curve: 'secp256k1' },
  ECC_NIST_EDWARDS25519: {
    usages: ['SIGN_VERIFY'],
    signing: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
    curve: 'ed25519',
  },
};

export function isKeySpec(name: string): name is KeySpec {
  return Object.hasOwn(specs, name);
}

/** The algorithms of a key, by what it is used for. */
export interface Algorithms {
  readonly encryption?: EncryptionAlgorithm[];
  readonly signing?: SigningAlgorithm[];
  readonly mac?: MacAlgorithmSpec[];
  readonly agreement?: 'ECDH'[];
}

export function algorithmsOf(spec: KeySpec, usage: KeyUsage): Algorithms {
  const { encryption = [], signing = [], mac = [] } = specs[spec];
  switch (usage) {
    case 'ENCRYPT_DECRYPT':
      return { encryption: [...encryption] };
    case 'SIGN_VERIFY':
      return { signing: [...signing] };
    case 'GENERATE_VERIFY_MAC':
      return { mac: [...mac] };
    case 'KEY_AGREEMENT':
      return { agreement: ['ECDH'] };
  }
}

const newPair = promisify(generateKeyPair) as unknown as KeyPairMaker;

/** The overloads of `generateKeyPair` with DER on both sides, as one. */
type KeyPairMaker = (
  type: 'rsa' | 'ec' | 'ed25519',
  options: {
    readonly modulusLength?: number;
    readonly namedCurve?: string;
    readonly publicKeyEncoding: { readonly type: 'spki'; readonly format: 'der' };
    readonly privateKeyEncoding: { readonly type: 'pkcs8'; readonly format: 'der' };
  },
) => Promise<{ readonly publicKey: Buffer; readonly privateKey: Buffer }>;

/**
 * A pair of RSA takes up to some seconds of a thread that reads and writes files too: one at a time, so that these go
 * on, and the accounts in turn.
 */
const pairs = new FairQueue({ width: 1, perOwner: 32, total: 1000 });

/** A secret (bytes of a secret key, or PKCS #8 in DER) and, where there is one, its public key (SPKI in DER). */
interface NewMaterial {
  readonly secret: Buffer;
  readonly publicKey?: Buffer | undefined;
}

/** Makes a new pair for an account. Wipe the secret after use. Throws `ThrottlingException` where too much waits. */
export type PairMaker = (
  spec: PairSpec,
  account: string,
) => Promise<{ readonly secret: Buffer; readonly publicKey: Buffer }>;

/** Makes new material for an account. Wipe the secret after use. Throws as `makePair`. */
export async function generate(spec: KeySpec, account: string, makePair: PairMaker): Promise<NewMaterial> {
  const { bytes } = specs[spec];
  return bytes === undefined ? await makePair(spec as PairSpec, account) : { secret: randomBytes(bytes) };
}

export const generatePair: PairMaker = async (spec, account) => {
  const { modulus, curve } = specs[spec];
  const make = () =>
    newPair(keyType(curve), {
      ...(modulus !== undefined && { modulusLength: modulus }),
      ...(curve !== undefined && curve !== 'ed25519' && { namedCurve: curve }),
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    });
  try {
    const { privateKey, publicKey } = await pairs.run(account, make);
    return { secret: privateKey, publicKey };
  } catch (error) {
    if (error instanceof QueueFull) throw errors.ThrottlingException();
    throw error;
  }
};

function keyType(curve: string | undefined): 'rsa' | 'ec' | 'ed25519' {
  if (curve === undefined) return 'rsa';
  return curve === 'ed25519' ? 'ed25519' : 'ec';
}

/** Reads imported bytes as material of that spec; `undefined` where they are something else. */
export function readMaterial(spec: KeySpec, bytes: Buffer): NewMaterial | undefined {
  const { bytes: length } = specs[spec];
  if (length !== undefined) return bytes.length === length ? { secret: bytes } : undefined;
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  } catch {
    return undefined;
  }
  if (!fits(spec, key)) return undefined;
  return { secret: bytes, publicKey: createPublicKey(key).export({ format: 'der', type: 'spki' }) };
}

/** Whether an asymmetric key, private or public, is one of that spec. */
export function fits(spec: KeySpec, key: KeyObject): boolean {
  const { modulus, curve } = specs[spec];
  if (key.asymmetricKeyType !== keyType(curve)) return false;
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return modulusLength === modulus && (curve === 'ed25519' || namedCurve === curve);
}

export function privateKeyOf(secret: Buffer): KeyObject {
  return createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
}

export function publicKeyOf(spki: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
}
