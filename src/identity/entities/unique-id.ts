/**
 * Access key ids and unique ids as AWS makes them: a prefix that tells the kind, then base32 that holds the
 * account. The layout is public knowledge rather than documented: of the first 80 bits, one bit set, 40 bits of
 * account id, 39 random bits. The prefixes stand in the IAM User Guide, "IAM identifiers".
 */
import { randomForId } from '../../core/random.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What each prefix stands for. */
export const PREFIXES = {
  user: 'AIDA',
  group: 'AGPA',
  role: 'AROA',
  policy: 'ANPA',
  'policy-version': 'ANVA',
  'instance-profile': 'AIPA',
  'server-certificate': 'ASCA',
  'ssh-key': 'APKA',
  'service-credential': 'ACCA',
  'access-key': 'AKIA',
  session: 'ASIA',
} as const;

export type IdKind = keyof typeof PREFIXES;

const ENCODED = 16;
const RANDOM_BITS = 39n;

/**
 * A new id for something that belongs to `account` (12 digits). Its randomness is 39 bits (44 for unique ids): make
 * sure it is free.
 */
export function newId(kind: IdKind, account: string): string {
  const bytes = randomForId(11);
  const head = ((1n << 40n) | BigInt(account)) << RANDOM_BITS;
  const random = BigInt.asUintN(Number(RANDOM_BITS), bytes.readBigUInt64BE(0));
  writeBits(bytes, head | random);
  return encodeId(kind, bytes);
}

/** The id of that kind that holds the first 80 bits of `bytes` (85 for unique ids). */
export function encodeId(kind: IdKind, bytes: Uint8Array): string {
  const length = kind === 'access-key' || kind === 'session' ? ENCODED : ENCODED + 1;
  let id: string = PREFIXES[kind];
  for (let bit = 0; bit < length * 5; bit += 5) {
    const pair = (bytes[bit >> 3]! << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    id += ALPHABET[(pair >> (11 - (bit & 7))) & 31]!;
  }
  return id;
}

/** The account that an access key id or unique id was made for; `undefined` where the text is no such id. */
export function accountOfId(id: string): string | undefined {
  let bits = 0n;
  if (id.length < 4 + ENCODED) return undefined;
  for (const character of id.slice(4, 4 + ENCODED)) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  const account = (bits >> RANDOM_BITS) & ((1n << 40n) - 1n);
  return account > 999_999_999_999n ? undefined : account.toString().padStart(12, '0');
}

/** Whether the text has the form of a unique id of a user or a role, as stored policies name them. */
export function isPrincipalId(text: string): boolean {
  return /^A(?:IDA|ROA)[A-Z2-7]{17}$/.test(text);
}

function writeBits(bytes: Buffer, bits: bigint): void {
  bytes.writeUInt16BE(Number(bits >> 64n), 0);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, bits), 2);
}
