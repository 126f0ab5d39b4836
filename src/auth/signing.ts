import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { BoundedCache } from '../core/bounded-cache.js';

/** The only algorithm accepted of access keys. */
export const ALGORITHM = 'AWS4-HMAC-SHA256';

/**
 * The algorithms of keys that certificates are for, with the kind of the key: RSA by PKCS #1 v1.5, ECDSA in DER, both
 * over SHA-256.
 */
export const certificateAlgorithms: ReadonlyMap<string, string> = new Map([
  ['AWS4-X509-RSA-SHA256', 'rsa'],
  ['AWS4-X509-ECDSA-SHA256', 'ec'],
]);

/** SHA-256 of nothing, in hexadecimal. */
export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** SHA-256 in lower-case hexadecimal; a string is hashed as UTF-8. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

const hmac = (key: string | Uint8Array, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** HMAC-SHA-256 in lower-case hexadecimal. */
export function sign(key: Uint8Array, stringToSign: string): string {
  return createHmac('sha256', key).update(stringToSign).digest('hex');
}

/** Compares two signatures without telling by the time it takes how much of them agrees. */
export function sameSignature(computed: string, provided: string): boolean {
  const a = Buffer.from(computed, 'latin1');
  const b = Buffer.from(provided, 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What a signing key is derived for, besides the secret. */
export interface Scope {
  /** `yyyyMMdd` */
  readonly date: string;
  /** May be empty. */
  readonly region: string;
  readonly service: string;
}

/** `20130524/us-east-1/s3/aws4_request` */
export const scopeText = (scope: Scope): string =>
  `${scope.date}/${scope.region}/${scope.service}/aws4_request`;

/** AWS General Reference, "Derive a signing key". */
export function deriveKey(secret: string, scope: Scope): Buffer {
  const date = hmac(`AWS4${secret}`, scope.date);
  return hmac(hmac(hmac(date, scope.region), scope.service), 'aws4_request');
}

/** Signing keys by secret and scope: four HMACs saved on every request but the first of a day. */
export class SigningKeys {
  readonly #keys: BoundedCache<string, Buffer>;

  /** @param limit how many keys are kept, at most; what was used lately stays */
  constructor(limit = 4096) {
    this.#keys = new BoundedCache(limit);
  }

  get(secret: string, scope: Scope): Buffer {
    // A line feed cannot stand in a scope that came in a header or a decoded credential.
    const name = `${secret}\n${scope.date}\n${scope.region}\n${scope.service}`;
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = deriveKey(secret, scope);
    this.#keys.set(name, key);
    return key;
  }
}

/** Of all requests of this process. */
export const signingKeys = new SigningKeys();

/** The text that a request's signature signs. */
export function stringToSign(
  timestamp: string,
  scope: string,
  canonicalRequest: string,
  algorithm = ALGORITHM,
): string {
  return `${algorithm}\n${timestamp}\n${scope}\n${sha256Hex(canonicalRequest)}`;
}
