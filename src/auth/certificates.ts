/**
 * Signatures with the key of an X.509 certificate, which comes with the request in the place of an access key. Source:
 * IAM Roles Anywhere User Guide, "The IAM Roles Anywhere authentication signing process".
 */
import { verify, X509Certificate } from 'node:crypto';
import type { SigningCertificate } from '../core/caller.js';
import type { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import type { ServiceTraits } from '../core/service.js';
import type { Signature } from './signature.js';
import { certificateAlgorithms } from './signing.js';

const HEADER = 'x-amz-x509';
const CHAIN_HEADER = 'x-amz-x509-chain';

/** Certificates beside the one that signs. */
const MOST_IN_CHAIN = 5;
/**
 * Bytes of a certificate: more than any that AWS takes ("Securing AWS IAM Roles Anywhere with a private certificate").
 */
const LARGEST = 16 * 1024;

/**
 * The certificate that came with the request, whose key made the signature over what `text` gives. Throws the service's
 * error for a certificate that is none, for another serial number or kind of key than the signature names, for headers
 * that are not signed, and for a signature that does not hold. Nothing else of the certificate is looked at.
 */
export function verifyCertificate(
  { headers }: HttpRequest,
  signature: Signature,
  { errors }: ServiceTraits,
  text: () => string,
): SigningCertificate {
  const denied = (message: string, reason: string): ApiError =>
    errors.accessDenied(message, { anonymous: true, foreign: false }).with({ reason });
  if (!headers.has('x-amz-date')) throw errors.auth.incomplete('header', ['Date'], '');
  const unsigned = ['x-amz-date', HEADER, CHAIN_HEADER].filter(
    name => headers.has(name) && !signature.signedHeaders.includes(name),
  );
  if (unsigned.length > 0) throw errors.auth.unsignedHeaders(unsigned);
  const certificate = derOf(headers.get(HEADER) ?? '');
  const x509 = certificate && parse(certificate);
  if (!x509) throw denied('Insufficient certificate', `${HEADER} holds no certificate in base64`);
  const chain = headers.get(CHAIN_HEADER)?.split(',').map(derOf) ?? [];
  if (chain.length > MOST_IN_CHAIN || !chain.every(der => der !== undefined)) {
    throw denied('Invalid certificate chain', `${CHAIN_HEADER} holds up to ${MOST_IN_CHAIN} certificates`);
  }
  const { publicKey, serialNumber } = x509;
  if (signature.accessKeyId !== BigInt(`0x${serialNumber}`).toString()) {
    throw denied('Invalid serial number', `the credential names another serial number than ${serialNumber}`);
  }
  if (publicKey.asymmetricKeyType !== certificateAlgorithms.get(signature.algorithm)) {
    throw denied('Invalid signature algorithm', `the key is of the kind ${publicKey.asymmetricKeyType}`);
  }
  const stringToSign = text();
  const provided = /^(?:[0-9a-f]{2}){1,2048}$/i.test(signature.signature) ? signature.signature : '';
  if (!verify('sha256', Buffer.from(stringToSign), publicKey, Buffer.from(provided, 'hex'))) {
    const { accessKeyId } = signature;
    throw errors.auth.mismatch({ accessKeyId, provided: signature.signature, stringToSign });
  }
  return { certificate, chain };
}

/** `undefined` for what is no base64 of a certificate's size. */
function derOf(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (trimmed.length > (LARGEST * 4) / 3 || trimmed.length % 4 !== 0) return undefined;
  return /^[A-Za-z0-9+/]+={0,2}$/.test(trimmed) ? Buffer.from(trimmed, 'base64') : undefined;
}

/** `undefined` where OpenSSL reads no certificate, or one that other bytes follow. */
function parse(der: Uint8Array): X509Certificate | undefined {
  try {
    const x509 = new X509Certificate(der);
    // What it holds is read on demand: a key of a kind that is not known throws only then.
    return x509.raw.length === der.length && x509.publicKey ? x509 : undefined;
  } catch {
    return undefined;
  }
}
