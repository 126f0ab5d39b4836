/** Wrapping keys for material that customers bring (KMS Developer Guide, "Importing key material"). */

import { createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto';
import type { AlgorithmSpec, WrappingKeySpec } from '@aws-sdk/client-kms';
import { DAY_MS } from '../core/time.js';
import { Unsealable } from '../crypto/sealing.js';
import { oaep } from './encryption.js';
import { errors } from './errors.js';
import type { KmsKeyring } from './keyring.js';
import { type PairMaker, privateKeyOf } from './specs.js';

export type WrappingAlgorithm = Exclude<AlgorithmSpec, 'SM2PKE' | 'RSAES_PKCS1_V1_5'>;
type WrappingSpec = Exclude<WrappingKeySpec, 'SM2'>;

const TOKEN = 'import token';
/** Wrapping keys and their tokens are good for a day. */
const LIFE = DAY_MS;
/** Initial value of AES key wrap with padding (RFC 5649). */
const WRAP_IV = Buffer.from('a65959a6', 'hex');

/** The token holds the private key, sealed, so that nothing is stored. */
interface ImportToken {
  readonly arn: string;
  readonly expires: number;
  readonly algorithm: WrappingAlgorithm;
  /** PKCS #8 in DER, base64. */
  readonly key: string;
}

interface ImportParameters {
  readonly token: Buffer;
  /** SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
  readonly expires: number;
}

/** Throws `ThrottlingException` where an account asks for too many at once. */
export async function newImportParameters(
  { keyring, makePair }: { readonly keyring: KmsKeyring; readonly makePair: PairMaker },
  account: string,
  arn: string,
  algorithm: WrappingAlgorithm,
  spec: WrappingSpec,
  now: number,
): Promise<ImportParameters> {
  const { secret, publicKey } = await makePair(spec, account);
  const expires = now + LIFE;
  const token: ImportToken = { arn, expires, algorithm, key: secret.toString('base64') };
  secret.fill(0);
  return { token: keyring.tokens.seal(Buffer.from(JSON.stringify(token)), TOKEN), publicKey, expires };
}

/**
 * Unwraps material for the key `arn`; wipe it after use. Throws `InvalidImportTokenException`,
 * `ExpiredImportTokenException`, `InvalidCiphertextException`.
 */
export function unwrapImported(
  keyring: KmsKeyring,
  arn: string,
  sealed: Uint8Array,
  encrypted: Uint8Array,
  now: number,
): Buffer {
  const token = openToken(keyring, sealed);
  if (token.arn !== arn) throw errors.InvalidImportTokenException();
  if (token.expires <= now) throw errors.ExpiredImportTokenException();
  const key = privateKeyOf(Buffer.from(token.key, 'base64'));
  try {
    return unwrap(key, token.algorithm, encrypted);
  } catch {
    throw errors.InvalidCiphertextException();
  }
}

function openToken(keyring: KmsKeyring, sealed: Uint8Array): ImportToken {
  try {
    return JSON.parse(keyring.tokens.open(sealed, TOKEN).toString()) as ImportToken;
  } catch (error) {
    if (error instanceof Unsealable) throw errors.InvalidImportTokenException();
    throw error;
  }
}

/** With `RSA_AES_KEY_WRAP_…`, an AES key under RSA stands before the material under that key (RFC 5649). */
export function unwrap(key: KeyObject, algorithm: WrappingAlgorithm, encrypted: Uint8Array): Buffer {
  const rsa = { key, ...oaep(algorithm) };
  if (algorithm.startsWith('RSAES_OAEP')) return privateDecrypt(rsa, encrypted);
  const split = key.asymmetricKeyDetails!.modulusLength! / 8;
  const aes = privateDecrypt(rsa, encrypted.subarray(0, split));
  const decipher = createDecipheriv('id-aes256-wrap-pad', aes, WRAP_IV);
  aes.fill(0);
  return Buffer.concat([decipher.update(encrypted.subarray(split)), decipher.final()]);
}
