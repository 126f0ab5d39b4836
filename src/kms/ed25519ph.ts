/** Ed25519ph (RFC 8032, section 5.1) of a message that was hashed with SHA-512 elsewhere; Node.js has Ed25519 only. */
import { createHash, type KeyObject } from 'node:crypto';
import { eddsa } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';

const DOMAIN = Buffer.from('SigEd25519 no Ed25519 collisions\x01\0', 'latin1');

const ed25519ph = eddsa(
  ed25519.Point,
  (message: Uint8Array) => new Uint8Array(createHash('sha512').update(message).digest()),
  {
    adjustScalarBytes: clamp,
    domain: (message: Uint8Array) => new Uint8Array(Buffer.concat([DOMAIN, message])),
    prehash: (digest: Uint8Array) => Uint8Array.from(digest),
  },
);

/** Clears the cofactor's bits of a scalar and sets its highest (RFC 8032, section 5.1.5). */
function clamp(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = Uint8Array.from(bytes);
  scalar[0]! &= 248;
  scalar[31]! = (scalar[31]! & 127) | 64;
  return scalar;
}

export function signPrehashed(key: KeyObject, digest: Uint8Array): Uint8Array {
  const secret = Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url');
  const signature = ed25519ph.sign(Uint8Array.from(digest), Uint8Array.from(secret));
  secret.fill(0);
  return signature;
}

export function verifyPrehashed(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean {
  const point = Buffer.from(key.export({ format: 'jwk' }).x as string, 'base64url');
  try {
    return ed25519ph.verify(Uint8Array.from(signature), Uint8Array.from(digest), Uint8Array.from(point), {
      zip215: false,
    });
  } catch {
    return false;
  }
}
