const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The seed of a virtual MFA device, as IAM gives it in Base32. For tests that show its codes. */
export function seedOf(base32: string | Uint8Array): Buffer {
  let bits = '';
  for (const letter of Buffer.from(base32).toString()) {
    bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  }
  return Buffer.from(bits.match(/.{8}/g)!.map(byte => Number.parseInt(byte, 2)));
}
