/**
 * Certificates as IAM Roles Anywhere takes them. OpenSSL (Node's `X509Certificate`) has the signatures, the keys and
 * the times, `@peculiar/asn1-x509` what Node does not show: version, algorithms, extensions, and names by their parts.
 */
import { X509Certificate } from 'node:crypto';
import { AsnParser } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  type Extension,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
} from '@peculiar/asn1-x509';
import { CertificateError } from './errors.js';
import { type AlternativeNames, alternativeNamesOf, type NamePart, partsOf, sameName } from './names.js';

/** What is looked at of a certificate. */
export interface ReadCertificate {
  readonly x509: X509Certificate;
  /** Lower-case hexadecimal, without a leading `00` of its sign. */
  readonly serial: string;
  readonly subject: readonly NamePart[];
  readonly issuer: readonly NamePart[];
  readonly alternativeNames: AlternativeNames;
  /** Names that are equal without case and spare white space compare equal here. */
  readonly subjectKey: string;
  readonly issuerKey: string;
  readonly isAuthority: boolean;
  /** How many authorities may stand below it; absent where as many as one likes. */
  readonly pathLength?: number | undefined;
  /** `KeyUsageFlags`; absent where the certificate does not restrict its key. */
  readonly keyUsage?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Bytes. */
const LARGEST = 16 * 1024;

/**
 * SHA-256 or stronger (User Guide, "The IAM Roles Anywhere trust model": MD5 and SHA-1 are rejected), by the hash's
 * name in OpenSSL. RSASSA-PSS and EdDSA are not among them.
 */
export const strongAlgorithms: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

/** Critical extensions that are understood; RFC 5280, 4.2, wants certificates with any other refused. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_extKeyUsage,
  // Which policy a certificate was issued under is asked of none.
  id_ce_certificatePolicies,
]);

/**
 * Throws `CertificateError` for what is no X.509 v3 certificate, for a weak algorithm or key, and for critical
 * extensions that are not understood. `der`: the whole of it.
 */
export function readCertificate(der: Uint8Array): ReadCertificate {
  if (der.length > LARGEST) throw new CertificateError(`A certificate has at most ${LARGEST} bytes.`);
  const { x509, parsed } = parse(der);
  const { tbsCertificate: body, signatureAlgorithm } = parsed;
  if (body.version !== 2) throw new CertificateError('The certificate is not of X.509 version 3.');
  demandStrong(body.signature.algorithm, signatureAlgorithm.algorithm);
  demandKey(x509);
  const extensions = extensionsOf(body.extensions ?? []);
  const constraints = extensionValue(extensions, id_ce_basicConstraints, BasicConstraints);
  const names = extensionValue(extensions, id_ce_subjectAltName, SubjectAlternativeName);
  const subject = partsOf(body.subject);
  const issuer = partsOf(body.issuer);
  const serial = x509.serialNumber.toLowerCase();
  if (BigInt(`0x${serial}`) !== unsigned(body.serialNumber))
    throw new CertificateError('It reads ambiguously.');
  return {
    x509,
    serial,
    subject,
    issuer,
    alternativeNames: alternativeNamesOf(names ?? []),
    subjectKey: sameName(subject),
    issuerKey: sameName(issuer),
    isAuthority: constraints?.cA ?? false,
    pathLength: constraints?.pathLenConstraint,
    keyUsage: extensionValue(extensions, id_ce_keyUsage, KeyUsage)?.toNumber(),
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
  };
}

/** The certificates of a PEM bundle, in order. Throws `CertificateError`. */
export function readBundle(pem: string): ReadCertificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const rest = blocks.reduce((text, block) => text.replace(block, ''), pem);
  if (blocks.length === 0) throw new CertificateError('There is no PEM-encoded certificate in it.');
  if (rest.trim() !== '') throw new CertificateError('It holds something beside PEM-encoded certificates.');
  return blocks.map(block => readCertificate(Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64')));
}

/**
 * What is wrong with it as an authority, `undefined` for nothing: basic constraints with CA, a key that may sign
 * certificates (User Guide, "The IAM Roles Anywhere trust model"). Constraints on names are not evaluated here, so that
 * one with any is refused.
 */
export function faultOfAuthority({ isAuthority, keyUsage, x509 }: ReadCertificate): string | undefined {
  if (!isAuthority || !x509.ca) return 'Incorrect basic constraints for CA certificate';
  if (keyUsage === undefined || !(keyUsage & KeyUsageFlags.keyCertSign))
    return 'Incorrect key usage for CA certificate';
  return undefined;
}

/** As `faultOfAuthority`, of a certificate that asks for a session. */
export function faultOfEndEntity({ isAuthority, keyUsage, x509 }: ReadCertificate): string | undefined {
  if (isAuthority || x509.ca) return 'Incorrect basic constraints for end-entity certificate';
  if (keyUsage === undefined || !(keyUsage & KeyUsageFlags.digitalSignature))
    return 'Incorrect key usage for end-entity certificate';
  return undefined;
}

function parse(der: Uint8Array): { readonly x509: X509Certificate; readonly parsed: Certificate } {
  try {
    const x509 = new X509Certificate(der);
    if (x509.raw.length !== der.length) throw new CertificateError('More follows the certificate.');
    return { x509, parsed: AsnParser.parse(der, Certificate) };
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    throw new CertificateError('It is no certificate.', { cause });
  }
}

function demandStrong(inner: string, outer: string): void {
  if (inner === outer && strongAlgorithms.has(inner)) return;
  throw new CertificateError(
    'The signing algorithm of the certificate is not RSA or ECDSA with SHA-256 or stronger.',
  );
}

const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];

function demandKey(x509: X509Certificate): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = keyOf(x509);
  const { modulusLength = 0, namedCurve } = details;
  if (type === 'rsa' && modulusLength >= 2048 && modulusLength <= 8192) return;
  if (type === 'ec' && CURVES.includes(namedCurve)) return;
  throw new CertificateError(
    'The key is neither RSA of 2048 to 8192 bits nor on the curves P-256, P-384 and P-521.',
  );
}

