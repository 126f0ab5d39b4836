/**
 * Signing and verifying (KMS Developer Guide, "Supported signing algorithms"). Messages are hashed and signed by
 * OpenSSL. Node.js cannot sign a digest that the client made (`MessageType` DIGEST): the padding of RSA is then
 * done here (RFC 8017), ECDSA and Ed25519ph are done in JavaScript.
 */
import {
  constants,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  sign as signMessage,
  timingSafeEqual,
  verify as verifyMessage,
} from 'node:crypto';
import { promisify } from 'node:util';
import { decodePss, encodePss } from './pss.js';
import type { KeySpec } from './records.js';
import type { SigningAlgorithm } from './specs.js';

type Hash = 'sha256' | 'sha384' | 'sha512';
interface Scheme {
  readonly kind: 'pkcs1' | 'pss' | 'ecdsa' | 'ed25519' | 'ed25519ph';
  readonly hash: Hash;
}

const schemes: Readonly<Record<SigningAlgorithm, Scheme>> = {
  RSASSA_PKCS1_V1_5_SHA_256: { kind: 'pkcs1', hash: 'sha256' },
  RSASSA_PKCS1_V1_5_SHA_384: { kind: 'pkcs1', hash: 'sha384' },
  RSASSA_PKCS1_V1_5_SHA_512: { kind: 'pkcs1', hash: 'sha512' },
  RSASSA_PSS_SHA_256: { kind: 'pss', hash: 'sha256' },
  RSASSA_PSS_SHA_384: { kind: 'pss', hash: 'sha384' },
  RSASSA_PSS_SHA_512: { kind: 'pss', hash: 'sha512' },
  ECDSA_SHA_256: { kind: 'ecdsa', hash: 'sha256' },
  ECDSA_SHA_384: { kind: 'ecdsa', hash: 'sha384' },
  ECDSA_SHA_512: { kind: 'ecdsa', hash: 'sha512' },
  ED25519_SHA_512: { kind: 'ed25519', hash: 'sha512' },
  ED25519_PH_SHA_512: { kind: 'ed25519ph', hash: 'sha512' },
};

const digestLengths: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** DER of DigestInfo up to the digest (RFC 8017, section 9.2, note 1). */
const digestInfo: Readonly<Record<Hash, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

/** Bytes that a digest for the algorithm has. */
export function digestLength(algorithm: SigningAlgorithm): number {
  return digestLengths[schemes[algorithm].hash];
}

/** The message types that an algorithm takes: Ed25519 signs messages, Ed25519ph digests, the others both. */
export function takes(algorithm: SigningAlgorithm, type: 'RAW' | 'DIGEST'): boolean {
  const { kind } = schemes[algorithm];
  if (kind === 'ed25519') return type === 'RAW';
  return kind !== 'ed25519ph' || type === 'DIGEST';
}

// Loaded when first used: they cost start-up time and memory that most servers have no need of.
const ecdsa = () => import('./ecdsa.js');
const ed25519ph = () => import('./ed25519ph.js');

const signAsync = promisify(signMessage);
const verifyAsync = promisify(verifyMessage);

/** RSA: the modulus' length; ECDSA: DER; Ed25519: 64 bytes. */
export async function sign(
  key: KeyObject,
  spec: KeySpec,
  algorithm: SigningAlgorithm,
  message: Uint8Array,
  isDigest: boolean,
): Promise<Uint8Array> {
  const { kind, hash } = schemes[algorithm];
  if (!isDigest) return await signAsync(kind === 'ed25519' ? null : hash, message, options(key, kind));
  switch (kind) {
    case 'pkcs1':
      return privateEncrypt(
        { key, padding: constants.RSA_PKCS1_PADDING },
        Buffer.concat([digestInfo[hash], message]),
      );
    case 'pss':
      return privateEncrypt(
        { key, padding: constants.RSA_NO_PADDING },
        encodePss(message, hash, modulusBits(key)),
      );
    case 'ed25519ph':
      return (await ed25519ph()).signPrehashed(key, message);
    default:
      return (await ecdsa()).signDigest(key, spec, message);
  }
}

export async function verify(
  key: KeyObject,
  spec: KeySpec,
  algorithm: SigningAlgorithm,
  message: Uint8Array,
  isDigest: boolean,
  signature: Uint8Array,
): Promise<boolean> {
  const { kind, hash } = schemes[algorithm];
  if (!isDigest) {
    return await verifyAsync(kind === 'ed25519' ? null : hash, message, options(key, kind), signature);
  }
  switch (kind) {
    case 'pkcs1': {
      const opened = openRsa(key, constants.RSA_PKCS1_PADDING, signature);
      const wanted = Buffer.concat([digestInfo[hash], message]);
      return opened?.length === wanted.length && timingSafeEqual(opened, wanted);
    }
    case 'pss': {
      const opened = openRsa(key, constants.RSA_NO_PADDING, signature);
      return opened !== undefined && decodePss(opened, message, hash, modulusBits(key));
    }
    case 'ed25519ph':
      return (await ed25519ph()).verifyPrehashed(key, message, signature);
    default:
      return (await ecdsa()).verifyDigest(key, spec, message, signature);
  }
}

/** The key with what OpenSSL must know of the scheme; KMS's PSS salts are as long as the digest. */
function options(key: KeyObject, kind: Scheme['kind']) {
  if (kind !== 'pss') return key;
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}

function openRsa(key: KeyObject, padding: number, signature: Uint8Array): Buffer | undefined {
  if (signature.length !== modulusBits(key) / 8) return undefined;
  try {
    return publicDecrypt({ key, padding }, signature);
  } catch {
    return undefined;
  }
}

function modulusBits(key: KeyObject): number {
  return key.asymmetricKeyDetails?.modulusLength as number;
}
