/** EMSA-PSS of a given digest, with MGF1 and a salt as long as the digest (RFC 8017, section 9.1). */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The encoded message: as long as the modulus. `salt` is given in tests only. */
export function encodePss(
  digest: Uint8Array,
  hash: string,
  modulusBits: number,
  salt: Uint8Array = randomBytes(digest.length),
): Buffer {
  const length = modulusBits / 8;
  const own = ownHash(hash, digest, salt);
  const block = Buffer.alloc(length - own.length - 1);
  block[block.length - salt.length - 1] = 1;
  block.set(salt, block.length - salt.length);
  mask(block, own, hash);
  // The encoded message has one bit less than the modulus.
  block[0]! &= 0x7f;
  return Buffer.concat([block, own, Buffer.of(0xbc)]);
}

/** Whether the encoded message is one of the digest. */
export function decodePss(encoded: Buffer, digest: Uint8Array, hash: string, modulusBits: number): boolean {
  const size = digest.length;
  const split = modulusBits / 8 - size - 1;
  const block = Buffer.from(encoded.subarray(0, split));
  const own = encoded.subarray(split, split + size);
  if (encoded[encoded.length - 1] !== 0xbc || block[0]! > 0x7f) return false;
  mask(block, own, hash);
  block[0]! &= 0x7f;
  const start = split - size;
  if (block[start - 1] !== 1 || block.subarray(0, start - 1).some(byte => byte !== 0)) return false;
  return timingSafeEqual(ownHash(hash, digest, block.subarray(start)), own);
}

function ownHash(hash: string, digest: Uint8Array, salt: Uint8Array): Buffer {
  return createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
}

/** Adds MGF1 of the seed to a block, in place. */
function mask(block: Buffer, seed: Uint8Array, hash: string): void {
  const counter = Buffer.alloc(4);
  for (let at = 0, round = 0; at < block.length; round++) {
    counter.writeUInt32BE(round);
    for (const byte of createHash(hash).update(seed).update(counter).digest()) {
      if (at < block.length) block[at++]! ^= byte;
    }
  }
}