function keyOf(x509: X509Certificate) {
  try {
    return x509.publicKey;
  } catch (cause) {
    throw new CertificateError('The kind of its key is not known.', { cause });
  }
}

/**
 * Each kind once (RFC 5280, 4.2). Throws for critical ones that are not understood, and for a purpose that is not ours.
 */
function extensionsOf(list: readonly Extension[]): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  for (const extension of list) {
    const { extnID, critical } = extension;
    if (extensions.has(extnID)) throw new CertificateError(`It has the extension ${extnID} twice.`);
    if (extnID === id_ce_nameConstraints)
      throw new CertificateError('It constrains names, which is not evaluated here.');
    if (critical && !UNDERSTOOD.has(extnID))
      throw new CertificateError(`It has the critical extension ${extnID}, which is not understood here.`);
    extensions.set(extnID, extension);
  }
  const purposes = extensionValue(extensions, id_ce_extKeyUsage, ExtendedKeyUsage);
  if (
    purposes &&
    extensions.get(id_ce_extKeyUsage)!.critical &&
    !PURPOSES.some(one => purposes.includes(one))
  )
    throw new CertificateError('Its extended key usage is critical and has no client authentication.');
  return extensions;
}

const ANY_PURPOSE = '2.5.29.37.0';
const PURPOSES = [id_kp_clientAuth, ANY_PURPOSE];

function extensionValue<T>(
  extensions: ReadonlyMap<string, Extension>,
  id: string,
  type: new () => T,
): T | undefined {
  const extension = extensions.get(id);
  if (extension === undefined) return undefined;
  try {
    return AsnParser.parse(extension.extnValue, type);
  } catch (cause) {
    throw new CertificateError(`Its extension ${id} cannot be read.`, { cause });
  }
}

/** An ASN.1 INTEGER that is not negative. */
export function unsigned(bytes: ArrayBuffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);
}
