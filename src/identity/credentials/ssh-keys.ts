/**
 * SSH public keys in the two encodings that IAM takes and gives. Source: IAM API Reference, UploadSSHPublicKey; RFC
 * 4253, 6.6.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { errors } from '../errors.js';

const ALGORITHM = 'ssh-rsa';
const MIN_BITS = 2048;
const MAX_BITS = 16_384;

interface SshKey {
  /** `ssh-rsa AAAA…` */
  readonly ssh: string;
  readonly pem: string;
  /** MD5 of the key's SSH encoding, in pairs of digits with colons between. */
  readonly fingerprint: string;
}

/**
 * Reads an RSA public key of 2,048 to 16,384 bits in SSH or PEM encoding.
 * Throws `UnrecognizedPublicKeyEncoding`, `InvalidPublicKey`.
 */
export function readSshKey(body: string): SshKey {
  const text = body.trim();
  const key = text.startsWith(`${ALGORITHM} `) ? fromSsh(text) : fromPem(text);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key.asymmetricKeyType !== 'rsa' || bits < MIN_BITS || bits > MAX_BITS) throw invalid();
  const blob = sshBlob(key);
  const digest = createHash('md5').update(blob).digest('hex');
  return {
    ssh: `${ALGORITHM} ${blob.toString('base64')}`,
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    fingerprint: digest.match(/../g)!.join(':'),
  };
}

function fromPem(text: string): KeyObject {
  if (!text.startsWith('-----BEGIN ')) {
    throw errors.UnrecognizedPublicKeyEncoding('The public key is neither in SSH nor in PEM encoding.');
  }
  if (text.includes('PRIVATE KEY')) throw invalid();
  try {
    return createPublicKey(text);
  } catch {
    throw invalid();
  }
}

/** The blob holds three fields with their lengths in front: algorithm, exponent, modulus. */
function fromSsh(text: string): KeyObject {
  const blob = Buffer.from(text.split(/\s+/)[1] ?? '', 'base64');
  const fields: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length; ) {
    const end = at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) throw invalid();
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  const [algorithm, exponent, modulus] = fields;
  if (fields.length !== 3 || algorithm!.toString() !== ALGORITHM) throw invalid();
  try {
    const number = (bytes: Buffer) => withoutZeros(bytes).toString('base64url');
    return createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: number(exponent!), n: number(modulus!) } });
  } catch {
    throw invalid();
  }
}

function sshBlob(key: KeyObject): Buffer {
  const { e, n } = key.export({ format: 'jwk' });
  const number = (text: string | undefined) => {
    const bytes = Buffer.from(text ?? '', 'base64url');
    // A number whose first bit is set would be read as negative.
    return bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  };
  return Buffer.concat(
    [Buffer.from(ALGORITHM), number(e), number(n)].flatMap(field => [lengthOf(field), field]),
  );
}

function lengthOf(field: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(field.length);
  return length;
}

function withoutZeros(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  return bytes.subarray(start);
}

function invalid() {
  return errors.InvalidPublicKey('The public key is malformed or otherwise invalid.');
}
