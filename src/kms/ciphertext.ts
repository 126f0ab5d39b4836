/**
 * What Encrypt makes of symmetric keys. The blob names its key and the material, so that Decrypt finds them:
 *
 *     1  format
 *     6  account, 48 bits
 *    16  key id (the hexadecimal digits of the UUID, or those after `mrk-`)
 *     1  1 for a multi-Region key
 *    16  first half of the material's id
 *    16  salt: the message's own key is HMAC-SHA-256(material, label ‖ salt), so that no number of messages
 *        wears out the material (NIST SP 800-108, counter mode with one block)
 *    12  nonce of AES-256-GCM
 *     n  ciphertext
 *    16  tag, over the ciphertext, everything before it, and the encryption context
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { isMultiRegion, type Pairs } from './records.js';

const FORMAT = 1;
const KEY = 7;
const MULTI_REGION = 23;
const MATERIAL = 24;
const SALT = 40;
const NONCE = 56;
const BODY = 68;
const TAG = 16;
const LABEL = Buffer.from('\0\0\0\x01karikagi kms: message key\0');

/** What a blob says of itself. Nothing of it is proven before it opens. */
export interface CiphertextHeader {
  readonly account: string;
  readonly keyId: string;
  /** The first 32 of the material id's 64 hexadecimal digits. */
  readonly material: string;
}

/** The header of a blob; `undefined` where the bytes are none of ours. */
export function readHeader(blob: Uint8Array): CiphertextHeader | undefined {
  if (blob.length < BODY + TAG || blob[0] !== FORMAT || blob[MULTI_REGION]! > 1) return undefined;
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, BODY);
  const account = bytes.readUIntBE(1, 6);
  if (account > 999_999_999_999) return undefined;
  const hex = bytes.toString('hex', KEY, MULTI_REGION);
  return {
    account: String(account).padStart(12, '0'),
    keyId: blob[MULTI_REGION] === 1 ? `mrk-${hex}` : uuid(hex),
    material: bytes.toString('hex', MATERIAL, SALT),
  };
}

function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `material`: 32 bytes. */
export function seal(
  header: CiphertextHeader,
  material: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
): Buffer {
  const head = Buffer.allocUnsafe(BODY);
  head[0] = FORMAT;
  head.writeUIntBE(Number(header.account), 1, 6);
  const multiRegion = isMultiRegion(header.keyId);
  head.write(multiRegion ? header.keyId.slice(4) : header.keyId.replaceAll('-', ''), KEY, 'hex');
  head[MULTI_REGION] = multiRegion ? 1 : 0;
  head.write(header.material.slice(0, 32), MATERIAL, 'hex');
  randomBytes(BODY - SALT).copy(head, SALT);
  const key = messageKey(material, head);
  const cipher = createCipheriv('aes-256-gcm', key, head.subarray(NONCE, BODY));
  key.fill(0);
  cipher.setAAD(head).setAAD(context);
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/** The plaintext; `undefined` where blob, material or context are not what they were. Wipe it after use. */
export function open(blob: Uint8Array, material: Uint8Array, context: Uint8Array): Buffer | undefined {
  const end = blob.length - TAG;
  const head = blob.subarray(0, BODY);
  const key = messageKey(material, head);
  const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(NONCE), { authTagLength: TAG });
  key.fill(0);
  decipher.setAAD(head).setAAD(context).setAuthTag(blob.subarray(end));
  const plaintext = decipher.update(blob.subarray(BODY, end));
  try {
    decipher.final();
    return plaintext;
  } catch {
    plaintext.fill(0);
    return undefined;
  }
}

function messageKey(material: Uint8Array, head: Uint8Array): Buffer {
  return createHmac('sha256', material).update(LABEL).update(head.subarray(SALT, NONCE)).digest();
}

/**
 * An encryption context as authenticated data: its pairs sorted by name, each name and value with its length in
 * front, so that two different contexts never read the same (KMS Developer Guide, "Encryption context": the
 * order of pairs does not matter, everything else does).
 */
export function canonicalContext(context: Pairs): Buffer {
  const pairs = context.map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const);
  pairs.sort(([a], [b]) => a.compare(b));
  const parts: Buffer[] = [];
  for (const text of pairs.flat()) {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}
