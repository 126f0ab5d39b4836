/** ECDSA over a digest that was made elsewhere, which Node.js does not offer. */
import type { KeyObject } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { KeySpec } from './records.js';

const curves: Partial<Record<KeySpec, typeof p256>> = {
  ECC_NIST_P256: p256,
  ECC_NIST_P384: p384,
  ECC_NIST_P521: p521,
  ECC_SECG_P256K1: secp256k1,
};

/** Both halves of S are valid in KMS; nonces are derived from the key and hedged with random bytes. */
const options = { prehash: false, lowS: false } as const;

/** The signature in DER. */
export function signDigest(key: KeyObject, spec: KeySpec, digest: Uint8Array): Uint8Array {
  const curve = curves[spec]!;
  const secret = Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url');
  const signature = curve.sign(digest, secret, { ...options, extraEntropy: true });
  secret.fill(0);
  return curve.Signature.fromBytes(signature).toBytes('der');
}

export function verifyDigest(
  key: KeyObject,
  spec: KeySpec,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const curve = curves[spec]!;
  const { x, y } = key.export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.of(4),
    Buffer.from(x as string, 'base64url'),
    Buffer.from(y as string, 'base64url'),
  ]);
  try {
    const compact = curve.Signature.fromBytes(Uint8Array.from(signature), 'der').toBytes();
    return curve.verify(compact, digest, point, options);
  } catch {
    return false;
  }
}
